"""Exponentials that overflow on the way to a harmless result."""

from __future__ import annotations

from gradcli.language.rewrite.rule import Identity, identities

ROWS = (
    Identity("sigmoid-derivative", "a*exp(x)/(1 + exp(x))**2", "a*sigmoid(x)*sigmoid(-x)"),
    Identity("sigmoid-derivative", "exp(x)/(1 + exp(x))**2", "sigmoid(x)*sigmoid(-x)"),
    Identity("sigmoid-derivative", "sigmoid(x)*(1 - sigmoid(x))", "sigmoid(x)*sigmoid(-x)"),
    Identity("sigmoid", "1 - sigmoid(x)", "sigmoid(-x)"),
    Identity("sigmoid", "1/(1 + exp(x))", "sigmoid(-x)"),
    Identity("sigmoid", "exp(x)/(1 + exp(x))", "sigmoid(x)"),
    Identity("sigmoid", "exp(x)/(exp(x) + exp(y))", "sigmoid(x - y)"),
    Identity("sigmoid", "exp(x)/(a + exp(x))", "sigmoid(x - log(a))"),
    Identity("sigmoid", "a*exp(x)/(b + exp(x))", "a*sigmoid(x - log(b))"),
    Identity("sigmoid", "a/(1 + exp(x))", "a*sigmoid(-x)"),
    Identity("sigmoid", "a*exp(x)/(1 + exp(x))", "a*sigmoid(x)"),
    Identity("tanh", "(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)"),
    Identity("tanh", "(exp(2*x) - 1)/(exp(2*x) + 1)", "tanh(x)"),
    Identity("tanh", "(1 - exp(-2*x))/(1 + exp(-2*x))", "tanh(x)"),
    Identity("tanh", "(1 - exp(x))/(1 + exp(x))", "tanh(-x/2)"),
    Identity("tanh", "(exp(x) - 1)/(exp(x) + 1)", "tanh(x/2)"),
    Identity("tanh", "sinh(x)/cosh(x)", "tanh(x)"),
    Identity("inverse", "atanh(tanh(x))", "x"),
    Identity("inverse", "asinh(sinh(x))", "x"),
    Identity("inverse", "logit(sigmoid(x))", "x"),
    Identity("inverse", "log(sigmoid(x)/(1 - sigmoid(x)))", "x"),
    Identity("inverse", "acosh(cosh(x))", "abs(x)"),
    Identity("inverse", "asin(sin(x))", "x"),
    Identity("inverse", "tan(atan(x))", "x"),
    Identity("softmax", "exp(x)/sum(exp(x), dim=d, keepdim=True)", "softmax(x, dim=d)"),
    Identity("softmax", "exp(x)/sum(exp(x), dim=d)", "softmax(x, dim=d)"),
    Identity("softmax", "exp(x)/sum(exp(x))", "softmax(x, dim=0)"),
    Identity("masked-softmax", "softmax(masked_fill(x, m, -inf))", "softmax(masked_fill(x, m, -1e30))", carries=True),
    Identity("masked-softmax", "softmax(where(m, x, -inf))", "softmax(where(m, x, -1e30))", carries=True),
    Identity(
        "masked-softmax", "log_softmax(masked_fill(x, m, -inf))", "log_softmax(masked_fill(x, m, -1e30))", carries=True
    ),
    Identity("masked-softmax", "log_softmax(where(m, x, -inf))", "log_softmax(where(m, x, -1e30))", carries=True),
    Identity("masked-softmax", "softmax(masked_fill(x, m, -inf))", "softmax(masked_fill(x, m, -1e4))", carries=True),
    Identity("masked-softmax", "softmax(where(m, x, -inf))", "softmax(where(m, x, -1e4))", carries=True),
    Identity(
        "masked-softmax", "log_softmax(masked_fill(x, m, -inf))", "log_softmax(masked_fill(x, m, -1e4))", carries=True
    ),
    Identity("masked-softmax", "log_softmax(where(m, x, -inf))", "log_softmax(where(m, x, -1e4))", carries=True),
    Identity("power-of-exp", "sqrt(a*exp(-x))", "sqrt(a)*exp(-x/2)"),
    Identity("power-of-exp", "sqrt(a*exp(x))", "sqrt(a)*exp(x/2)"),
    Identity("power-of-exp", "sqrt(exp(-x))", "exp(-x/2)"),
    Identity("power-of-exp", "sqrt(exp(x))", "exp(x/2)"),
    Identity("power-of-sigmoid", "(1 - sigmoid(x))**n", "exp(n*logsigmoid(-x))"),
    Identity("power-of-sigmoid", "sigmoid(x)**n", "exp(n*logsigmoid(x))"),
    Identity("power-of-sigmoid", "sqrt(1 - sigmoid(x))", "exp(0.5*logsigmoid(-x))"),
    Identity("power-of-sigmoid", "sqrt(sigmoid(x))", "exp(0.5*logsigmoid(x))"),
    Identity("power-of-softmax", "softmax(x, dim=d)**n", "exp(n*log_softmax(x, dim=d))"),
    Identity("power-of-softmax", "sqrt(softmax(x, dim=d))", "exp(0.5*log_softmax(x, dim=d))"),
    Identity("power-of-exp", "exp(x)**n", "exp(n*x)"),
    Identity("power-of-exp", "(a*exp(x))**n", "a**n*exp(n*x)"),
    Identity("product-of-exp", "a*exp(x)*exp(y)", "a*exp(x + y)"),
    Identity("product-of-exp", "exp(x)*exp(y)", "exp(x + y)"),
    Identity("quotient-of-exp", "exp(x)/exp(y)", "exp(x - y)"),
    Identity("quotient-of-exp", "1/exp(x)", "exp(-x)"),
    Identity("quotient-of-exp", "a/exp(x)", "a*exp(-x)"),
    Identity("quotient-of-exp", "a*exp(x)/exp(y)", "a*exp(x - y)"),
    Identity("expm1", "exp(x) - 1", "expm1(x)"),
    Identity("expm1", "a - a*exp(x)", "-a*expm1(x)"),
    Identity("sech", "1/cosh(x)", "2*exp(-abs(x))/(1 + exp(-2*abs(x)))"),
    Identity("silu", "x/(1 + exp(-x))", "silu(x)"),
    Identity("exp2", "exp2(x)", "exp2(x - 1) + exp2(x - 1)"),
)

rule = identities(ROWS)
