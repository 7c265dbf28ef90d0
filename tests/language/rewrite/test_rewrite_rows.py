"""Every row of the tables of identities: what it makes of a text, and that both have one value."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mpmath import mp
from rewriting import changed

from gradcli.language.parser import parse
from gradcli.language.rewrite import identities, removable
from gradcli.language.rewrite.rule import from_table
from gradcli.numerics import reference
from gradcli.numerics.evaluate import Context, evaluate

INPUTS = {
    # between 0 and 1
    "x": np.array([0.3, 0.6, 0.9]),
    "y": np.array([0.5, 0.2, 0.7]),
    "z": np.array([0.1, 0.8, 0.4]),
    "w": np.array([0.7, 0.3, 0.2]),
    "a": np.array([0.4, 0.9, 0.6]),
    "b": np.array([0.8, 0.5, 0.3]),
    "p": np.array([0.25, 0.5, 0.875]),
    # above 1; on both sides of the bounds of a clamp; of both signs
    "q": np.array([1.2, 1.9, 2.6]),
    "u": np.array([0.1, 0.7, 2.5]),
    "s": np.array([-0.5, 0.4, 2.0]),
    # exponents and other numbers
    "c": np.array(1.0),
    "m": np.array(0.75),
    "n": np.array(1.7),
    # matrices, masks and places
    "A": np.array([[1.5, 0.25, -0.5], [0.75, 2.0, 0.5], [-0.25, 0.5, 1.0]]),
    "B": np.array([[0.5, 0.25, 0.75], [0.125, 1.0, 0.5], [2.0, 0.25, 0.5]]),
    "P": np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0.0, 0.0, 1.0]]),
    "M": np.array([[True, False, False], [False, True, False], [False, False, True]]),
    "keep": np.array([True, False, True]),
    "labels": np.array([2, 0, 1]),
    "places": np.array([[2, 0], [0, 1], [1, 1]]),
}

LOSSES = """
binary_cross_entropy(sigmoid(x), p) -> binary_cross_entropy_with_logits(x, p)
-mean(p*log(sigmoid(x)) + (1 - p)*log(1 - sigmoid(x))) -> binary_cross_entropy_with_logits(x, p)
-sum(p*log(sigmoid(x)) + (1 - p)*log(1 - sigmoid(x))) -> binary_cross_entropy_with_logits(x, p, reduction='sum')
-(p*log(sigmoid(x)) + (1 - p)*log(1 - sigmoid(x))) -> binary_cross_entropy_with_logits(x, p, reduction='none')
-p*log(sigmoid(x)) - (1 - p)*log(1 - sigmoid(x)) -> binary_cross_entropy_with_logits(x, p, reduction='none')
p*log(sigmoid(x)) + (1 - p)*log(1 - sigmoid(x)) -> -binary_cross_entropy_with_logits(x, p, reduction='none')
soft_margin_loss(s, x) -> mean(softplus(-x*s))
soft_margin_loss(s, x, reduction='sum') -> sum(softplus(-x*s))
soft_margin_loss(s, x, reduction='none') -> softplus(-x*s)
nll_loss(log(softmax(A, dim=1)), labels) -> cross_entropy(A, labels)
nll_loss(log_softmax(A, dim=1), labels) -> cross_entropy(A, labels)
-sum(P*log(softmax(A, dim=1))) -> cross_entropy(A, P, reduction='sum')
cross_entropy(A, labels) -> cross_entropy(A, labels, reduction='sum')/clamp(sum(labels != -100), min=1)
"""

LOGARITHMS = """
log(softmax(A, dim=1)) -> log_softmax(A, dim=1)
log(softmax(A, dim=1)[0]) -> log_softmax(A, dim=1)[0]
log(gather(softmax(A, dim=1), 1, places)) -> gather(log_softmax(A, dim=1), 1, places)
log(select(softmax(A, dim=1), 0, 1)) -> select(log_softmax(A, dim=1), 0, 1)
log(sigmoid(x)[0]) -> logsigmoid(x[0])
log(exp(x)/sum(exp(x))) -> log_softmax(x, dim=0)
log(exp(A)/sum(exp(A), dim=1, keepdim=True)) -> log_softmax(A, dim=1)
A - log(sum(exp(A), dim=1, keepdim=True)) -> log_softmax(A, dim=1)
x - log(sum(exp(x))) -> log_softmax(x, dim=0)
log(sigmoid(x)) -> logsigmoid(x)
log(1 - sigmoid(x)) -> logsigmoid(-x)
log(1/(1 + exp(x))) -> logsigmoid(-x)
log(exp(x)/(1 + exp(x))) -> logsigmoid(x)
log(1 + exp(2*x))/2 -> softplus(x, beta=2)
log(1 + exp(x)) -> softplus(x)
softplus(x, beta=2, threshold=15) -> softplus(x, beta=2)
log(sum(exp(A), dim=1)) -> logsumexp(A, dim=1)
log(sum(exp(x))) -> logsumexp(x, dim=0)
log(sum(exp(x))) -> logsumexp(flatten(x), dim=0)
log(mean(exp(A), dim=1)) -> logsumexp(A, dim=1) - log(A.shape[1])
log(mean(exp(x))) -> logsumexp(flatten(x), dim=0) - log(x.numel())
log(sum(B*exp(A), dim=1)) -> logsumexp(log(B) + A, dim=1)
log(sum(w*exp(x))) -> logsumexp(log(w) + x, dim=0)
log(sum(w*exp(x))) -> logsumexp(flatten(log(w) + x), dim=0)
log(sum(B*exp(A)/a, dim=1)) -> logsumexp(log(B) + A - log(a), dim=1)
log(sum(w*exp(x)/a)) -> logsumexp(log(w) + x - log(a), dim=0)
log(sum(exp(A)/a, dim=1)) -> logsumexp(A - log(a), dim=1)
log(sum(exp(x)/a)) -> logsumexp(x - log(a), dim=0)
log(mean(B*exp(A), dim=1)) -> logsumexp(log(B) + A, dim=1) - log(A.shape[1])
log(mean(w*exp(x))) -> logsumexp(flatten(log(w) + x), dim=0) - log((w + x).numel())
log(w @ exp(x)) -> logsumexp(log(w) + x, dim=0)
log(dot(w, exp(x))) -> logsumexp(log(w) + x, dim=0)
log(exp(x) @ w) -> logsumexp(x + log(w), dim=0)
log(a*exp(x) + b*exp(y)) -> logaddexp(log(a) + x, log(b) + y)
log(a*exp(x) + exp(y)) -> logaddexp(log(a) + x, y)
logaddexp(logaddexp(logaddexp(x, y), z), w) -> logsumexp(stack([x, y, z, w]), dim=0)
logaddexp(logaddexp(x, y), z) -> logsumexp(stack([x, y, z]), dim=0)
logaddexp(x, y) -> logsumexp(stack([x, y]), dim=0)
log(exp(x) + exp(y)) -> logaddexp(x, y)
log(cosh(x)) -> abs(x) + softplus(-2*abs(x)) - log(2)
log(cosh(x)) -> x + softplus(-2*x) - log(2)
log(0.5*(1 + erf(x))) -> special.log_ndtr(x*sqrt(2))
log(special.ndtr(x)) -> special.log_ndtr(x)
log(erfc(x)) -> special.log_ndtr(-x*sqrt(2)) + log(2)
log(exp(q) - 1) -> q + log(-expm1(-q))
log(exp(q) - exp(y)) -> q + log(-expm1(y - q))
log(exp(x)) -> x
log(prod(x)) -> sum(log(x))
log(a*exp(x)) -> log(a) + x
log(a/exp(x)) -> log(a) - x
log(exp(x)/a) -> x - log(a)
log(x**3) -> 3*log(x)
log(x**2) -> 2*log(abs(x))
log(sqrt(x)) -> 0.5*log(x)
log(a/b) -> log(a) - log(b)
log(a*b) -> log(a) + log(b)
log(det(A)) -> logdet(A)
log(abs(det(A))) -> slogdet(A)[1]
log(linalg.det(A)) -> logdet(A)
log(abs(linalg.det(A))) -> linalg.slogdet(A)[1]
log(1 + x) -> log1p(x)
exp(log(x)) -> x
exp(3*log(x)) -> x**3
exp(log_softmax(A, dim=1)) -> softmax(A, dim=1)
exp(logsigmoid(x)) -> sigmoid(x)
sigmoid(log(x)) -> x/(1 + x)
x*log(1 + y) -> special.xlog1py(x, y)
x*log(y) -> xlogy(x, y)
"""

EXPONENTIALS = """
a*exp(x)/(1 + exp(x))**2 -> a*sigmoid(x)*sigmoid(-x)
exp(x)/(1 + exp(x))**2 -> sigmoid(x)*sigmoid(-x)
sigmoid(x)*(1 - sigmoid(x)) -> sigmoid(x)*sigmoid(-x)
1 - sigmoid(x) -> sigmoid(-x)
1/(1 + exp(x)) -> sigmoid(-x)
exp(x)/(1 + exp(x)) -> sigmoid(x)
exp(x)/(exp(x) + exp(y)) -> sigmoid(x - y)
exp(x)/(a + exp(x)) -> sigmoid(x - log(a))
a*exp(x)/(b + exp(x)) -> a*sigmoid(x - log(b))
a/(1 + exp(x)) -> a*sigmoid(-x)
a*exp(x)/(1 + exp(x)) -> a*sigmoid(x)
(exp(x) - exp(-x))/(exp(x) + exp(-x)) -> tanh(x)
(exp(2*x) - 1)/(exp(2*x) + 1) -> tanh(x)
(1 - exp(-2*x))/(1 + exp(-2*x)) -> tanh(x)
(1 - exp(x))/(1 + exp(x)) -> tanh(-x/2)
(exp(x) - 1)/(exp(x) + 1) -> tanh(x/2)
sinh(x)/cosh(x) -> tanh(x)
atanh(tanh(x)) -> x
asinh(sinh(x)) -> x
logit(sigmoid(x)) -> x
log(sigmoid(x)/(1 - sigmoid(x))) -> x
acosh(cosh(x)) -> abs(x)
asin(sin(x)) -> x
tan(atan(x)) -> x
tanh(atanh(x)) -> x
cosh(acosh(q)) -> q
sinh(asinh(x)) -> x
sin(asin(x)) -> x
cos(acos(x)) -> x
sigmoid(logit(x)) -> x
exp(A)/sum(exp(A), dim=1, keepdim=True) -> softmax(A, dim=1)
exp(A)/sum(exp(A), dim=0) -> softmax(A, dim=0)
exp(x)/sum(exp(x)) -> softmax(x, dim=0)
softmax(masked_fill(A, M, -inf), dim=1) -> softmax(masked_fill(A, M, -1e+30), dim=1)
softmax(where(M, A, -inf), dim=1) -> softmax(where(M, A, -1e+30), dim=1)
log_softmax(masked_fill(A, M, -inf), dim=1) -> log_softmax(masked_fill(A, M, -1e+30), dim=1)
log_softmax(where(M, A, -inf), dim=1) -> log_softmax(where(M, A, -1e+30), dim=1)
softmax(masked_fill(A, M, -inf), dim=1) -> softmax(masked_fill(A, M, -10000.0), dim=1)
softmax(where(M, A, -inf), dim=1) -> softmax(where(M, A, -10000.0), dim=1)
log_softmax(masked_fill(A, M, -inf), dim=1) -> log_softmax(masked_fill(A, M, -10000.0), dim=1)
log_softmax(where(M, A, -inf), dim=1) -> log_softmax(where(M, A, -10000.0), dim=1)
sqrt(a*exp(x)) -> sqrt(a)*exp(x/2)
sqrt(exp(x)) -> exp(x/2)
(1 - sigmoid(x))**3 -> exp(3*logsigmoid(-x))
sigmoid(x)**3 -> exp(3*logsigmoid(x))
sqrt(1 - sigmoid(x)) -> exp(0.5*logsigmoid(-x))
sqrt(sigmoid(x)) -> exp(0.5*logsigmoid(x))
softmax(A, dim=1)**3 -> exp(3*log_softmax(A, dim=1))
sqrt(softmax(A, dim=1)) -> exp(0.5*log_softmax(A, dim=1))
exp(x)**3 -> exp(3*x)
(a*exp(x))**3 -> a**3*exp(3*x)
a*exp(x)*exp(y) -> a*exp(x + y)
exp(x)*exp(y) -> exp(x + y)
exp(x)/exp(y) -> exp(x - y)
1/exp(x) -> exp(-x)
a/exp(x) -> a*exp(-x)
a*exp(x)/exp(y) -> a*exp(x - y)
exp(q) - 1 -> expm1(q)
a - a*exp(x) -> -a*expm1(x)
1/cosh(x) -> 2*exp(-abs(x))/(1 + exp(-2*abs(x)))
x/(1 + exp(-x)) -> silu(x)
exp2(x) -> exp2(x - 1) + exp2(x - 1)
"""

ROOTS = """
sqrt(sum(abs(s)**2)) -> norm(s)
sqrt(sum(x**2)) -> norm(x)
sqrt(mean(x**2)) -> norm(x)/sqrt(x.numel())
sqrt(mean(A**2, dim=1)) -> norm(A, dim=1)/sqrt(A.shape[1])
sqrt(mean(A**2, dim=1, keepdim=True)) -> norm(A, dim=1, keepdim=True)/sqrt(A.shape[1])
sqrt(x @ x) -> norm(x)
sqrt(dot(x, x)) -> norm(x)
sum(abs(s)**3)**(1/3) -> norm(s, 3)
sqrt(x**2 + y**2 + z**2) -> norm(stack([x, y, z]), dim=0)
sqrt(x**2 + y**2) -> norm(stack([x, y]), dim=0)
sqrt(x**2 + y**2) -> hypot(x, y)
sqrt(x**2 + y**2 + z**2) -> hypot(hypot(x, y), z)
sqrt(sum(x**2)) -> amax(abs(x)).detach()*norm(x/amax(abs(x)).detach())
norm(x) -> amax(abs(x)).detach()*norm(x/amax(abs(x)).detach())
linalg.norm(x) -> amax(abs(x)).detach()*norm(x/amax(abs(x)).detach())
linalg.vector_norm(x) -> amax(abs(x)).detach()*norm(x/amax(abs(x)).detach())
sqrt(mse_loss(x, y)) -> norm(x - y)/sqrt((x - y).numel())
sqrt(mse_loss(x, y, reduction='sum')) -> norm(x - y)
hypot(x, y) -> norm(stack([x, y]), dim=0)
norm(A)**2 -> sum(A**2)
linalg.norm(A)**2 -> sum(A**2)
sqrt(var(x)) -> std(x)
sqrt(s**2) -> abs(s)
sqrt(s*conj(s)) -> abs(s)
s**2/abs(s) -> abs(s)
sqrt(s**4) -> s**2
sqrt(x**n) -> x**(n/2)
(x**2)**n -> abs(x)**(2*n)
(x**m)**n -> x**(m*n)
sqrt(x)**2 -> x
sqrt(x)**3 -> x**1.5
sqrt(x)*sqrt(y) -> sqrt(x*y)
x/sqrt(x) -> sqrt(x)
x*sqrt(x) -> x**1.5
a*x*sqrt(x) -> a*x**1.5
x**n*sqrt(x) -> x**(n + 0.5)
a*x**n*sqrt(x) -> a*x**(n + 0.5)
x*x**n -> x**(n + 1)
a*x*x**n -> a*x**(n + 1)
x**m*x**n -> x**(m + n)
s*sqrt(abs(s)) -> sign(s)*abs(s)**1.5
a*s*sqrt(abs(s)) -> a*sign(s)*abs(s)**1.5
s*abs(s)**n -> sign(s)*abs(s)**(n + 1)
a*s*abs(s)**n -> a*sign(s)*abs(s)**(n + 1)
maximum(sqrt(u), 0.5) -> sqrt(maximum(u, 0.25))
clamp(sqrt(u), min=0.5) -> sqrt(clamp(u, min=0.25))
clamp(sqrt(u), min=0.5, max=0.9) -> sqrt(clamp(u, min=0.25, max=0.81))
sqrt(clamp(u, min=0.25)) -> where(u > 0.25, sqrt(where(u > 0.25, u, 1.0)), 0.5)
sqrt(relu(s)) -> where(s > 0, sqrt(where(s > 0, s, 1.0)), 0.0)
sqrt(maximum(u, 0.5)) -> where(u > 0.5, sqrt(where(u > 0.5, u, 1.0)), sqrt(0.5))
clamp(u, min=0.5)**3 -> where(u > 0.5, where(u > 0.5, u, 1.0)**3, 0.125)
relu(s)**3 -> where(s > 0, where(s > 0, s, 1.0)**3, 0.0)
log(clamp(s, min=0)) -> where(s > 0, log(where(s > 0, s, 1.0)), -inf)
log(relu(s)) -> where(s > 0, log(where(s > 0, s, 1.0)), -inf)
clamp(log(u), min=0.5) -> log(clamp(u, min=exp(0.5)))
clamp(log(u), min=0.5, max=0.9) -> log(clamp(u, min=exp(0.5), max=exp(0.9)))
maximum(log(u), 0.5) -> log(maximum(u, exp(0.5)))
relu(log(s)) -> log(clamp(s, min=1))
"""

QUOTIENTS = """
prod(x)/x -> prod(where(eye(x.shape[0]) == 1, 1.0, x), dim=1)
sin(pi*x)/(pi*x) -> sinc(x)
where(x == 0, 1, sin(pi*x)/(pi*x)) -> sinc(x)
x**2/x -> x
x**3/x -> x**(3 - 1)
a*x/x -> a
x/x -> ones_like(x)
x*(a/x) -> a
mean(x[keep]) -> sum(x[keep])/clamp(sum(keep), min=1)
softmax(a*m, dim=0) -> softmax(where(isinf(m), m, a*where(isinf(m), 1.0, m)), dim=0)
exp(a*m) -> exp(where(isinf(m), m, a*where(isinf(m), 1.0, m)))
exp(x - y) -> exp(where(isinf(x), x, x - where(isinf(y), 0.0, y)))
linalg.svd(A)[0] @ diag_embed(linalg.svd(A)[1]) @ linalg.svd(A)[2] -> A
linalg.svd(A)[0] @ diag(linalg.svd(A)[1]) @ linalg.svd(A)[2] -> A
linalg.qr(A)[0] @ linalg.qr(A)[1] -> A
linalg.qr(A, mode='complete')[1] -> linalg.qr(A)[1]
"""

ROUNDING = """
sqrt(x + a) - sqrt(x) -> a/(sqrt(x + a) + sqrt(x))
sqrt(q) - sqrt(q - a) -> a/(sqrt(q) + sqrt(q - a))
sqrt(q + a) - sqrt(q - a) -> 2*a/(sqrt(q + a) + sqrt(q - a))
sqrt(x**2 + a) - x -> a/(sqrt(x**2 + a) + x)
q - sqrt(q**2 - a) -> a/(q + sqrt(q**2 - a))
sqrt(1 + x) - 1 -> x/(sqrt(1 + x) + 1)
1 - sqrt(1 - x) -> x/(1 + sqrt(1 - x))
sqrt(x) - sqrt(y) -> (x - y)/(sqrt(x) + sqrt(y))
1/x - 1/(x + a) -> a/(x*(x + a))
log(x + a) - log(x) -> log1p(a/x)
1 - exp(x) -> -expm1(x)
1 - cos(x) -> 2*sin(x/2)**2
1 - erf(x) -> erfc(x)
1 + erf(x) -> erfc(-x)
sigmoid(x) - 1 -> -sigmoid(-x)
1 - tanh(x)**2 -> 4*sigmoid(2*x)*sigmoid(-2*x)
1 - tanh(x) -> 2*sigmoid(-2*x)
1 + tanh(x) -> 2*sigmoid(2*x)
cosh(x) - 1 -> 2*sinh(x/2)**2
"""

TAILS = """
sigmoid(x) -> 1 - sigmoid(-x)
tanh(x) -> 1 - 2*sigmoid(-2*x)
tanh(x) -> 2*sigmoid(2*x) - 1
expm1(x) -> exp(x) - 1
softsign(x) -> sign(x)*(1 - 1/(1 + abs(x)))
sqrt(x**2 + y**2) -> hypot(x, y)
elu(x) -> where(x > 0, x, exp(clamp(x, max=0)) - 1)
"""

REMOVABLE = """
(sqrt(1 + x) - 1)/x -> 1/(sqrt(1 + x) + 1)
(sqrt(x) - 1)/(x - 1) -> 1/(sqrt(x) + 1)
sin(x)**2/x -> sin(x)*sinc(x/pi)
sin(x)**2/x**2 -> sinc(x/pi)**2
(x**2 - 1)/(x - 1) -> x + 1
(q**2 - a**2)/(q - a) -> q + a
(x**2 - 1)/(x + 1) -> x - 1
x/sin(x) -> 1/sinc(x/pi)
x/tan(x) -> cos(x)/sinc(x/pi)
(1 - cos(x))/x**2 -> 0.5*sinc(x/(2*pi))**2
"""

WITH_TERMS = """
acos(x)/sin(acos(x))
acos(x)/sqrt(1 - x**2)
log(x)/(x - 1)
(x - 1)/log(x)
(1 - cos(x))/x**2
(1 - exp(-x))/x
"""
"""Quotients of which the first terms stand near the point."""

SERIES = (
    "(exp(x) - 1)",
    "log(1 + x)",
    "sin(x)",
    "sinh(x)",
    "tanh(x)",
    "asin(x)",
    "atan(x)",
    "asinh(x)",
    "atanh(x)",
    "erf(x)",
)
"""What is x near 0."""
CLOSED = ("sin(x)", "tan(x)", "(1 - cos(x))")
"""What has a form over x that holds everywhere."""


def made(table: str, text: str) -> list[str]:
    """What the rows of a table make of a text."""
    rows = getattr(removable if table == "ROWS" else identities, table)
    return changed(text, from_table(rows))


def numbers(text: str) -> list[mp.mpf]:
    """The value by the reference; where that has none, as of the vectors of a decomposition, by PyTorch in float64."""
    program = parse(text, bound=list(INPUTS))
    inputs = {name: INPUTS[name] for name in program.free_names}
    try:
        return reference.value(program, inputs).ravel().tolist()
    except reference.NoReference:
        tensors = {name: torch.tensor(array) for name, array in inputs.items()}
        return [mp.mpf(x) for x in evaluate(program, tensors, Context(torch.float64)).ravel().tolist()]


def differ(before: str, after: str) -> bool:
    """Whether two texts have other values where the first has finite ones."""
    one, other = numbers(before), numbers(after)
    tolerance = 1e-14 if "linalg." in before else 1e-15
    pairs = [(x, y) for x, y in zip(one, other, strict=True) if mp.isfinite(x)]
    return not pairs or any(not abs(x - y) <= tolerance * max(abs(x), 1) for x, y in pairs)


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        ("LOSSES", LOSSES),
        ("LOGARITHMS", LOGARITHMS),
        ("EXPONENTIALS", EXPONENTIALS),
        ("ROOTS", ROOTS),
        ("QUOTIENTS", QUOTIENTS),
        ("ROUNDING", ROUNDING),
        ("TAILS", TAILS),
        ("ROWS", REMOVABLE),
    ],
)
def test_a_row_makes_of_a_text_one_with_the_same_value(table: str, lines: str) -> None:
    pairs = [line.split(" -> ") for line in lines.strip().splitlines()]
    assert [(before, after) for before, after in pairs if after not in made(table, before)] == []
    assert [(before, after) for before, after in pairs if differ(before, after)] == []


@pytest.mark.parametrize(
    "form",
    ["{}/x", "b*{}/x", "{}/(b*x)", "where(x > 0, {}/x, c)", "where(x < 0, c, {}/x)"],
)
def test_a_function_over_its_argument_has_forms_with_the_same_value(form: str) -> None:
    for functions, is_closed in ((SERIES, False), (CLOSED, True)):
        for function in functions:
            before = form.format(function)
            forms = [after for after in made("ROWS", before) if ("abs(x)" not in after) == is_closed]
            assert forms, before
            assert not any(differ(before, after) for after in forms), (before, forms)


@pytest.mark.parametrize("form", ["{}/x", "b*{}/x"])
def test_a_function_of_a_multiple_over_the_argument_has_forms_with_the_same_value(form: str) -> None:
    for function in SERIES + CLOSED:
        before = form.format(
            function.replace("x)", "(a*x))").replace("(1 + (a*x))", "(1 + a*x)").replace("e(a*x)p", "exp")
        )
        forms = made("ROWS", before)
        assert forms, before
        assert not any(differ(before, after) for after in forms), (before, forms)


@pytest.mark.parametrize("form", ["x/{}", "b*x/{}", "where(x > 0, x/{}, c)", "where(x < 0, c, x/{})"])
def test_an_argument_over_its_function_has_forms_with_the_same_value(form: str) -> None:
    for function in SERIES:
        before = form.format(function)
        forms = [after for after in made("ROWS", before) if "abs(x)" in after]
        assert forms, before
        assert not any(differ(before, after) for after in forms), (before, forms)


def test_a_quotient_elsewhere_has_terms_and_the_same_value() -> None:
    for before in WITH_TERMS.strip().splitlines():
        forms = [after for after in made("ROWS", before) if after.startswith("where(")]
        assert forms, before
        assert not any(differ(before, after) for after in forms), (before, forms)
