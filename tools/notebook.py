"""The notebook of the documents: its cells are run in one process, without Jupyter, and their outputs stored.

    python -m tools.notebook [--check]

--check writes nothing and exits with 1 if an output would change. What a cell prints, and what its last expression
shows of itself (`_repr_html_`, `_repr_svg_`, `repr`), is stored as Jupyter stores it.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import json
import linecache
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.transcripts import ROOT, agree

NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
_LOOKS = re.compile(r"<(svg|style).*?</\1>", re.DOTALL)
"""Where strokes begin and end is matplotlib's, and the processor's rounding; how an element looks is no answer."""
_BEHIND = re.compile(r' style="--behind:\d+"')
"""How many digits stand behind the point of a column's longest number."""
_SHOWN = {"text/html": "_repr_html_", "image/svg+xml": "_repr_svg_"}


def outputs(notebook: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The outputs of each code cell, run one after the other in one namespace."""
    names: dict[str, Any] = {"__name__": "__main__"}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(cells, 1):
        yield _run("".join(cell["source"]), f"In[{number}]", number, names)


def _run(source: str, name: str, number: int, names: dict[str, Any]) -> list[dict[str, Any]]:
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, name, "exec"), names)
        value = None if last is None else eval(compile(ast.Expression(last.value), name, "eval"), names)  # type: ignore[attr-defined]
    found: list[dict[str, Any]] = []
    if printed.getvalue():
        found.append({"output_type": "stream", "name": "stdout", "text": _lines(printed.getvalue())})
    if value is not None:
        data = {kind: _lines(getattr(value, method)()) for kind, method in _SHOWN.items() if hasattr(value, method)}
        data["text/plain"] = _lines(repr(value))
        found.append({"output_type": "execute_result", "execution_count": number, "metadata": {}, "data": data})
    return found


def same(stored: list[dict[str, Any]], now: list[dict[str, Any]]) -> bool:
    """Whether two lists of outputs say the same, but for the strokes of pictures and the rounding of a processor."""
    return agree(_without_pictures(stored), _without_pictures(now))


def _without_pictures(found: list[dict[str, Any]]) -> str:
    texts = [
        "".join(text)
        for output in found
        for text in ([output["text"]] if "text" in output else output["data"].values())
    ]
    return "\n".join(_BEHIND.sub("", _LOOKS.sub(r"<\1/>", text)) for text in texts)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    notebook = json.loads(NOTEBOOK.read_text())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    changed = 0
    for number, (cell, now) in enumerate(zip(cells, outputs(notebook), strict=True), 1):
        if not same(cell["outputs"], now):
            cell["outputs"], cell["execution_count"] = now, number
            changed += 1
    if changed and not check:
        Path(NOTEBOOK).write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    print(f"docs/notebook.ipynb: {changed} of {len(cells)} cells {'differ' if check else 'are new'}")
    return int(check and changed > 0)


if __name__ == "__main__":
    sys.exit(main())
