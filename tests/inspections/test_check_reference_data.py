"""`check` on the reference data and on the catalogue: only PyTorch's known defects are accused, little is left open."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gradcli.diagnose.bound_expression import Selection
from gradcli.inspections.check import check
from gradcli.language import catalogue
from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.losses import LOSSES
from gradcli.language.catalogue.rows import Activation, Loss
from gradcli.language.curve import interesting_points
from gradcli.language.dtypes import FLOATING
from gradcli.language.loss_call import read_loss
from gradcli.language.request import read
from gradcli.results import CheckResult, CheckRow

pytestmark = pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")  # kl_div

DATA = Path(__file__).parents[1] / "data"

PYTORCH_IS_WRONG = {
    "hardsigmoid": ("float64",),
    "ctc": ("float32", "float64"),
}
"""Functions with a known wrong gradient, and where: hardsigmoid holds 1/6 in float32; ctc gives the derivative by the
logits under log_softmax instead of that by log_probs."""

PYTORCH_HAS_NONE = {"heaviside": "no derivative is implemented", "glu": "has one for an even number of points only"}

UNDECIDED = ("rounding", "no reference")

ALL_DTYPES_EVERY = 10
"""Of the expressions; the others are checked in float64 alone, to save time."""


@cache
def data(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def checked(
    expression: str, words: Sequence[str], dtypes: Sequence[str] = FLOATING, wrt: tuple[str, ...] | None = None
) -> tuple[CheckRow, ...]:
    result = check(read(expression, words, command="check", sources={}), dtypes, selection=Selection(wrt))
    assert isinstance(result, CheckResult), result
    return result.rows


def written(values: dict[str, Any]) -> str:
    return nested(values["data"], values["shape"])


def nested(numbers: list[float], shape: list[int]) -> str:
    if not shape:
        return repr(numbers[0])
    step = math.prod(shape[1:])
    parts = [nested(numbers[start : start + step], shape[1:]) for start in range(0, len(numbers), step)]
    return f"[{', '.join(parts)}]"


def half_right(row: CheckRow) -> bool:
    """Whether the gradient has half of float64's digits, by arithmetic that is not the checker's."""
    assert row.reference is not None
    assert row.reverse is not None
    return math.isclose(row.reverse, row.reference, rel_tol=2**-26, abs_tol=1e-300)


EXPRESSIONS = list(enumerate(data("expressions")["expressions"]))


@pytest.mark.parametrize(
    ("place", "case"), EXPRESSIONS, ids=lambda case: "" if isinstance(case, int) else str(case["id"])
)
def test_the_gradients_of_a_smooth_expression_agree(place: int, case: dict[str, Any]) -> None:
    words = [f"{name}={written(values)}" for name, values in case["vars"].items()]
    dtypes = FLOATING if place % ALL_DTYPES_EVERY == 0 else ("float64",)
    rows = checked(case["expr"], words, dtypes)
    for row in rows:
        assert row.verdict != "disagree", row
        if row.dtype == "float64":
            assert row.verdict == "agree", row
            assert half_right(row)
            flat = case["mp_grads"][row.variable]
            shape = case["vars"][row.variable]["shape"]
            place_of = sum(i * math.prod(shape[axis + 1 :]) for axis, i in enumerate(row.index))
            assert row.reference == pytest.approx(flat[place_of], rel=1e-13)
    undecided = sum(row.verdict in UNDECIDED for row in rows)
    assert undecided <= 0.1 * len(rows)


@pytest.mark.parametrize("row", ACTIVATIONS, ids=lambda row: row.name)
def test_an_activation_agrees_at_its_own_points(row: Activation) -> None:
    if row.name in PYTORCH_HAS_NONE:
        return
    found = checked(row.name, interesting_points(row.name))
    assert {one.dtype for one in found if one.verdict == "disagree"} <= set(PYTORCH_IS_WRONG.get(row.name, ()))
    # what rounding leaves of a slope that is zero (softmax sums to 1) is undecided by right
    undecided = Counter(one.dtype for one in found if one.verdict in UNDECIDED and one.reference != 0)
    assert undecided["float64"] == 0
    assert undecided["float32"] <= 1
    assert undecided.total() <= 0.25 * len(found)  # 1 - tanh(x)**2 in half precision
    kinks = {one.value for one in found if one.verdict == "kink" and one.dtype == "float64"}
    assert bool(kinks) <= bool(row.kinks)


@pytest.mark.parametrize("row", LOSSES, ids=lambda row: row.name)
def test_a_loss_agrees_at_its_example(row: Loss) -> None:
    asked = read_loss(row.name, [f"{name}={value}" for name, value in row.example], reduction=None, parameters=[])
    result = check(asked.request, selection=Selection(asked.predictions))
    assert isinstance(result, CheckResult), result
    assert result.without_reference is None
    accused = {one.dtype for one in result.rows if one.verdict == "disagree"}
    assert accused == set(PYTORCH_IS_WRONG.get(row.name, ()))
    undecided = [one for one in result.rows if one.verdict in UNDECIDED]
    assert all("not implemented for" in (one.reason or "") for one in undecided)


def test_ctc_agrees_behind_the_softmax_that_it_was_made_for() -> None:
    rows = checked(
        "ctc_loss(log_softmax(x, -1), [[1, 2]], [3], [2])", ["x=[[[2, 1, 0]], [[1, 2, 0]], [[0, 1, 2]]]"], ("float64",)
    )
    assert {row.verdict for row in rows} == {"agree"}


def loss_cases() -> Iterator[dict[str, Any]]:
    """One of each loss."""
    seen: Counter[str] = Counter()
    for case in data("losses")["cases"]:
        seen[case["name"]] += 1
        if seen[case["name"]] <= 1:
            yield case


@pytest.mark.parametrize("case", list(loss_cases()), ids=lambda case: f"{case['name']}-{case['id']}")
def test_a_loss_of_the_reference_data_agrees_as_an_expression(case: dict[str, Any]) -> None:
    row = catalogue.find_loss(case["name"])
    assert row is not None
    words, arguments = [], []
    for name, values in case["inputs"].items():
        kind = "" if values["dtype"].startswith("float") else f":{values['dtype']}"
        words.append(f"{name}{kind}={written(values)}")
        arguments.append(f"{name}={name}")
    arguments += [f"{name}={value!r}" for name, value in (case["params"] | {"reduction": case["reduction"]}).items()]
    call = f"{row.torch.rpartition('.')[2]}({', '.join(arguments)})"
    for found in checked(call, words, ("float32", "float64"), tuple(case["grad_wrt"])):
        assert found.verdict in ("agree", "kink"), found
