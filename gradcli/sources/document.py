"""`@result.json:gradients.x`: numbers in a JSON document, one of gradcli's own or any other, by their path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson

from gradcli.errors import SourceError, did_you_mean, listed
from gradcli.language.dtypes import ALL
from gradcli.sources.location import Location, printable, reported
from gradcli.sources.numbers import Numbers
from gradcli.sources.recognise import damaged

WORDS = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
"""What gradcli's own JSON writes for the numbers that JSON lacks."""
DEEPEST = 64
"""Lists in lists that are looked through for an element that is no number; NumPy's arrays have no more dimensions."""
NESTED = 4
"""How deep numbers are looked for, to name a path that would have worked."""


def read(location: Location) -> Numbers:
    """The numbers that the path leads to; without one, those of the whole document."""
    with reported(location):
        content = location.path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise damaged(location, "it is not UTF-8 text") from None
    if text.lstrip()[:1] not in ("[", "{"):
        raise damaged(location, "it holds no JSON array or object")
    return numbers_of(text, location.shown, location.file_word, location.name)


def numbers_of(text: str, source: str, word: str, path: str | None) -> Numbers:
    """The numbers at a path of a JSON text, which `source` names and `word` reads."""
    document = _parsed(text, source)
    found, place = _at(document, path or "", source)
    where = f"'{place}' of {source}" if place else source
    if isinstance(found, dict) and {"shape", "dtype", "values"} <= found.keys():
        return _tensor(found, where)
    if isinstance(found, dict | str | None):
        paths = [f"{word}:{place}.{way}" if place else f"{word}:{way}" for way in _ways(found, NESTED)]
        hint = f"Write {paths[0]}." if paths else "Choose a path that leads to numbers."
        raise SourceError(f"{where} is {_kind(found)}, not numbers", hint=hint)
    return Numbers(_array(found, where))


def _parsed(text: str, source: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(text)  # NaN and Infinity, which Python writes into JSON
        except (ValueError, RecursionError):
            raise _no_json(text, source, error) from None


def _no_json(text: str, source: str, error: orjson.JSONDecodeError) -> SourceError:
    """What is wrong with a text that begins like JSON: cut short, more than one document, or neither."""
    kind = "array" if text.lstrip().startswith("[") else "object"
    try:
        _, end = json.JSONDecoder().raw_decode(text.lstrip())
    except json.JSONDecodeError as place:
        if place.pos >= len(text.strip()) or place.msg.startswith("Unterminated string"):
            return SourceError(f"{source} ends within a JSON {kind}", hint="Was it written to the end?")
    except RecursionError:
        pass
    else:
        rest = text.lstrip()[end:].lstrip()
        if rest[:1] in ("[", "{"):
            return SourceError(
                f"{source} holds more than one JSON document", hint="Give one of them, or make them one array: jq -s ."
            )
    return SourceError(f"{source} is no JSON {kind}: {error}", hint="Write [1, 2, 3].")


def _at(document: Any, path: str, source: str) -> tuple[Any, str]:
    """What the path leads to, and the path; keys may hold dots themselves."""
    found, rest, gone = document, path, ""
    while rest:
        keys = _keys(found)
        pieces = rest.split(".")
        heads = (".".join(pieces[:count]) for count in range(len(pieces), 0, -1))
        key = next((head for head in heads if head in keys), None)
        if key is None:
            place = f"'{gone}' of {source}" if gone else source
            if not keys:
                raise SourceError(
                    f"{place} is {_kind(found)}, and '{printable(rest)}' leads nowhere", hint="Shorten the path."
                )
            there = f"There is {_span(found)}."
            hint = " ".join(filter(None, [did_you_mean(pieces[0], keys), there]))
            raise SourceError(f"{place} has no '{printable(pieces[0])}'", hint=hint)
        found = found[int(key)] if isinstance(found, list) else found[key]
        gone, rest = f"{gone}.{key}" if gone else key, rest[len(key) + 1 :]
    return found, printable(gone)


def _keys(found: Any) -> Any:
    """The next steps of a path."""
    if isinstance(found, dict):
        return found.keys()
    return _Places(len(found)) if isinstance(found, list) else ()


class _Places:
    """The numbers of a list's elements, as words; -1 is the last."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __contains__(self, word: object) -> bool:
        text = str(word)
        digits = text.removeprefix("-")
        return digits.isascii() and digits.isdigit() and len(digits) < 19 and -self.count <= int(text) < self.count

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __bool__(self) -> bool:
        return self.count > 0


def _span(found: Any) -> str:
    if isinstance(found, list):
        return "'0'" if len(found) == 1 else f"'0' to '{len(found) - 1}'"
    return listed(map(printable, found))


def _ways(found: Any, depth: int) -> Iterator[str]:
    """Paths from here to numbers."""
    if isinstance(found, dict) and depth:
        for key, value in found.items():
            if isinstance(value, list) or (isinstance(value, dict) and "values" in value and "dtype" in value):
                yield printable(key)
            else:
                yield from (f"{printable(key)}.{way}" for way in _ways(value, depth - 1))


def _kind(found: Any) -> str:
    if isinstance(found, dict):
        return f"an object with {listed(map(printable, found))}" if found else "an empty object"
    if found is None:
        return "null"
    text = printable(str(found))
    return f"the text '{text if len(text) <= 40 else text[:36] + ' ...'}'" if isinstance(found, str) else "a number"


def _tensor(found: dict[str, Any], where: str) -> Numbers:
    """A tensor as gradcli writes it: `{"shape", "dtype", "values"}`."""
    shape, dtype = found["shape"], found["dtype"]
    if not (isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape) and dtype in ALL):
        return Numbers(_array(found["values"], where))
    values = _array(found["values"], where, empty=0 in shape)
    is_complex = dtype.startswith("complex")
    try:
        values = values.reshape([*shape, 2] if is_complex else shape)
    except ValueError:
        raise SourceError(
            f"the values of {where} do not have the shape {shape}, which stands beside them", hint="Correct either."
        ) from None
    if is_complex:
        return Numbers(values[..., 0] + 1j * values[..., 1], dtype)
    if dtype == "bool":
        return Numbers(values.astype(bool))
    if dtype.startswith(("float", "bfloat")):
        return Numbers(values.astype(np.float64), dtype)
    return Numbers(values)


def _array(found: Any, where: str, *, empty: bool = False) -> np.ndarray:
    """Nested lists, or one number, as an array; integers and truth values stay what they are."""
    try:
        array = np.array(found)
        if array.size and array.dtype.kind not in "biuf":
            array = np.array(_plain(found), dtype=np.float64)  # null is no number, and numpy would make it one
    except (ValueError, TypeError, KeyError, OverflowError):
        at = "" if where == "standard input" else f" at {where}"
        if (odd := _odd_element(found)) is not None:
            place, what = odd
            raise SourceError(
                f"element {place} of the JSON array{at} is {what}, not a number",
                hint='Numbers are written as they are; those that JSON lacks are "NaN", "Infinity", "-Infinity".',
            ) from None
        raise SourceError(
            f"the JSON array{at} does not hold rows of numbers of one length", hint="[[1, 2], [3, 4]]"
        ) from None
    if array.size == 0 and not empty:
        at = "" if where == "standard input" else f" at {where}"
        raise SourceError(f"the JSON array{at} holds no numbers", hint="Write [1, 2, 3].")
    return array


def _odd_element(found: Any, place: str = "") -> tuple[str, str] | None:
    """Where the first element stands that is no number, by its place in each list, and what it is."""
    if isinstance(found, list) and place.count(".") < DEEPEST:
        odd = (_odd_element(item, f"{place}.{number}" if place else str(number)) for number, item in enumerate(found))
        return next((one for one in odd if one is not None), None)
    if isinstance(found, int | float) or (isinstance(found, str) and found in WORDS):
        return None
    return (place, _kind(found)) if place else None


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, int | float):
        return value
    return WORDS[value]
