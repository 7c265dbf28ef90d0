"""`@result.json:gradients.x`: numbers in a JSON document, one of gradcli's own or any other, by their path."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from math import isinf
from typing import Any, TextIO

import numpy as np
import orjson

from gradcli.exceptions import BoundError, MissingNameError, SeveralTensorsError, SourceError, did_you_mean, listed
from gradcli.language.dtypes import ALL
from gradcli.sources.location import Location, check_elements, printable, reported
from gradcli.sources.numbers import Numbers
from gradcli.sources.recognise import damaged

WORDS = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
"""What gradcli's own JSON writes for the numbers that JSON lacks."""
DEEPEST = 64
"""Lists in each other; NumPy's arrays have no more dimensions."""
NESTED = 4
"""How deep numbers are looked for, to name a path that would have worked."""
FIRST = 2**12
LONGEST = 2**29
"""Characters of a document, which is kept in memory whole; and those that are looked at before it is read."""
_NAMES = re.compile(r'(?P<name>"(?:[^"\\]|\\.)*")(?P<colon>\s*:)?|[{}]', re.DOTALL)
"""The texts of a document, those that are names with their colon, and where objects begin and end."""


def read(location: Location) -> Numbers:
    """The numbers that the path leads to; without one, those of the whole document."""
    try:
        with reported(location), location.path.open(encoding="utf-8-sig") as file:
            head = file.read(FIRST)
            if head.lstrip()[:1] not in ("[", "{"):
                raise damaged(location, "it holds no JSON array or object")
            text = head + rest_of(file, location.shown)
    except UnicodeDecodeError:
        raise damaged(location, "it is not UTF-8 text") from None
    return numbers_of(text, location.shown, location.file_word, location.name, location.most)


def rest_of(stream: TextIO, source: str) -> str:
    """What is left of a document.  Raises BoundError for more than is kept in memory."""
    rest = stream.read(LONGEST)
    if len(rest) == LONGEST:
        raise BoundError(
            f"{source} has more than {LONGEST:,} characters; JSON of that length is not read",
            hint="Save the numbers as .npy: numpy.save.",
        )
    return rest


def numbers_of(text: str, source: str, word: str, path: str | None, most: int) -> Numbers:
    """The numbers at a path of a JSON text, which `source` names and `word` reads."""
    document = _parsed(text, source)
    found, place = _at(document, path or "", source)
    where = f"'{place}' of {source}" if place else source
    if isinstance(found, dict) and {"shape", "dtype", "values"} <= found.keys():
        return _bounded(_tensor(found, where), most, where)
    if isinstance(found, dict | str | None):
        paths = [f"{word}:{place}.{way}" if place else f"{word}:{way}" for way in _ways(found, NESTED)]
        hint = f"Write {paths[0]}." if paths else "Choose a path that leads to numbers."
        told = SeveralTensorsError if isinstance(found, dict) and not path else SourceError
        raise told(f"{where} is {_kind(found)}, not numbers", hint=hint)
    return _bounded(Numbers(_array(found, where)), most, where)


def _bounded(numbers: Numbers, most: int, where: str) -> Numbers:
    check_elements(numbers.values.size, most, where)
    return numbers


def _parsed(text: str, source: str) -> Any:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        try:
            document = json.loads(text, parse_int=_integer(source))  # NaN and Infinity, which Python writes into JSON
        except (ValueError, RecursionError):
            raise _no_json(text, source, error) from None
    check_names(text, source)
    return document


def _integer(source: str) -> Callable[[str], int]:
    """Reads an integer; raises SourceError for one that is beyond every number of PyTorch's."""

    def read(digits: str) -> int:
        if isinf(float(digits)):
            raise SourceError(
                f"{source} holds an integer of {len(digits.lstrip('-')):,} digits; float64 ends at 1.8e308",
                hint="Scale it, or write it with an exponent: 1.5e300.",
            )
        return int(digits)

    return read


def check_names(text: str, source: str) -> None:
    """Raises SourceError where an object of a JSON text has one name twice: readers would take the last, or the first.

    text: a whole document, or what can be read as one.
    """
    if "{" not in text:
        return
    objects: list[set[str]] = []
    for token in _NAMES.finditer(text):
        word = token[0]
        if word == "{":
            objects.append(set())
        elif word == "}":
            objects.pop()
        elif token["colon"]:
            name = json.loads(token["name"]) if "\\" in token["name"] else token["name"][1:-1]
            if name in objects[-1]:
                raise SourceError(
                    f"{source} has the name '{printable(name)[:60]}' twice in one object", hint="Rename one of them."
                )
            objects[-1].add(name)


def _no_json(text: str, source: str, error: orjson.JSONDecodeError) -> SourceError:
    """What is wrong with a text that begins like JSON: cut short, more than one document, or neither."""
    kind = "array" if text.lstrip().startswith("[") else "object"
    try:
        _, end = json.JSONDecoder().raw_decode(text.lstrip())
    except json.JSONDecodeError as place:
        if place.pos >= len(text.strip()) or place.msg.startswith("Unterminated string"):
            return SourceError(f"{source} ends within a JSON {kind}", hint="Was it written to the end?")
    except (ValueError, RecursionError):
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
            raise MissingNameError(f"{place} has no '{printable(pieces[0])}'", hint=hint, names=map(str, keys))
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
        if array.dtype.kind == "O" and _is_too_deep(found):
            raise _too_deep(where)
        if array.size and array.dtype.kind not in "biuf":
            array = np.array(_plain(found), dtype=np.float64)  # null is no number, and numpy would make it one
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        if _is_too_deep(found):
            raise _too_deep(where) from None
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


def _is_too_deep(found: Any) -> bool:
    """Whether lists stand in each other deeper than an array has dimensions; level by level, as deep as they may be."""
    lists = [found] if isinstance(found, list) else []
    for _ in range(DEEPEST):
        lists = [item for one in lists for item in one if isinstance(item, list)]
    return bool(lists)


def _too_deep(where: str) -> SourceError:
    return SourceError(
        f"the JSON array at {where} has more than {DEEPEST} lists in each other",
        hint="An array has at most so many dimensions: write [[1, 2], [3, 4]].",
    )


def _odd_element(found: Any, place: str = "") -> tuple[str, str] | None:
    """Where the first element stands that is no number, by its place in each list, and what it is."""
    if isinstance(found, list):
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
