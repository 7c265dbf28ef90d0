"""A branch that is thrown away, where its slope is not finite: PyTorch's gradient of the text, and of it rewritten."""

from __future__ import annotations

import math

import torch
from each import each
from numpy.testing import assert_array_equal
from rewriting import changed

from gradcli.language.parser import parse
from gradcli.language.rewrite import guards
from gradcli.numerics.evaluate import Context, evaluate

INF = math.inf
DANGEROUS = [
    ("1/{}", 0),
    ("w/{}", 0),
    ("div(w, {})", 0),
    ("{}**0.5", 0),
    ("pow({}, 0.5)", 0),
    ("float_power({}, 0.5)", 0),
    ("sqrt({})", 0),
    ("rsqrt({})", 0),
    ("reciprocal({})", 0),
    ("square({})", INF),
    ("log({})", 0),
    ("log2({})", 0),
    ("log10({})", 0),
    ("log1p({})", -1),
    ("exp({})", INF),
    ("exp2({})", INF),
    ("expm1({})", INF),
    ("logaddexp({}, {})", -INF),
    ("xlogy(w, {})", 0),
    ("special.xlog1py(w, {})", -1),
    ("special.entr({})", 0),
    ("asin({})", 1),
    ("acos({})", 1),
    ("tan({})", INF),
    ("atan2({}, w)", INF),
    ("sinh({})", INF),
    ("cosh({})", INF),
    ("acosh({})", 1),
    ("atanh({})", 1),
    ("hypot({}, w)", INF),
    ("erfinv({})", 1),
    ("logit({})", 0),
    ("special.log_ndtr({})", -INF),
    ("lgamma({})", 0),
    ("mvlgamma({}, 2)", 0.5),
    ("digamma({})", 0),
    ("polygamma(1, {})", 0),
    ("special.zeta(2.0, {})", 0),
    ("special.i0({})", INF),
    ("softmax({}, dim=0)", INF),
    ("log_softmax({}, dim=0)", INF),
    ("logsumexp({}, dim=0)", INF),
    ("norm({})", INF),
    ("linalg.norm({})", INF),
    ("linalg.vector_norm({})", INF),
    ("normalize({}, dim=0)", INF),
    ("cosine_similarity({}, w, dim=0)", INF),
    ("std({})", INF),
    ("var({})", INF),
    ("prod({})", INF),
    ("cumprod({}, dim=0)", INF),
    ("matmul({}, w)", INF),
    ("dot({}, w)", INF),
]  # fmt: skip
"""What is not finite where its argument is this number, and its slope in something that it reads not either."""


def discarded(function: str, argument: str) -> str:
    """The function in a branch that m keeps."""
    return f"h = x - y; where(m, {function.format(argument, argument)}, 0.0)"


def slopes(text: str, difference: float, *, kept: bool) -> list[float]:
    """PyTorch's slopes of a text in x and w, where x - y is this number."""
    x = torch.full((3,), difference, dtype=torch.float64, requires_grad=True)
    w = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64, requires_grad=True)
    inputs = {"x": x, "y": torch.zeros(3, dtype=torch.float64), "w": w, "m": torch.tensor(kept)}
    program = parse(text)
    value = evaluate(program, {name: inputs[name] for name in program.free_names}, Context(torch.float64)).sum()
    found = torch.autograd.grad(value, [x, w], allow_unused=True)
    return [number for slope in found if slope is not None for number in slope.tolist()]


@each("function, point", DANGEROUS)
def test_what_goes_into_a_branch_that_is_thrown_away_is_guarded(function: str, point: float) -> None:
    text = discarded(function, "h")
    assert not all(map(math.isfinite, slopes(text, point, kept=False))), "nothing is wrong there"
    found = changed(text, guards.rule)
    guarded = [after for safe in guards.SAFE if (after := discarded(function, f"where(m, h, {safe})")) in found]
    mended = next(after for after in guarded if not any(slopes(after, point, kept=False)))
    for kept in (0.75, 1.75):
        assert_array_equal(slopes(mended, kept, kept=True), slopes(text, kept, kept=True))
