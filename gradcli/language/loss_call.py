"""The words of `loss`: a loss by name, its tensors by place or by PyTorch's names, its scalar arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradcli.exceptions import ExpressionError, UsageError, did_you_mean, listed
from gradcli.language import catalogue
from gradcli.language.calling import module_in
from gradcli.language.catalogue.rows import Loss, LossArgument
from gradcli.language.curve import read_parameters
from gradcli.language.names import without_prefix
from gradcli.language.parser import parse
from gradcli.language.request import (
    Binding,
    Request,
    Value,
    bound_by_files,
    is_binding,
    read_binding,
    read_value,
    request,
    what_files_hold,
    with_text,
)

Scalar = float | str | bool | None

DATA = frozenset({"x", "X", "data", "features"})
"""Names that stand for data where there are others: gradient descent leaves them alone unless they are asked for."""


@dataclass(frozen=True)
class LossRequest:
    """A loss whose arguments all have values.

    places: for each argument given, the expression that stands there, as text.
    predictions: the names that are differentiated unless the user chooses: those of the prediction, or of a computed
        target where the prediction is a constant.
    parameters: every scalar argument with its value; written: those that the user gave, as text.
    """

    row: Loss
    request: Request
    places: Mapping[str, str]
    predictions: tuple[str, ...]
    reduction: str
    parameters: Mapping[str, Scalar]
    written: Mapping[str, str]

    def trained(self, differentiated: Sequence[str], chosen: Sequence[str] | None) -> tuple[str, ...]:
        """The names that gradient descent moves: without a choice, those that do not stand for data."""
        parameters = tuple(name for name in differentiated if name not in DATA)
        return tuple(differentiated) if chosen is not None or not parameters else parameters

    def text(self, reduction: str) -> str:
        """The call with another reduction."""
        return _call_text(self.row, self.places, self.written, reduction)


def read_loss(
    name: str,
    words: Sequence[str],
    *,
    reduction: str | None,
    parameters: Sequence[str],
    sources: Mapping[str, Value] | None = None,
) -> LossRequest:
    """The loss that the words name, with its tensors and parameters.

    Raises GradcliError for an unknown loss, missing or too many tensors, unknown parameters.
    """
    row = _row(name, words)
    values = read_parameters(parameters)
    files = [word for word in words if sources and word in sources and sources[word].refusal is not None]
    positional = [word for word in words if not is_binding(word) and word not in files]
    bindings = [read_binding(word, sources) for word in words if is_binding(word)]
    chosen = _reduction(row, reduction, values)
    _check_parameters(row, values)
    given = [binding.name for binding in bindings]
    open_arguments = [argument for argument in row.arguments if argument.name not in given]
    if len(positional) > len(open_arguments):
        raise UsageError(
            f"{row.name} takes {listed(a.name for a in row.arguments)}; "
            f"{len(positional) + len(given)} tensors were given",
            hint=_example(row),
        )
    places = {name: name for name in given if name in {argument.name for argument in row.arguments}}
    predictions: list[str] = [a.name for a in row.arguments if a.name in places and a.role == "prediction"]
    used: list[str] = []
    for argument, word in zip(open_arguments, positional, strict=False):
        names, literal = _place(argument, word, given, sources)
        places[argument.name] = word.strip() if literal is None else argument.name
        bindings.extend([literal] if literal is not None else [])
        if argument.role == "prediction":
            predictions.extend(names)
        used.extend(name for name in names if literal is None and name not in given)
    missing = [a.name for a in row.arguments if a.required and a.name not in places]
    found, asked_files = bound_by_files([*dict.fromkeys(used), *missing], files, sources or {})
    bindings.extend(found)
    places |= {binding.name: binding.name for binding in found if binding.name in missing}
    predictions += [a.name for a in row.arguments if a.name in missing and a.name in places and a.role == "prediction"]
    missing = [name for name in missing if name not in places]
    held = what_files_hold(asked_files, sources or {})
    if missing:
        open_names = [name for name in dict.fromkeys(used) if name not in {binding.name for binding in bindings}]
        example = _completed(row, words, missing, open_names) if words else _example(row)
        hint = f"{example}. {held}" if held else example
        raise UsageError(f"{row.name} needs {listed(missing)}", hint=hint)
    ordered = {a.name: places[a.name] for a in row.arguments if a.name in places}
    text = _call_text(row, ordered, values, chosen)
    bound = [binding.name for binding in bindings]
    try:
        program = parse(text, bound=bound)
    except ExpressionError as error:
        raise with_text(error, text) from None
    asked = request(program, tuple(bindings), (), command="loss", subject=name, remark=held)
    differentiated = _computed_from(row, ordered, bound) or tuple(predictions)
    return LossRequest(row, asked, ordered, differentiated, chosen, _parameters(row, values), values)


def _row(name: str, words: Sequence[str]) -> Loss:
    bare = without_prefix(name)
    row = catalogue.find_loss(bare)
    if row is not None:
        return row
    if (made := module_in(name)) is not None and (loss := catalogue.find_loss(made[0].call)) is not None:
        line = ["gradcli", "loss", loss.name, *words, *_options(made[1])]
        raise UsageError(f"'{name}' makes a module; loss takes the function", hint=f"Try: {shlex.join(line)}")
    names = [alias for row in catalogue.all_rows() if isinstance(row, Loss) for alias in (row.name, *row.aliases)]
    hint = did_you_mean(bare, names) or "'gradcli functions --category loss' lists them."
    error = "it is a function, but no loss" if catalogue.find(bare) else "there is no such loss"
    raise UsageError(f"unknown loss '{name}': {error}", hint=hint)


def _options(keywords: Mapping[str, str]) -> list[str]:
    """The arguments of a module as options of `loss`."""
    words = []
    for name, value in keywords.items():
        words += ["--reduction", value.strip("'\"")] if name == "reduction" else ["--param", f"{name}={value}"]
    return words


def _place(
    argument: LossArgument, word: str, given: Sequence[str], sources: Mapping[str, Value] | None
) -> tuple[list[str], Binding | None]:
    """The free names of a positional tensor, or its binding under the argument's name if it has none."""
    if sources and word in sources:
        return [argument.name], Binding(argument.name, read_value(word, sources))
    program = parse(word, bound=given)
    if program.statements:
        raise UsageError(
            f"{argument.name} takes one expression, without statements", expression=word, hint="Use 'gradcli grad'."
        )
    if program.free_names:
        return list(program.free_names), None
    return [argument.name], Binding(argument.name, read_value(word))


def _computed_from(row: Loss, places: Mapping[str, str], bound: Sequence[str]) -> tuple[str, ...]:
    """The names that the target is computed from, as in mse(torch.ones(1), x * w); none where the prediction is."""
    given = [argument for argument in row.arguments if argument.name in places]
    if any(places[argument.name] != argument.name for argument in given if argument.role == "prediction"):
        return ()
    targets = [places[argument.name] for argument in given if argument.role == "target"]
    programs = [parse(text, bound=bound) for text in targets if not text.isidentifier()]
    return tuple(dict.fromkeys(name for program in programs for name in program.free_names))


def _reduction(row: Loss, wanted: str | None, values: dict[str, str]) -> str:
    named = values.pop("reduction", None)
    chosen = wanted or (named or "").strip("'\"") or row.default_reduction
    if chosen not in row.reductions:
        raise UsageError(
            f"{row.name} has no reduction '{chosen}'",
            hint=did_you_mean(chosen, row.reductions) or f"Choose {listed(row.reductions)}.",
        )
    return chosen


def _check_parameters(row: Loss, values: Mapping[str, str]) -> None:
    known = [name for name, _ in row.parameters]
    for name in values:
        if name in known:
            continue
        if any(argument.name == name for argument in row.arguments):
            raise UsageError(f"'{name}' of {row.name} is a tensor", hint=f"Write {name}=... without --param.")
        hint = did_you_mean(name, known) or (f"There is {listed(known)}." if known else "It has none.")
        raise UsageError(f"{row.name} has no parameter '{name}'", hint=hint)


def _call_text(row: Loss, places: Mapping[str, str], values: Mapping[str, str], reduction: str) -> str:
    """The call as one would write it; the first arguments by place, the others by name."""
    words = []
    in_order = True
    for argument in row.arguments:
        if argument.name not in places:
            in_order = False
        elif in_order and argument.role != "weight":
            words.append(places[argument.name])
        else:
            words.append(f"{argument.name}={places[argument.name]}")
    words += [f"{name}={_literal(value)}" for name, value in values.items()]
    words += [f"reduction='{reduction}'"] if reduction != row.default_reduction else []
    return f"{row.torch.rpartition('.')[2]}({', '.join(words)})"


def _literal(value: str) -> str:
    lowered = {"true": "True", "false": "False", "none": "None"}.get(value.lower())
    return lowered or value


def _parameters(row: Loss, values: Mapping[str, str]) -> dict[str, Scalar]:
    return {name: _scalar(values[name]) if name in values else default for name, default in row.parameters}


def _scalar(text: str) -> Scalar:
    known: dict[str, Scalar] = {"True": True, "False": False, "None": None}
    literal = _literal(text)
    if literal in known:
        return known[literal]
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        return text.strip("'\"")


def _completed(row: Loss, words: Sequence[str], missing: Sequence[str], open_names: Sequence[str]) -> str:
    """The user's own call with what it lacks: tensors as in the example, but numbers where numbers were given."""
    values = dict(row.example)
    if all(_is_number(word.partition("=")[2]) for word in words if is_binding(word)):
        values |= {name: value.strip("[]").split(",")[0] for name, value in row.example if re.match(r"\[[^\[]", value)}
    line = ["gradcli", "loss", row.name, *words, *(f"{name}=1" for name in open_names)]
    return "For example: " + shlex.join([*line, *(f"{name}={values[name]}" for name in missing)])


def _is_number(text: str) -> bool:
    try:
        return isinstance(float(text), float)
    except ValueError:
        return False


def _example(row: Loss) -> str:
    values = " ".join(f"{name}='{value}'" for name, value in row.example)
    return f"For example: gradcli loss {row.name} {values}"
