"""Differences of numbers that are nearly equal: a form without the difference keeps the digits."""

from __future__ import annotations

from gradcli.language.rewrite.rule import Identity, identities

ROWS = (
    Identity("conjugate", "sqrt(x + a) - sqrt(x)", "a/(sqrt(x + a) + sqrt(x))"),
    Identity("conjugate", "sqrt(x) - sqrt(x - a)", "a/(sqrt(x) + sqrt(x - a))"),
    Identity("conjugate", "sqrt(x + a) - sqrt(x - a)", "2*a/(sqrt(x + a) + sqrt(x - a))"),
    Identity("conjugate", "sqrt(x**2 + a) - x", "a/(sqrt(x**2 + a) + x)"),
    Identity("conjugate", "x - sqrt(x**2 - a)", "a/(x + sqrt(x**2 - a))"),
    Identity("conjugate", "sqrt(1 + x) - 1", "x/(sqrt(1 + x) + 1)"),
    Identity("conjugate", "1 - sqrt(1 - x)", "x/(1 + sqrt(1 - x))"),
    Identity("conjugate", "sqrt(x) - sqrt(y)", "(x - y)/(sqrt(x) + sqrt(y))"),
    Identity("difference-of-fractions", "1/x - 1/(x + a)", "a/(x*(x + a))"),
    Identity("difference-of-logs", "log(x + a) - log(x)", "log1p(a/x)"),
    Identity("complement", "1 - exp(x)", "-expm1(x)"),
    Identity("complement", "1 - cos(x)", "2*sin(x/2)**2"),
    Identity("complement", "1 - erf(x)", "erfc(x)"),
    Identity("complement", "1 + erf(x)", "erfc(-x)"),
    Identity("complement", "sigmoid(x) - 1", "-sigmoid(-x)"),
    Identity("complement", "1 - tanh(x)**2", "4*sigmoid(2*x)*sigmoid(-2*x)"),
    Identity("complement", "1 - tanh(x)", "2*sigmoid(-2*x)"),
    Identity("complement", "1 + tanh(x)", "2*sigmoid(2*x)"),
    Identity("complement", "cosh(x) - 1", "2*sinh(x/2)**2"),
)

rule = identities(ROWS)
