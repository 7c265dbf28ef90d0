"""Identities: each with texts that it rewrites, word for word, and near neighbours that it leaves alone."""

from __future__ import annotations

from each import each
from rewriting import rewritten

from gradcli.language.parser import parse
from gradcli.language.rewrite import identities, removable
from gradcli.language.rewrite.editing import EditableProgram
from gradcli.language.rewrite.rule import Identity

REWRITTEN = [
    ("log-softmax", "log(softmax(x, dim=0))[1]", "log_softmax(x, dim=0)[1]"),
    ("log-softmax", "log(softmax(x, -1))", "log_softmax(x, dim=-1)"),
    ("log-softmax", "x.softmax(0).log()", "x.log_softmax(dim=0)"),
    ("log-softmax", "torch.log(F.softmax(x + 1, dim=0))", "F.log_softmax(x + 1, dim=0)"),
    ("log-sigmoid", "log(sigmoid(x))", "logsigmoid(x)"),
    ("log-sigmoid", "log(expit(x*w))", "logsigmoid(x*w)"),
    ("log-sigmoid", "x.sigmoid().log()", "logsigmoid(x)"),
    ("log-sigmoid", "2*log(1 - sigmoid(x))", "2*logsigmoid(-x)"),
    ("log-sigmoid", "log(-sigmoid(-x) + 1)", "logsigmoid(x)"),
    ("softplus", "log(1 + exp(x))", "softplus(x)"),
    ("softplus", "log(exp(-x) + 1)", "softplus(-x)"),
    ("softplus", "log1p(exp(x))", "softplus(x)"),
    ("softplus", "log(1 + exp(3*x))/3", "softplus(x, beta=3)"),
    ("logsumexp", "log(sum(exp(x), 1))", "logsumexp(x, dim=1)"),
    ("logsumexp", "x.exp().sum(dim=0, keepdim=True).log()", "x.logsumexp(dim=0, keepdim=True)"),
    ("logsumexp", "log(exp(x).sum())", "logsumexp(flatten(x), dim=0)"),
    ("logsumexp", "logaddexp(logaddexp(x, y), z)", "logsumexp(stack([x, y, z]), dim=0)"),
    ("logsumexp", "logaddexp(z, logaddexp(x, y))", "logsumexp(stack([x, y, z]), dim=0)"),
    ("log1p", "log(1 + x)", "log1p(x)"),
    ("log1p", "log(1 - x)", "log1p(-x)"),
    ("xlogy", "x*log(y)", "xlogy(x, y)"),
    ("xlogy", "2*2*log(y)", "xlogy(2*2, y)"),
    ("xlogy", "(x + 1)*log(y/2)", "xlogy(x + 1, y/2)"),
    ("log-of-exp", "log(exp(x)) + 1", "x + 1"),
    ("log-cosh", "log(cosh(x))", "abs(x) + softplus(-2*abs(x)) - log(2)"),
    ("expm1", "exp(x) - 1", "expm1(x)"),
    ("expm1", "2*(exp(x) - 1)", "2*expm1(x)"),
    ("sigmoid", "1/(1 + exp(-x))", "sigmoid(x)"),
    ("sigmoid", "1 - sigmoid(x)", "sigmoid(-x)"),
    ("sigmoid", "exp(x)/(1 + exp(x))", "sigmoid(x)"),
    ("sigmoid-derivative", "k*exp(-k*x)/(exp(-k*x) + 1)**2", "k*sigmoid(-k*x)*sigmoid(k*x)"),
    ("sigmoid-derivative", "s = sigmoid(x); s*(1 - s)", "sigmoid(x)*sigmoid(-x)"),
    ("tanh", "(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)"),
    ("inverse", "atanh(tanh(x + y))**2", "(x + y)**2"),
    ("softmax", "exp(x)/exp(x).sum()", "softmax(x, dim=0)"),
    ("power-of-exp", "sqrt(a*exp(-b))", "sqrt(a)*exp(-b/2)"),
    ("quotient-of-exp", "a/exp(-2)", "a*exp(2)"),
    ("quotient-of-exp", "exp(x)/exp(y)", "exp(x - y)"),
    ("norm", "sqrt(sum(x**2))", "norm(x)"),
    ("norm", "x.pow(2).sum().sqrt()", "x.norm()"),
    ("norm", "sum(x*x, dim=1)**0.5", "norm(x, dim=1)"),
    ("norm", "torch.sqrt(torch.square(x - y).sum(-1))", "torch.norm(x - y, dim=-1)"),
    ("abs", "sqrt((x - 1)**2)", "abs(x - 1)"),
    ("guard-inside", "maximum(sqrt(s), m)", "sqrt(maximum(s, m**2))"),
    ("guard-inside", "maximum(m, sqrt(s))", "sqrt(maximum(s, m**2))"),
    ("guard-inside", "clamp(sqrt(x), min=1e-3)", "sqrt(clamp(x, min=1e-06))"),
    ("guard-inside", "sqrt(x).clamp_min(0.5)", "sqrt(clamp(x, min=0.25))"),
    ("sinc", "where(0 == x, 1, sin(pi*x)/(pi*x))", "sinc(x)"),
    ("prod", "prod(x)/x", "prod(where(eye(x.shape[0]) == 1, 1.0, x), dim=1)"),
    ("cancel", "t*(x/t)", "x"),
    ("bce-with-logits", "F.binary_cross_entropy(torch.sigmoid(x), t, reduction='sum')",
     "F.binary_cross_entropy_with_logits(x, t, reduction='sum')"),
    ("bce-with-logits", "t*log(sigmoid(x)) + (1 - t)*log(1 - sigmoid(x))",
     "-binary_cross_entropy_with_logits(x, t, reduction='none')"),
    ("bce-with-logits", "-(t*log(sigmoid(x)) + (1 - t)*log(1 - sigmoid(x))).mean()",
     "binary_cross_entropy_with_logits(x, t)"),
    ("soft-margin", "soft_margin_loss(x, t)", "mean(softplus(-t*x))"),
    ("soft-margin", "F.soft_margin_loss(x, t, reduction='sum')", "torch.sum(F.softplus(-t*x))"),
    ("cross-entropy", "nll_loss(log(softmax(x, dim=1)), t, reduction='sum')", "cross_entropy(x, t, reduction='sum')"),
    ("cross-entropy", "nll_loss(log_softmax(x, dim=1), t, reduction='sum')", "cross_entropy(x, t, reduction='sum')"),
    ("logsumexp", "log(sum(w*exp(x), dim=1, keepdim=True))", "logsumexp(log(w) + x, dim=1, keepdim=True)"),
    ("logsumexp", "log(sum(w*exp(x)/a, dim=1, keepdim=True))", "logsumexp(log(w) + x - log(a), dim=1, keepdim=True)"),
    ("log-of-product", "log(prod(x, dim=1))", "sum(log(x), dim=1)"),
    ("exp-of-log", "exp(log_softmax(x, dim=1))", "softmax(x, dim=1)"),
    ("norm", "sqrt(sum(abs(x)**2, dim=1))", "norm(x, dim=1)"),
    ("norm", "sum(abs(x)**3, dim=1)**(1/3)", "norm(x, 3, dim=1)"),
    ("norm-squared", "norm(x, dim=1)**2", "sum(x**2, dim=1)"),
    ("norm-squared", "linalg.norm(x, dim=1)**2", "sum(x**2, dim=1)"),
    ("std", "sqrt(var(x, dim=1))", "std(x, dim=1)"),
    ("conjugate", "sqrt(x) - sqrt(x - 2)", "2/(sqrt(x) + sqrt(x - 2))"),
    ("log-softmax", "log(softmax(x, dim=0)[1])", "log_softmax(x, dim=0)[1]"),
    ("log-softmax", "-x.softmax(-1)[0, t].log()", "-x.log_softmax(dim=-1)[0, t]"),
    ("log-softmax", "p = softmax(x, 0); log(p[i])", "log_softmax(x, dim=0)[i]"),
    ("norm", "sqrt(mse_loss(x, y))", "norm(x - y)/sqrt((x - y).numel())"),
    ("norm", "F.mse_loss(a, b, reduction='sum')**0.5", "torch.norm(a - b)"),
    ("power-of-root", "x*sqrt(x)", "x**1.5"),
    ("power-of-root", "y * torch.sqrt(x) * x", "y * x**1.5"),
    ("power-of-root", "x**2*x**0.5", "x**2.5"),
    ("power-of-root", "x*x**(1/3)", "x**(1/3 + 1)"),
    ("power-of-root", "x*abs(x)**0.5", "sign(x)*abs(x)**1.5"),
    ("root-of-power", "(x**2)**0.75", "abs(x)**1.5"),
    ("root-of-power", "sqrt(x**3)", "x**1.5"),
    ("removable", "sin(3*x)/x", "3*sinc(3*x/pi)"),
    ("removable", "x/torch.sin(x)", "1/torch.sinc(x/pi)"),
    ("removable", "torch.div(1 - torch.cos(x), x**2)", "0.5*torch.sinc(x/(2*pi))**2"),
    ("removable", "(x**2 - 1)/(x - 1)", "x + 1"),
    ("removable", "p = acos(w); p/sin(p)",
     "where(abs(w - 1) > 0.002, acos(where(abs(w - 1) > 0.002, w, 0.5))"
     "/sqrt((1 - where(abs(w - 1) > 0.002, w, 0.5))*(1 + where(abs(w - 1) > 0.002, w, 0.5))), "
     "1 - (w - 1)/3 + 2*(w - 1)**2/15 - 2*(w - 1)**3/35)"),
    ("removable", "where(t == 0, 1.0, tanh(t)/t)",
     "where(abs(t) > 0.01, tanh(where(abs(t) > 0.01, t, 0.5))/where(abs(t) > 0.01, t, 0.5), 1 - t**2/3 + 2*t**4/15)"),
    ("masked-softmax", "softmax(x.masked_fill(m, -inf), dim=1)", "softmax(masked_fill(x, m, -1e+30), dim=1)"),
    ("masked-softmax", "torch.where(m, x, -torch.inf).softmax(-1)", "F.softmax(torch.where(m, x, -1e+30), dim=-1)"),
    ("logsumexp", "log(sum(w*exp(-x**2)))", "logsumexp(log(w) - x**2, dim=0)"),
    ("logsumexp", "(exp(x)*w).sum(1).log()", "logsumexp(log(w) + x, dim=1)"),
    ("logsumexp", "log(sum(exp(x)/(2*s), dim=1, keepdim=True))", "logsumexp(x - log(2*s), dim=1, keepdim=True)"),
    ("logaddexp", "log(p*exp(x) + (1 - p)*exp(y))", "logaddexp(log(p) + x, log(1 - p) + y)"),
    ("conjugate", "sqrt(x + 1) - sqrt(x)", "1/(sqrt(x + 1) + sqrt(x))"),
    ("difference-of-logs", "log(x + a + b) - log(x)", "log1p((a + b)/x)"),
    ("difference-of-logs", "log(x - a - b) - log(x)", "log1p((-a - b)/x)"),
    ("difference-of-logs", "log(x + a - 1) - log(x)", "log1p((a - 1)/x)"),
    ("difference-of-logs", "log(x + a + 2) - log(x)", "log1p((a + 2)/x)"),
    ("complement", "1 - tanh(x)", "2*sigmoid(-2*x)"),
    ("guard-inside", "clamp(log(x), -10, 10)", "log(clamp(x, min=exp(-10), max=exp(10)))"),
]  # fmt: skip

LEFT_ALONE = [
    ("log-softmax", "log(softmax(x, dim=0) + 1e-6)"),
    ("log-softmax", "log2(softmax(x, dim=0))"),
    ("log-sigmoid", "log(2 - sigmoid(x))"),
    ("log-sigmoid", "x = sigmoid(x); log(x)"),  # the x within is the one before
    ("log-sigmoid", "T = sigmoid(x); log(y.T) + T"),
    ("softplus", "log(2 + exp(x))"),
    ("logsumexp", "log(sum(x))"),
    ("logsumexp", "log(sum(exp(x), dtype=float64))"),
    ("logsumexp", "log2(sum(exp(x)))"),
    ("log1p", "log(2 + x)"),
    ("xlogy", "x + log(y)"),
    ("expm1", "exp(x) + 1"),
    ("sigmoid", "1/(2 + exp(-x))"),
    ("sigmoid-derivative", "exp(-x)/(1 + exp(x))**2"),
    ("tanh", "(exp(x) - exp(-y))/(exp(x) + exp(-x))"),
    ("inverse", "tanh(asinh(x))"),
    ("softmax", "exp(x)/exp(y).sum()"),
    ("norm", "sqrt(sum(x**3))"),
    ("norm", "sqrt(sum(x*y))"),
    ("norm", "sum(x**2)"),
    ("abs", "sqrt(x**3)"),
    ("guard-inside", "maximum(s, m)"),
    ("prod", "prod(x)/y"),
    ("cancel", "t*(x/s)"),
    ("bce-with-logits", "binary_cross_entropy(x, t)"),
    ("bce-with-logits", "t*log(sigmoid(x)) + (1 - s)*log(1 - sigmoid(x))"),
    ("soft-margin", "hinge_embedding_loss(x, t)"),
    ("cross-entropy", "nll_loss(x, t)"),
    ("ignored-targets", "cross_entropy(x, t, weight=w)"),  # whose mean is one of weights, and not of targets
    ("log-softmax", "log(softmax(x, dim=0) + x[1])"),
    ("power-of-root", "x*sqrt(y)"),
    ("root-of-power", "sqrt(x + y)"),
    ("sinc", "sin(a*x)/(a*x)"),
    ("removable", "sin(x)/y"),
    ("removable", "(1 - cos(x))/x**3"),
    ("removable", "where(t == 0, 1.0, tanh(t)/s)"),
    ("masked-softmax", "softmax(x.masked_fill(m, 0.0), dim=1)"),
    ("masked-softmax", "softmax(x.masked_fill(m, inf), dim=1)"),
    ("logsumexp", "log(sum(w + exp(x)))"),
    ("conjugate", "sqrt(x + 1) - sqrt(y)*2"),
    ("complement", "2 - tanh(x)"),
    ("complement", "1 - tanh(x)*2j"),
]


@each("rule, before, after", REWRITTEN)
def test_it_is_rewritten(rule: str, before: str, after: str) -> None:
    assert after in rewritten(before, rule)


@each("rule, text", LEFT_ALONE)
def test_it_is_left_alone(rule: str, text: str) -> None:
    assert rewritten(text, rule) == []


def test_a_number_that_is_added_is_not_a_negative_one_that_is_subtracted() -> None:
    assert rewritten("sqrt(x) - sqrt(x + 2)", "conjugate") == ["(x - (x + 2))/(sqrt(x) + sqrt(x + 2))"]


ROWS = [row for value in vars(identities).values() if isinstance(value, tuple) for row in value]


@each("row", [*ROWS, *removable.ROWS], ids=lambda row: f"{row.pattern}, {row.template[:30]}")
def test_a_pattern_is_not_passed_over_on_its_own_text(row: Identity) -> None:
    assert row.calls <= EditableProgram(parse(row.pattern)).operations


def test_a_pattern_names_its_operations_as_terms_do() -> None:
    assert Identity("", "mse_loss(x, log1p(y))", "x").calls == {"mse"}
    assert EditableProgram(parse("x*log1p(y)")).operations >= {"mul", "log", "add"}


def test_a_pattern_is_passed_over_where_a_function_is_missing() -> None:
    assert not Identity("", "log(sigmoid(x))", "x").calls <= EditableProgram(parse("log(x)")).operations
