"""Long lists of numbers are bounded by their elements, not by their letters, and read as Python reads them."""

from __future__ import annotations

import math
import time

import pytest
import torch
from command_line import answered, failed

from gradcli.exceptions import BoundError, GradcliError
from gradcli.language.numerals import LONG, is_integral, long_lists
from gradcli.language.parser import parse
from gradcli.language.syntax import Numbers, Sequence
from gradcli.numerics.evaluate import Context, evaluate

MANY = 2_000
FORMS = {
    "integers": [str(n) for n in range(MANY)],
    "negative": [str(-n) for n in range(MANY)],
    "short floats": [f"{n % 7}." for n in range(MANY)],
    "no zero": [f".{n % 7}5" for n in range(MANY)],
    "signs": [f"+{n}.5" for n in range(MANY)],
    "exponents": [f"{n}e{n % 3 - 1}" for n in range(MANY)],
    "large exponents": [f"{n}E+{n % 3}" for n in range(MANY)],
    "underscores": [f"{n}_000" for n in range(1, MANY)],
    "rows": [f"[{n}, {n}.5]" for n in range(MANY)],
    "line breaks": [f"\n  {n}" for n in range(MANY)],
    "truths": ["True" if n % 3 else "False" for n in range(MANY)],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tail", ["", ","])
def test_a_long_list_is_what_python_reads(form: str, tail: str) -> None:
    text = f"[{', '.join(FORMS[form])}{tail}]"
    assert len(text) > LONG
    result = parse(text).result
    assert isinstance(result, Numbers)
    assert result.values == eval(text)
    assert [type(value) for value in result.values] == [type(value) for value in eval(text)]
    assert result.span == (0, len(text))


def test_nan_and_inf_are_numbers_unless_they_are_names() -> None:
    text = f"[{', '.join(['nan', '-inf', 'inf', '1'] * 500)}]"
    result = parse(text).result
    assert isinstance(result, Numbers)
    assert math.isnan(result.values[0])  # type: ignore[arg-type]
    assert result.values[1:4] == [-math.inf, math.inf, 1]
    assert isinstance(parse(text, bound=["inf"]).result, Sequence)
    assert isinstance(parse(f"inf = 3; {text}").result, Sequence)


def test_a_short_list_is_an_expression_like_any_other() -> None:
    assert isinstance(parse("[1, 2, 3]").result, Sequence)
    assert isinstance(parse(f"[{', '.join(['1'] * 300)}]").result, Sequence)


def test_long_lists_stand_anywhere_and_places_stay_true() -> None:
    numbers = f"[{', '.join(map(str, range(MANY)))}]"
    text = f"y = x * {numbers}\nz = [1] + y; sum(z + {numbers}) + sinn(x)"
    with pytest.raises(GradcliError, match="unknown function 'sinn'") as caught:
        parse(text, bound=["x"])
    assert caught.value.span is not None
    assert text[slice(*caught.value.span)] == "sinn"
    program = parse(text.replace("sinn", "sin"), bound=["x"])
    x = torch.tensor(2.0, dtype=torch.float64)
    assert evaluate(program, {"x": x}, Context(torch.float64)).item() == pytest.approx(3 * 1999000 + 2000 + math.sin(2))


def test_the_brackets_of_an_index_are_no_list() -> None:
    places = ", ".join(["0", "1"] * 600)
    x = torch.tensor([1.0, 2.0])
    assert evaluate(parse(f"x[[{places}]]", bound=["x"]), {"x": x}, Context()).sum() == 1800
    assert [found.span for found in long_lists(f"x[{places}]", words=True)] == []
    assert [found.span[0] for found in long_lists(f"f(x)[[{places}]]", words=True)] == [5]


def test_a_list_without_brackets_is_a_tuple() -> None:
    text = ", ".join(map(str, range(MANY)))
    result = parse(f" {text} ").result
    assert isinstance(result, Numbers)
    assert result.values == tuple(range(MANY))


def test_a_list_of_integers_is_one_and_no_other() -> None:
    assert is_integral([[1, 2], [3]])
    assert not is_integral([[1, 2.0]])
    assert not is_integral([True])
    assert not is_integral([])


def test_an_argument_of_a_megabyte_is_answered() -> None:
    numbers = ",".join(f"{n % 10}.{n:06}" for n in range(100_000))
    answer = answered(["grad", "sum(x**2)", f"x=[{numbers}]"])
    assert answer["inputs"]["x"]["shape"] == [100_000]
    assert answer["gradients"]["x"]["values"][-1] == pytest.approx(2 * 9.099999)


def test_class_indices_of_a_long_list_stay_integers() -> None:
    targets = ",".join(str(n % 2) for n in range(1000))
    answer = answered(["grad", "cross_entropy(x, t)", "x=zeros(1000, 2)", f"t={targets}"])
    assert answer["inputs"]["t"]["dtype"] == "int64"
    masked = answered(["grad", f"torch.tensor([{targets}]) * x", "x=1"])
    assert masked["output"]["shape"] == [1000]


def test_elements_are_what_bounds_a_list() -> None:
    numbers = ",".join(["1.5"] * 5000)
    assert "5,000 elements" in failed(["grad", "x", f"x=[{numbers}]", "--max-elements", "4999"], 2)["message"]
    assert answered(["grad", "x", f"x=[{numbers}]", "--max-elements", "5000"])["output"]["shape"] == [5000]


def test_everything_else_is_bounded_by_its_letters() -> None:
    with pytest.raises(BoundError, match="has 10,003 characters; at most 10,000 are read") as caught:
        parse("1+1" + "+1" * 5000)
    assert "Lists of plain numbers do not count" in (caught.value.hint or "")
    numbers = f"[{', '.join(['1'] * 9000)}]"
    assert len(numbers) > 20_000
    parse(f"x * {numbers}#" + "." * 9_995, bound=["x"])
    with pytest.raises(BoundError, match="has 10,001 characters"):
        parse(f"x * {numbers}#" + "." * 9_996, bound=["x"])


@pytest.mark.parametrize(
    "text",
    [
        "[" * 300_000,
        "]" * 300_000,
        "[" * 150_000 + "]" * 150_000,
        "[]" * 150_000,
        "x[" * 150_000,
        "[" + "1 " * 150_000 + "]",
        "[" + "-" * 300_000 + "]",
        "[" + "1," * 150_000 + "x]",
        "[" + "nan" * 100_000 + "]",
        "[" * 65 + "1," * 6000 + "]" * 65,
    ],
    ids=lambda text: text[:6],
)
def test_a_text_of_brackets_is_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(BoundError, match="characters; at most 10,000"):
        parse(text)
    assert time.perf_counter() - started < 5


def test_a_list_deeper_than_a_tensor_is_no_list() -> None:
    deep = "[" * 64 + ", ".join(["1"] * 400) + "]" * 64
    assert isinstance(parse(deep).result, Numbers)
    assert isinstance(parse(f"[{deep}]").result, Sequence)
    assert "nested more than 100 deep" in failed(["grad", "x", f"x={'[' * 101}1{']' * 101}"], 2)["message"]
