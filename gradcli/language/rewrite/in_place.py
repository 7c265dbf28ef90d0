"""In-place updates as their out-of-place twins, or on a copy: nothing that a backward pass needs is overwritten."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.language import catalogue
from gradcli.language.printer import ATOM, Piece
from gradcli.language.rewrite.editing import Edit, EditableProgram
from gradcli.language.rewrite.places import operands_of
from gradcli.language.rewrite.rule import Replacement
from gradcli.language.syntax import Assign, AssignIndex, Call, Evaluate, Index, Literal, Name, Node, Update

_ARITHMETIC = ("add", "sub", "mul", "div", "pow")


def rule(editable: EditableProgram) -> Iterator[Replacement]:
    """One change for each update."""
    for statement in editable.program.statements:
        match statement:
            case Update(operator=operator, target=Name(name=target_name), value=value):
                piece = editable.joined(operator, Piece(target_name), editable.piece(value))
                yield _change(Edit(statement.span, f"{target_name} = {piece.text}"))
            case Update(target=Index() as target) | AssignIndex(target=target):
                base = _base(target)
                if base is not None:
                    start = statement.span[0]
                    yield _change(Edit((start, start), f"{base} = {base}.clone(); "))
            case Evaluate(value=Call() as call):
                twin, name = _whole_twin(call, editable), _changed(_first(call))
                if twin is not None and name is not None:
                    yield _change(Edit(statement.span, f"{name} = {twin.text}"))
            case Assign(target=target, value=Call() as call):
                twin, name = _twin(call, editable), _changed(call)
                if twin is not None and name is not None:
                    yield _change(Edit(statement.span, f"{name} = {twin.text}; {target} = {name}"))
            case _:
                pass
    for node in editable.nodes:
        yield from _expression(node, editable)


def _expression(node: Node, editable: EditableProgram) -> Iterator[Replacement]:
    if not isinstance(node, Call):
        return
    twin = _twin(node, editable)
    if twin is not None:
        yield _change(editable.replace(node, twin))
    for name, value in node.keywords:
        if name == "inplace" and isinstance(value, Literal) and value.value is True:
            yield _change(Edit(value.span, "False"))


def _twin(call: Call, editable: EditableProgram) -> Piece | None:
    """`y * 2` for `y.mul_(2)`, `exp(x).add(1)` for `exp(x).add_(1)`; None where there is no such function."""
    name = call.function.name
    plain = catalogue.find(name.removesuffix("_")) if name.endswith("_") else None
    if plain is None:
        return None
    operands = operands_of(call)
    if plain.name in _ARITHMETIC and len(operands) == 2 and not call.keywords and isinstance(operands[0], Name):
        return editable.joined(plain.name, editable.piece(operands[0]), editable.piece(operands[1]))
    text = editable.program.text[slice(*call.span)]
    offset = 0 if call.receiver is None else call.receiver.span[1] - call.span[0]
    position = text.find(f"{call.written}(", offset)
    if position < 0:
        return None
    end = position + len(call.written)
    return Piece(text[: end - 1] + text[end:])


def _first(call: Call) -> Call:
    """The first change of a chain: `h.sub_(v)` of `h.sub_(v).mul_(2)`."""
    while isinstance(call.receiver, Call):
        call = call.receiver
    return call


def _whole_twin(call: Call, editable: EditableProgram) -> Piece | None:
    """The twin of a call and of the changes that it is chained to; `relu(h, inplace=False)` for `inplace=True`."""
    for name, value in call.keywords:
        if name == "inplace" and isinstance(value, Literal) and value.value is True:
            start, text = call.span[0], editable.program.text
            return Piece(f"{text[start : value.span[0]]}False{text[value.span[1] : call.span[1]]}")
    if not isinstance(call.receiver, Call):
        return _twin(call, editable)
    plain = catalogue.find(call.function.name.removesuffix("_"))
    before = _whole_twin(call.receiver, editable)
    if before is None or plain is None or not call.function.name.endswith("_"):
        return None
    text = editable.program.text[call.receiver.span[1] : call.span[1]]
    position = text.find(f"{call.written}(")
    if position < 0:
        return None
    end = position + len(call.written)
    return Piece(before.at(ATOM) + text[: end - 1] + text[end:])


def _changed(call: Call) -> str | None:
    """The name that an in-place call changes."""
    place = call.receiver or (call.arguments[0] if call.arguments else None)
    return place.name if isinstance(place, Name) else None


def _base(target: Node) -> str | None:
    """The name whose elements are assigned."""
    while isinstance(target, Index):
        target = target.operand
    return target.name if isinstance(target, Name) else None


def _change(edit: Edit) -> Replacement:
    return Replacement("out-of-place", (edit,))


def copy_rule(editable: EditableProgram) -> Iterator[Replacement]:
    """A copy of each value that gets a name, of each receiver without one, and of each input at the start."""
    for statement in editable.program.statements:
        if isinstance(statement, Assign):
            yield _copied(statement.value, editable)
    for node in editable.nodes:
        if isinstance(node, Call) and node.function.name.endswith("_") and isinstance(node.receiver, Call):
            yield _copied(node.receiver, editable)
    for name in editable.program.free_names:
        assigned = [s for s in editable.program.statements if isinstance(s, Assign) and s.target == name]
        if not assigned:
            yield Replacement("copy", (Edit((0, 0), f"{name} = {name}.clone(); "),), variant=name)


def _copied(node: Node, editable: EditableProgram) -> Replacement:
    return Replacement(
        "copy", (editable.replace(node, Piece(f"{editable.piece(node).at(ATOM)}.clone()")),), variant=str(node.span)
    )
