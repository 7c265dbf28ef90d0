"""A program with some of its nodes replaced, where no text is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gradcli.language.syntax import Node, Program, Statement, children, postorder, with_children


def with_nodes(program: Program, change: Callable[[Node], Node]) -> Program:
    """The program with each node changed, from the leaves up; itself if nothing changes."""
    statements = tuple(_statement(statement, change) for statement in program.statements)
    result = _expression(program.result, change)
    if statements == program.statements and result is program.result:
        return program
    return replace(program, statements=statements, result=result)


def _statement(statement: Statement, change: Callable[[Node], Node]) -> Statement:
    value = _expression(statement.value, change)
    return statement if value is statement.value else replace(statement, value=value)


def _expression(root: Node, change: Callable[[Node], Node]) -> Node:
    new: dict[int, Node] = {}
    for node in postorder(root):
        parts = tuple(new[id(child)] for child in children(node))
        same = all(part is child for part, child in zip(parts, children(node), strict=True))
        new[id(node)] = change(node if same else with_children(node, parts))
    return new[id(root)]
