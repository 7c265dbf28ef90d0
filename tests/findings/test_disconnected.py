"""The rule `disconnected`: what it finds, and what it leaves alone."""

from __future__ import annotations

from typing import get_args

import pytest
from each import each
from looking import Place, found, place

from gradcli.diagnose.findings.backward_pass import Ending

FOUND = {
    "trace 'x.detach() * y' x=1 y=2": ("warning", Place("detach", "x", None, "x.detach()")),
    "trace '(x > 0) * y' x=1 y=2": ("warning", Place("gt", "x", None, "x > 0")),
    "trace 'argmax(x) * y' x=1,2 y=3": ("warning", Place("argmax", "x", None, "argmax(x)")),
    "trace 'x.int() * y' x=1.5 y=2": ("warning", Place("int", "x", None, "x.int()")),
    "trace 'x * 1' x=1 y=2": ("warning", Place(None, "y", None, None)),
    "trace 'zeros_like(x) + y' x=1 y=2": ("warning", Place("zeros_like", "x", None, "zeros_like(x)")),
    "trace 'where(x > 0, y, 0)' x=1 y=2": ("warning", Place("gt", "x", None, "x > 0")),
    "trace 'y = exp(x); z * 2' x=1 z=2": ("warning", Place(None, "x", None, None)),
    "trace 'max(x, 0)[1] * y' x=1,2 y=3": ("warning", Place("max", "x", None, "max(x, 0)[1]")),
    "trace 'linalg.vector_norm(x, ord=0) * y' x=1,0 y=2": (  # the number of non-zeros has a node that sends nothing
        "warning",
        Place("linalg.vector_norm", "x", None, "linalg.vector_norm(x, ord=0)"),
    ),
    "trace 'sum((x > 0).float())' x=1": ("warning", Place("gt", "x", None, "x > 0")),
    "trace 'y * sum((2 * x > 0) + (x < 3))' x=1 y=2": ("warning", Place("gt", "x", None, "2 * x > 0")),
    "trace 'u = [exp(x), exp(x)]; y * sum(stack(u).detach())' x=1 y=2": (
        "warning",
        Place("detach", "x", None, "stack(u).detach()"),
    ),
}

TRUTHS = "it ends at {}, whose true and false have no derivative"
INDICES = "it ends at {}, which gives indices, and those have no derivative"
NUMBERS = "it ends at {}, whose whole numbers have no derivative"
SHAPE = "{} takes its shape only"
ENDINGS = {
    **dict.fromkeys(("x > 2", "x >= 2", "x < 2", "x <= 2", "x == 2", "x != 2"), TRUTHS),
    **dict.fromkeys(("isnan(x)", "isclose(x, y)", "logical_and(x, y)", "x.bool()", "signbit(x)"), TRUTHS),
    **dict.fromkeys(("argmax(x)", "argmin(x)", "argsort(x)", "nonzero(x)", "max(x, 0)[1]", "topk(x, 1)[1]"), INDICES),
    **dict.fromkeys(("bucketize(x, tensor([1., 2.]))", "searchsorted(tensor([1., 2.]), x)"), INDICES),
    **dict.fromkeys(("x.int()", "x.to(int64)", "x.byte()", "count_nonzero(x)"), NUMBERS),
    **dict.fromkeys(("zeros_like(x)", "randn_like(x)", "randint_like(x, 3)", "x.new_zeros([2])"), SHAPE),
    **dict.fromkeys(("x.detach()", "(x*1).detach_()"), "{} cuts it"),
    "x.data": "it ends at {}, which passes no gradient on",
}

LEFT_ALONE = (
    "trace 'x * y' x=1 y=2",
    "trace 'where(x > 0, x, 0)' x=1",
    "trace 'x * y' x=1 y=2 --frozen x",
    "trace 'x * 0' x=1",
    "trace 'max(x, 0)[0]' x=1,2",
    "trace 'h = exp(x); h += 1; sum(h)' x=1 z=2",  # the backward pass raised, so that nothing is known of z
    "trace 'x * n' x=1 n:int64=2",
    "trace 'x * y' x=1 y=2 --frozen x,y",  # the backward pass raises, as it must
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *_ = found(line, "disconnected")
    assert finding["severity"] == severity
    assert place(finding, line) == expected


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "disconnected") == []


@each("ending", ENDINGS)
def test_it_is_told_what_the_path_ends_at(ending: str) -> None:
    (finding,) = (
        one for one in found(f"trace 'w = {ending}; y * w' x=1.5,2.5 y=3", "disconnected") if one["variable"] == "x"
    )
    assert finding["message"] == (
        "x has no path to the output, so it has no gradient (which is not a gradient of zero): "
        + ENDINGS[ending].format(ending)
    )


def test_every_ending_is_tried() -> None:
    assert len({*ENDINGS.values()}) == len(get_args(Ending)) - 1, "of a comparison and of a truth the same is said"


def test_an_input_that_is_not_used_is_told_from_one_whose_use_is_not() -> None:
    (unused,) = found("trace 'x * 1' x=1 y=2", "disconnected")
    assert unused["message"].endswith(": the expression does not use it")
    (idle,) = found("trace 'h = exp(x); z * 2' x=1 z=2", "disconnected")
    assert idle["message"].endswith(": what is computed from it is not used")


def test_a_complex_number_is_no_whole_one() -> None:
    (finding,) = found("trace 'y * x.to(complex64).data.abs()' x=1.5 y=2", "disconnected")
    assert finding["message"].endswith(": it ends at x.to(complex64).data, which passes no gradient on")


def test_without_a_tape_nothing_is_said_of_the_place() -> None:
    (large,) = found("grad 'sum(x) * 2' x=ones(20000) y=1", "disconnected")
    assert large["message"].endswith("(which is not a gradient of zero)")
