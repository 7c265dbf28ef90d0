"""Which overload of a function takes a call, and the parameter that each value goes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from gradcli.exceptions import ArgumentError, did_you_mean
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import KINDS, SPELLINGS, Parameter, Signature, parse_signature, signatures_of

SHOWN_SIGNATURES = 3
SHOWN_ITEMS = 6

_SINGLE = {"ints": "int", "sizes": "int", "floats": "float"}

IsTensor = Callable[[object], bool]

_ONE_OF_A_KIND = frozenset({bool, int, float, complex, str, type(None)})
"""What a value of such a type can be given for is the same for each of them."""
_taken: dict[tuple[object, ...], _Arranged] = {}
"""By the types of the values: the arrangement that took them. At most `_MOST_TAKEN`."""
_MOST_TAKEN = 4096


@dataclass(frozen=True, slots=True)
class Bound:
    """A call with the parameter that each value goes to, in the form the user typed."""

    positional: tuple[tuple[Parameter, object], ...]
    keywords: tuple[tuple[str, Parameter, object], ...]


@dataclass(frozen=True, slots=True)
class _Arranged:
    """For each positional argument and each keyword its parameter; from `spread` on the positional ones are a list."""

    places: tuple[Parameter, ...]
    keywords: Mapping[str, Parameter]
    spread: int | None


@dataclass(frozen=True, slots=True)
class _Mismatch:
    """Why an overload does not take a call; the higher the rank, the closer the overload was."""

    rank: int
    message: str


def check_call(row: Row, positional: int, keywords: Sequence[str], *, name: str) -> None:
    """Refuse a call that no overload can take, whatever the values are.

    Raises ArgumentError.
    """
    _arrangements(row, positional, keywords, name)


def bind(
    row: Row, positional: Sequence[object], keywords: Mapping[str, object], *, name: str, is_tensor: IsTensor
) -> Bound:
    """The parameters of the first overload that accepts these values as they are, else after conversion to tensors.

    Raises ArgumentError that says which argument does not fit, and what it wants.
    """
    values = (*positional, *keywords.values())
    key = None
    if all(type(value) in _ONE_OF_A_KIND or is_tensor(value) for value in values):
        key = (row.signatures, tuple(keywords), is_tensor, *map(type, values))
        if key in _taken:
            return _grouped(_taken[key], positional, keywords, is_tensor)
    arranged = _arrangements(row, len(positional), tuple(keywords), name)
    closest: tuple[int, Parameter, object] | None = None
    for coerce in (False, True):
        for arrangement in arranged:
            bound = _grouped(arrangement, positional, keywords, is_tensor)
            pairs = [*bound.positional, *((parameter, value) for _, parameter, value in bound.keywords)]
            fits = [_fits(parameter, value, coerce, is_tensor) for parameter, value in pairs]
            if all(fits):
                if key is not None and len(_taken) < _MOST_TAKEN:
                    _taken[key] = arrangement
                return bound
            misfit = fits.index(False)
            if coerce and (closest is None or fits.count(True) > closest[0]):
                closest = (fits.count(True), *pairs[misfit])
    assert closest is not None  # _arrangements raises rather than answer with nothing
    _, parameter, value = closest
    wanted = KINDS[parameter.kind] + (" or None" if parameter.optional else "")
    message = f"{parameter.name} of {name}() must be {wanted}, not {_described(value, is_tensor)}"
    raise ArgumentError(message, hint=_usage(row, name))


@cache
def takes_tensors(row: Row, operands: int) -> bool:
    """Whether the overload that `bind` finds for so many tensors by position takes each of them as it is."""
    for arrangement in _accepting(row.signatures, operands, ()):
        if all(place.kind in ("tensor", "any") for place in arrangement.places):
            return arrangement.spread is None or operands <= arrangement.spread
    return False


def _arrangements(row: Row, positional: int, keywords: Sequence[str], name: str) -> tuple[_Arranged, ...]:
    """One arrangement for each overload that takes this call, at least one.  Raises ArgumentError."""
    arranged = _accepting(row.signatures, positional, tuple(keywords))
    if arranged:
        return arranged
    tried = [_arrange(signature, positional, keywords, name) for signature in signatures_of(row)]
    known = {parameter.name for signature in signatures_of(row) for parameter in signature.parameters}
    for keyword in keywords:
        if SPELLINGS.get(keyword, keyword) not in known:
            hint = did_you_mean(keyword, known) or _usage(row, name)
            raise ArgumentError(f"{name}() has no argument '{keyword}'", hint=hint)
    mismatch = max((answer for answer in tried if isinstance(answer, _Mismatch)), key=lambda answer: answer.rank)
    raise ArgumentError(mismatch.message, hint=_usage(row, name))


@lru_cache(maxsize=4096)
def _accepting(signatures: tuple[str, ...], positional: int, keywords: tuple[str, ...]) -> tuple[_Arranged, ...]:
    """The arrangements of so many arguments and these keywords, in the order in which they are tried."""
    tried = [_arrange(parse_signature(text), positional, keywords, "") for text in signatures]
    arranged = [answer for answer in tried if isinstance(answer, _Arranged)]
    # hsplit(x, 3) means three sections, where x.view(3) means one size: an overload of a list is tried last
    return tuple(sorted(arranged, key=lambda a: a.spread is not None and positional == a.spread + 1))


def _arrange(signature: Signature, positional: int, keywords: Sequence[str], name: str) -> _Arranged | _Mismatch:
    places = list(signature.positional)
    most = len(places)
    if positional > most:
        if signature.spread is None and not (places and places[-1].variadic):
            plural = "argument" if most == 1 else "arguments"
            manner = " by position" if len(signature.parameters) > most else ""
            were = "was" if positional == 1 else "were"
            return _Mismatch(most, f"{name}() takes {most or 'no'} {plural}{manner}, {positional} {were} given")
        places += [places[-1]] * (positional - most)
    taken = {place.name for place in places[:positional] if not place.variadic}
    by_name = {parameter.name: parameter for parameter in signature.parameters if not parameter.variadic}
    full: dict[str, Parameter] = {}
    for keyword in keywords:
        parameter = by_name.get(keyword) or by_name.get(SPELLINGS.get(keyword, ""))
        if parameter is None:
            return _Mismatch(500, f"{name}() has no argument '{keyword}' beside the others")
        if parameter.name in taken:
            return _Mismatch(900, f"{name}() was given '{parameter.name}' twice")
        taken.add(parameter.name)
        full[keyword] = parameter
    missing = [p.name for p in signature.parameters if p.required and p.name not in taken]
    if missing:
        wanted = " and ".join(f"'{parameter}'" for parameter in missing)
        return _Mismatch(1000 - len(missing), f"{name}() needs {wanted}")
    return _Arranged(tuple(places[:positional]), full, signature.spread)


def _grouped(
    arrangement: _Arranged, positional: Sequence[object], keywords: Mapping[str, object], is_tensor: IsTensor
) -> Bound:
    """The values beside their parameters: spread integers as one list, one list of varargs tensors as several."""
    pairs = list(zip(arrangement.places, positional, strict=True))
    if arrangement.spread is not None and len(pairs) > arrangement.spread:
        rest = list(positional[arrangement.spread :])
        if len(rest) > 1 or isinstance(rest[0], int):
            pairs = [*pairs[: arrangement.spread], (pairs[-1][0], rest)]
    elif pairs and pairs[-1][0].variadic:
        last, operands = pairs[-1]
        alone = len(pairs) == 1 or not pairs[-2][0].variadic
        if alone and isinstance(operands, list | tuple) and operands and all(is_tensor(item) for item in operands):
            pairs = [*pairs[:-1], *((last, item) for item in operands)]
    named = arrangement.keywords
    return Bound(tuple(pairs), tuple((named[k].name, named[k], value) for k, value in keywords.items()))


def _fits(parameter: Parameter, value: object, coerce: bool, is_tensor: IsTensor) -> bool:
    if value is None:
        return parameter.optional or parameter.kind == "any"
    if parameter.kind == "any":
        return True
    if parameter.kind == "dtype":
        return type(value).__name__ == "dtype"  # torch.dtype, without importing torch
    if parameter.kind == "tensor":
        return is_tensor(value) or (coerce and _becomes_tensor(value, is_tensor))
    if is_tensor(value):
        return False
    if parameter.kind == "tensors":
        items = value if isinstance(value, list | tuple) else (value,)
        return items is value and all(is_tensor(i) or (coerce and _becomes_tensor(i, is_tensor)) for i in items)
    single = _SINGLE.get(parameter.kind)
    if isinstance(value, list | tuple):
        value = [item for item in value if item is not None or parameter.kind != "sizes"]
        return single is not None and all(_is_scalar(item, single, coerce=False) for item in value)
    return _is_scalar(value, single or parameter.kind, coerce=coerce)


def _is_scalar(value: object, kind: str, *, coerce: bool) -> bool:
    if isinstance(value, bool):  # a bool is an int to isinstance, and not to PyTorch
        return kind == "bool" or (kind == "number" and coerce)
    if kind == "str":
        return isinstance(value, str)
    accepted = {"number": (int, float, complex), "float": (int, float), "int": (int,)}
    return isinstance(value, accepted.get(kind, ()))


def _becomes_tensor(value: object, is_tensor: IsTensor) -> bool:
    """Whether a number, or a nested list of numbers and tensors, can stand for a tensor."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, list | tuple):
            pending.extend(item)
        elif not (is_tensor(item) or isinstance(item, bool | int | float | complex)):
            return False
    return True


def _described(value: object, is_tensor: IsTensor) -> str:
    if is_tensor(value):
        return "a tensor"
    if isinstance(value, list | tuple):
        if len(value) > SHOWN_ITEMS or any(is_tensor(item) or isinstance(item, list | tuple) for item in value):
            return "this list"
        return f"[{', '.join(_described(item, is_tensor) for item in value)}]"
    if isinstance(value, int) and value.bit_length() > 128:  # Python refuses to print the largest integers
        return "this large integer"
    if value is None or isinstance(value, int | float | complex | str):
        text = repr(value)
        return text if len(text) <= 40 else f"{text[:36]} ..."
    return f"a {type(value).__name__}"


def _usage(row: Row, name: str) -> str:
    """The overloads of a row without their kinds, bounded."""
    shown = list(dict.fromkeys(f"{name}({_brief(signature)})" for signature in signatures_of(row)))
    more = f" and {len(shown) - SHOWN_SIGNATURES} more" if len(shown) > SHOWN_SIGNATURES else ""
    return f"Usage: {' or '.join(shown[:SHOWN_SIGNATURES])}{more}"


def _brief(signature: Signature) -> str:
    words, starred = [], False
    for parameter in signature.parameters:
        if parameter.keyword_only and not starred:
            words.append("*")
        starred = starred or parameter.keyword_only or parameter.variadic
        name = "*" * parameter.variadic + parameter.name
        words.append(name if parameter.default is None else f"{name}={parameter.default}")
    return ", ".join(words)
