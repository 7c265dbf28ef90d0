"""What may be wrong with an answer, whatever was asked."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tools.fuzz.case import MARK, Case

SOUND_CODES = (0, 1, 2)
_TEMPORARY = re.compile(r"\.gradcli-.*\.tmp")
_WHY = re.compile(r"raised|error|not done", re.IGNORECASE)
TEXTS = frozenset(("--help", "-h", "--version", "-V"))
"""Options that are answered with text, also beside --json."""


@dataclass(frozen=True)
class Answer:
    """What a command line did. code: None if an exception escaped, which the console program tells with exit code 70."""

    code: int | None
    out: bytes
    err: bytes
    escaped: str = ""
    left: tuple[str, ...] = ()


def faults(case: Case, answer: Answer) -> Iterator[tuple[str, str]]:
    """Each fault as its kind and what shows it."""
    out, err = answer.out.decode("utf-8", "replace"), answer.err.decode("utf-8", "replace")
    if answer.code is None:
        yield "exit 70", answer.escaped
        return
    if '"code":"bug"' in out:
        yield "exit 70", out[out.index('"code":"bug"') :][:200]
    if answer.code not in SOUND_CODES:
        yield "odd exit code", str(answer.code)
    if "Traceback (most recent call last)" in (out + err) and "--raise" not in case.argv:
        yield "traceback", (out + err)[-300:]
    if answer.code and not out and not err and not answer.left:
        yield "silent exit", f"exit code {answer.code}"
    elif answer.code == 1 and _computes(case) and not _WHY.search(out + err):
        yield "silent exit", "exit code 1, and no word of what PyTorch raised"
    if temporary := [name for name in answer.left if _TEMPORARY.fullmatch(name)]:
        yield "temporary file", ", ".join(temporary)
    if answer.code == 0 and "--emit" in case.argv and _is_program(case, out):
        yield from _of_program(out)
    if is_json(case) and out and TEXTS.isdisjoint(case.argv):
        yield from _of_documents(case, out)


def _computes(case: Case) -> bool:
    """Whether exit code 1 can only mean that PyTorch raised."""
    return case.argv[:1] in ([name] for name in ("grad", "loss", "softmax", "activate", "trace")) and (
        "--fail-on" not in case.argv
    )


def is_json(case: Case) -> bool:
    """Whether every line of standard output is to be a document."""
    return case.argv[:1] == ["batch"] or "--json" in case.argv[: _end(case)]


def _end(case: Case) -> int:
    return case.argv.index("--") if "--" in case.argv else len(case.argv)


def _is_program(case: Case, out: str) -> bool:
    return not is_json(case) and out.startswith(("#", "import", '"""'))


def _of_program(text: str) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        yield "program", f"does not compile: {error}"
        return
    for node in ast.walk(tree):
        name = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "arg", None)
        if isinstance(name, str) and name == MARK and not _is_assigned(tree, name):
            yield "program", f"line {getattr(node, 'lineno', '?')} runs what was a text"
            return


def _is_assigned(tree: ast.AST, name: str) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store) for node in ast.walk(tree)
    )


def _of_documents(case: Case, out: str) -> Iterator[tuple[str, str]]:
    lines = out.split("\n")
    if lines.pop() != "":
        yield "invalid JSON", "no line break at its end"
    if len(lines) != 1 and case.argv[:1] != ["batch"]:
        yield "invalid JSON", f"{len(lines)} lines"
    for line in lines:
        try:
            document = json.loads(line, parse_constant=_not_strict, object_pairs_hook=_distinct)
        except (ValueError, RecursionError) as error:
            yield "invalid JSON", f"{error}: {line[:200]}"
            continue
        if wrong := _not_of_schema(document):
            yield "schema", wrong
        if '"program"' in line and isinstance(document.get("program"), str):
            yield from _of_program(document["program"])


def _not_strict(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _not_of_schema(document: Any) -> str | None:
    """Why a document is not of the schema that it names."""
    name = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(name, str) or not re.fullmatch(r"gradcli/[a-z-]+/1", name):
        return f"no schema in {str(document)[:100]}"
    validator = _validator(name.split("/")[1])
    if validator is None:
        return f"unknown schema {name}"
    error = next(validator.iter_errors(document), None)
    return None if error is None else f"{name}: {error.message[:200]} at {'/'.join(map(str, error.absolute_path))}"


@cache
def _validator(kind: str) -> Any:
    from jsonschema import Draft202012Validator

    from gradcli.render.schema import kinds, schema_text

    return Draft202012Validator(json.loads(schema_text(kind))) if kind in kinds() else None
