"""The parameters of a function of the user's: which are open, and what gives each a value."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence

from gradcli.exceptions import UsageError, did_you_mean, listed
from gradcli.language.in_file import FunctionRequest
from gradcli.language.request import Binding, Value, bound_by_files, what_files_hold


def placed_points(request: FunctionRequest, signature: Mapping[str, inspect.Parameter]) -> dict[str, tuple[Value, ...]]:
    """The points by the parameters in whose places they stand; several points of a single parameter are one tensor.

    Raises UsageError for more points than parameters.
    """
    points = request.points
    places = [name for name, one in signature.items() if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    if not signature or any(one.kind is one.VAR_POSITIONAL for one in signature.values()):
        places += [f"x{number}" if number else "x" for number in range(len(points) - len(places))]
    open_ = [name for name in places if name not in signature or signature[name].default is inspect.Parameter.empty]
    if len(points) > 1 and len(open_) == 1 and signature:
        return {places[0]: points}
    if len(points) > len(places):
        raise UsageError(
            f"{request.subject} takes {len(places)} values by their places, and {len(points)} are given",
            hint="Give several values of one parameter as a list.",
        )
    return {name: (point,) for name, point in zip(places, points, strict=False)}


def check_names(request: FunctionRequest, given: Sequence[str], signature: Mapping[str, inspect.Parameter]) -> None:
    """Raises UsageError for names that it does not have, and for those that are left open."""
    repeated = next((name for name in given if given.count(name) > 1), None)
    if repeated is not None:
        raise UsageError(
            f"'{repeated}' of {request.subject} is given twice", hint="Give it by its place or by its name."
        )
    takes_any = not signature or any(one.kind is one.VAR_KEYWORD for one in signature.values())
    named = [name for name, one in signature.items() if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    for name in (one.name for one in request.bindings):
        if name not in named and not takes_any:
            hint = did_you_mean(name, named) or (f"It has {listed(named)}." if named else "It has none.")
            raise UsageError(f"{request.subject} has no parameter '{name}'", hint=hint)
    if open_ := _open(signature, given):
        hint = f"Give each a value: {' '.join(f'{name}=1,2' for name in open_)}"
        if held := what_files_hold(list(request.files), request.files):
            hint = f"{hint}. {held}"
        verb = "has no value" if len(open_) == 1 else "have no values"
        raise UsageError(f"{listed(open_)} of {request.subject} {verb}", hint=hint)


def _open(signature: Mapping[str, inspect.Parameter], given: Sequence[str]) -> list[str]:
    """The parameters that need a value and have none."""
    return [
        name
        for name, one in signature.items()
        if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY) and one.default is one.empty and name not in given
    ]


def from_files(
    request: FunctionRequest, given: Sequence[str], signature: Mapping[str, inspect.Parameter]
) -> list[Binding]:
    """The open parameters with the tensors of their names; a single one takes a file's single tensor."""
    open_ = _open(signature, given)
    words = list(request.files)
    if words and not open_:
        raise UsageError(f"{request.subject} has no open parameter for {listed(words)}", hint="Leave the file out.")
    if len(open_) == len(words) == 1 and request.files[words[0]].refusal is None:
        return [Binding(open_[0], request.files[words[0]])]
    return bound_by_files(open_, words, request.files)[0]
