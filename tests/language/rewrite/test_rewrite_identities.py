"""Identities: each with texts that it rewrites, word for word, and near neighbours that it leaves alone."""

from __future__ import annotations

import pytest
from rewriting import rewritten

REWRITTEN = [
    ("log-softmax", "log(softmax(x, dim=0))[1]", "log_softmax(x, dim=0)[1]"),
    ("log-softmax", "log(softmax(x, -1))", "log_softmax(x, dim=-1)"),
    ("log-softmax", "x.softmax(0).log()", "x.log_softmax(dim=0)"),
    ("log-softmax", "torch.log(F.softmax(x + 1, dim=0))", "F.log_softmax(x + 1, dim=0)"),
    ("log-sigmoid", "log(sigmoid(x))", "logsigmoid(x)"),
    ("log-sigmoid", "log(expit(x*w))", "logsigmoid(x*w)"),
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
    ("xlogy", "(x + 1)*log(y/2)", "xlogy(x + 1, y/2)"),
    ("log-of-exp", "log(exp(x)) + 1", "x + 1"),
    ("log-cosh", "log(cosh(x))", "abs(x) + softplus(-2*abs(x)) - log(2)"),
    ("expm1", "exp(x) - 1", "expm1(x)"),
    ("expm1", "2*(exp(x) - 1)", "2*expm1(x)"),
    ("sigmoid", "1/(1 + exp(-x))", "sigmoid(x)"),
    ("sigmoid", "1 - sigmoid(x)", "sigmoid(-x)"),
    ("sigmoid", "exp(x)/(1 + exp(x))", "sigmoid(x)"),
    ("sigmoid-derivative", "k*exp(-k*x)/(exp(-k*x) + 1)**2", "k*sigmoid(-k*x)*sigmoid(k*x)"),
    ("tanh", "(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)"),
    ("inverse", "atanh(tanh(x + y))**2", "(x + y)**2"),
    ("softmax", "exp(x)/exp(x).sum()", "softmax(x, dim=0)"),
    ("power-of-exp", "sqrt(a*exp(-b))", "sqrt(a)*exp(-b/2)"),
    ("quotient-of-exp", "exp(x)/exp(y)", "exp(x - y)"),
    ("norm", "sqrt(sum(x**2))", "norm(x)"),
    ("norm", "x.pow(2).sum().sqrt()", "x.norm()"),
    ("norm", "sum(x*x, dim=1)**0.5", "norm(x, dim=1)"),
    ("norm", "torch.sqrt(torch.square(x - y).sum(-1))", "torch.norm(x - y, dim=-1)"),
    ("abs", "sqrt((x - 1)**2)", "abs(x - 1)"),
    ("guard-inside", "maximum(sqrt(s), m)", "sqrt(maximum(s, m**2))"),
    ("guard-inside", "clamp(sqrt(x), min=1e-3)", "sqrt(clamp(x, min=1e-06))"),
    ("guard-inside", "sqrt(x).clamp_min(0.5)", "sqrt(clamp(x, min=0.25))"),
    ("prod", "prod(x)/x", "prod(where(eye(x.shape[0]) == 1, 1.0, x), dim=1)"),
    ("cancel", "t*(x/t)", "x"),
    ("bce-with-logits", "F.binary_cross_entropy(torch.sigmoid(x), t, reduction='sum')",
     "F.binary_cross_entropy_with_logits(x, t, reduction='sum')"),
    ("bce-with-logits", "t*log(sigmoid(x)) + (1 - t)*log(1 - sigmoid(x))",
     "-binary_cross_entropy_with_logits(x, t, reduction='none')"),
    ("bce-with-logits", "-(t*log(sigmoid(x)) + (1 - t)*log(1 - sigmoid(x))).mean()",
     "binary_cross_entropy_with_logits(x, t)"),
    ("cross-entropy", "nll_loss(log(softmax(x, dim=1)), t, reduction='sum')", "cross_entropy(x, t, reduction='sum')"),
]  # fmt: skip

LEFT_ALONE = [
    ("log-softmax", "log(softmax(x, dim=0) + 1e-6)"),
    ("log-softmax", "log2(softmax(x, dim=0))"),
    ("log-sigmoid", "log(2 - sigmoid(x))"),
    ("softplus", "log(2 + exp(x))"),
    ("logsumexp", "log(sum(x))"),
    ("logsumexp", "log2(sum(exp(x)))"),
    ("log1p", "log(2 + x)"),
    ("xlogy", "x + log(y)"),
    ("expm1", "exp(x) + 1"),
    ("sigmoid", "1/(2 + exp(-x))"),
    ("sigmoid-derivative", "exp(-x)/(1 + exp(x))**2"),
    ("tanh", "(exp(x) - exp(-y))/(exp(x) + exp(-x))"),
    ("inverse", "tanh(atanh(x))"),
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
    ("cross-entropy", "nll_loss(x, t)"),
]


@pytest.mark.parametrize(("rule", "before", "after"), REWRITTEN)
def test_it_is_rewritten(rule: str, before: str, after: str) -> None:
    assert after in rewritten(before, rule)


@pytest.mark.parametrize(("rule", "text"), LEFT_ALONE)
def test_it_is_left_alone(rule: str, text: str) -> None:
    assert rewritten(text, rule) == []
