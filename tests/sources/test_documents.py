"""`@result.json:gradients.x`: gradcli's own results, and any JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from each import each
from reading import array, refused, value

DOCUMENT = {
    "gradients": {
        "x": {"shape": [3], "dtype": "bfloat16", "values": ["NaN", 1.5, "-Infinity"], "norm": "NaN"},
        "w": {"shape": [], "dtype": "float64", "values": 0.1},
        "none": None,
    },
    "inputs": {
        "empty": {"shape": [0, 3], "dtype": "float32", "values": []},
        "mask": {"shape": [2], "dtype": "bool", "values": [True, False]},
        "index": {"shape": [2], "dtype": "int64", "values": [0, 2]},
        "z": {"shape": [1], "dtype": "complex64", "values": [[1, 2]]},
        "wrong": {"shape": [3], "dtype": "float32", "values": [1, 2]},
    },
    "steps": [{"value": [1, 2.5]}, {"value": [[1, 2], [3, 4]]}],
    "a": {"b": {"x": [6]}},
    "a.b": {"c.d": [7]},
    "flags": [True, False],
    "ragged": [[1], [2, 3]],
    "name": "sigmoid",
    "number": 5,
}


@pytest.fixture
def word(tmp_path: Path) -> str:
    (tmp_path / "r.json").write_text(json.dumps(DOCUMENT))
    return f"@{tmp_path}/r.json"


@each(
    "path, expected, kind, dtype",
    [
        ("gradients.x", [np.nan, 1.5, -np.inf], "f", "bfloat16"),
        ("gradients.x.values", [np.nan, 1.5, -np.inf], "f", None),
        ("gradients.w", 0.1, "f", "float64"),
        ("inputs.empty", np.zeros((0, 3)), "f", "float32"),
        ("inputs.mask", [True, False], "b", None),
        ("inputs.index", [0, 2], "i", None),
        ("inputs.z", [1 + 2j], "c", "complex64"),
        ("steps.0.value", [1, 2.5], "f", None),
        ("steps.1.value", [[1, 2], [3, 4]], "i", None),
        ("steps.-1.value.0", [1, 2], "i", None),
        ("steps.0.value.1", 2.5, "f", None),
        ("a.b.c.d", [7], "i", None),
        ("flags", [True, False], "b", None),
        ("number", 5, "i", None),
    ],
)
def test_a_path_leads_to_numbers(word: str, path: str, expected: Any, kind: str, dtype: str | None) -> None:
    found = value(f"{word}:{path}")
    assert found.numbers is not None
    np.testing.assert_array_equal(found.numbers, np.array(expected))
    assert (found.numbers.dtype.kind, found.dtype) == (kind, dtype)


@each(
    "path, message, hint",
    [
        ("gradient.x", "{} has no 'gradient'", "Did you mean 'gradients'? There is 'a', 'a.b', 'flags', 'gradients'"),
        ("gradients.y", "'gradients' of {} has no 'y'", "There is 'none', 'w', 'x'."),
        ("gradients", "'gradients' of {} is an object with 'none', 'w', 'x', not numbers", "Write @"),
        ("gradients.none", "'gradients.none' of {} is null, not numbers", "Choose"),
        ("name", "'name' of {} is the text 'sigmoid', not numbers", "Choose"),
        ("name.x", "'name' of {} is the text 'sigmoid', and 'x' leads nowhere", "Shorten"),
        ("number.x", "'number' of {} is a number, and 'x' leads nowhere", "Shorten"),
        ("steps.2.value", "'steps' of {} has no '2'", "There is '0' to '1'."),
        ("steps.-3", "'steps' of {} has no '-3'", "There is '0' to '1'."),
        ("steps", "element 0 of the JSON array at 'steps' of {} is an object with", ""),
        ("ragged", "the JSON array at 'ragged' of {} does not hold rows of numbers of one length", ""),
        ("inputs.wrong", "the values of 'inputs.wrong' of {} do not have the shape [3]", ""),
    ],
)
def test_a_path_that_leads_elsewhere_says_what_is_there(word: str, path: str, message: str, hint: str) -> None:
    error = refused(f"{word}:{path}")
    assert error.message.startswith(message.format(f"'{word[1:]}'"))
    assert error.hint is not None
    assert hint in error.hint


def test_a_whole_result_shows_a_path_that_works(word: str) -> None:
    hint = refused(word).hint
    assert hint == f"Write {word}:gradients.x."
    assert array(hint.removeprefix("Write ").removesuffix(".")).size == 3


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("[1, 2]", [1, 2]),
        ("\ufeff [1.5]\r\n", [1.5]),
        ("[NaN, Infinity, -Infinity]", [np.nan, np.inf, -np.inf]),
        ("[18446744073709551616, 1]", [2.0**64, 1]),
    ],
)
def test_a_document_that_is_an_array_needs_no_path(tmp_path: Path, content: str, expected: list[float]) -> None:
    (tmp_path / "x.json").write_text(content, encoding="utf-8")
    np.testing.assert_array_equal(array(f"@{tmp_path}/x.json"), expected)


@pytest.mark.parametrize("content", ['{"x": [1}', "[1,, 2]", "[" * 3000, "[" * 3000 + "]" * 3000, "hello", "\x00"])
def test_what_is_no_json_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    message = refused(f"@{tmp_path}/x.json").message
    assert any(told in message for told in ("is no JSON", "is cut short or damaged", "it looks like text"))


def test_the_answer_of_one_command_is_the_input_of_the_next(run: Any, tmp_path: Path) -> None:
    _, out, _ = run(["grad", "sigmoid", "0", "1", "-t", "float16", "--json"])
    first = json.loads(out)["gradients"]["x"]
    code, piped, err = run(["grad", "tanh", "@-:gradients.x", "--json"], stdin=out)
    assert code == 0, err
    (tmp_path / "r.json").write_text(out)
    assert run(["grad", "tanh", f"@{tmp_path}/r.json:gradients.x", "--json"])[1] == piped
    given = json.loads(piped)["inputs"]["x"]
    assert (given["dtype"], given["values"]) == ("float16", first["values"])


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        ("[1, 2", "{} ends within a JSON array", "Was it written to the end?"),
        ('{"x": [1, 2]', "{} ends within a JSON object", "Was it written to the end?"),
        ('{"x": "a', "{} ends within a JSON object", "Was it written to the end?"),
        ('{"x": 1} {"x": 2}', "{} holds more than one JSON document", "one array"),
        ("[1, 2]\n[3]\n", "{} holds more than one JSON document", "one array"),
        ("[1, null]", "element 1 of the JSON array at {} is null, not a number", "NaN"),
        ('["NaN", "x"]', "element 1 of the JSON array at {} is the text 'x', not a number", "NaN"),
        ('[[1, 2], [3, {"a": 1}]]', "element 1.1 of the JSON array at {} is an object with 'a', not a number", "NaN"),
        ("[[1, 2], [3]]", "the JSON array at {} does not hold rows of numbers of one length", "[[1, 2], [3, 4]]"),
    ],
)
def test_what_is_wrong_with_a_document_is_named(tmp_path: Path, content: str, message: str, hint: str) -> None:
    (tmp_path / "x.json").write_text(content)
    error = refused(f"@{tmp_path}/x.json")
    assert error.message == message.format(f"'{tmp_path}/x.json'")
    assert hint in (error.hint or "")
