"""Run the transcripts of the documents and write what the commands answer now (`make docs`).

    python -m tools.update_transcripts [--check] [--exact] [FILE]...

--check writes nothing and exits with 1 if a document would change. --exact also rewrites numbers that differ only by
the rounding of this processor.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from tools.transcripts import ROOT, Exchange, agree, answer, blocks, document_paths, missing, workplace


def refreshed(document: str, *, exact: bool) -> str:
    """The document with the outputs of now.  Raises LookupError when a command needs a program that is missing."""
    pieces, end = [], 0
    for begin, stop, found in blocks(document):
        with workplace(exchange.command for exchange in found):
            pieces += [document[end:begin], "\n".join(_body(found, exact=exact))]
        end = stop
    return "".join([*pieces, document[end:]])


def _body(found: tuple[Exchange, ...], *, exact: bool) -> list[str]:
    texts = []
    for exchange in found:
        if absent := missing(exchange):
            raise LookupError(f"'{exchange.command}' needs {', '.join(absent)}")
        # one empty line between two exchanges, none at the end of the block
        now = replace(exchange, output=answer(exchange).rstrip("\n") + "\n")
        kept = exchange if not exact and agree(exchange.output.rstrip("\n"), now.output.rstrip("\n")) else now
        texts.append(kept.text().rstrip("\n") + "\n")
    return texts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="documents; all of them if there is none")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--exact", action="store_true")
    options = parser.parse_args()
    changed: list[Path] = []
    for path in [file.resolve() for file in options.files] or document_paths():
        before = path.read_text(encoding="utf-8")
        after = refreshed(before, exact=options.exact)
        if before != after:
            changed.append(path)
            if not options.check:
                path.write_text(after, encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {'changed' if before != after else 'as it was'}")
    return 1 if changed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
