"""After a rewrite, assignments that nothing reads any more go."""

from __future__ import annotations

from gradcli.language.parser import parse
from gradcli.language.syntax import Assign, Name, Program, postorder, roots


def tidied(text: str, before: Program) -> str:
    """The text without the assignments that were read before and are not now."""
    used_before = _read(before)
    while True:
        program = parse(text, bound=before.free_names)
        used = _read(program)
        for position, statement in enumerate(program.statements):
            if isinstance(statement, Assign) and statement.target in used_before - used:
                following = [*(s.span[0] for s in program.statements[position + 1 :]), _start(program)]
                text = text[: statement.span[0]] + text[following[0] :]
                break
        else:
            return text


def _read(program: Program) -> set[str]:
    return {node.name for root in roots(program) for node in postorder(root) if isinstance(node, Name)}


def _start(program: Program) -> int:
    """Where the last expression begins, its opening brackets included."""
    last = max((statement.span[1] for statement in program.statements), default=0)
    between = program.text[last : program.result.span[0]]
    return last + len(between) - len(between.lstrip("; \t\n"))
