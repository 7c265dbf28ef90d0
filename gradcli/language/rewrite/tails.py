"""Functions whose derivative PyTorch computes from a value of which nothing is left: the tails.

The value stays what it is to rounding, and its derivative is computed from a small number instead of from 1 minus it.
For `check` alone: elsewhere they would undo rules that make the values themselves better.
"""

from __future__ import annotations

from gradcli.language.rewrite.rule import Identity, identities

ROWS = (
    Identity("tail", "sigmoid(x)", "1 - sigmoid(-x)"),
    Identity("tail", "tanh(x)", "1 - 2*sigmoid(-2*x)"),
    Identity("tail", "tanh(x)", "2*sigmoid(2*x) - 1"),
    Identity("tail", "expm1(x)", "exp(x) - 1"),
    Identity("tail", "softsign(x)", "sign(x)*(1 - 1/(1 + abs(x)))"),
    Identity("range", "sqrt(x**2 + y**2)", "hypot(x, y)"),
    Identity("tail", "elu(x)", "where(x > 0, x, exp(clamp(x, max=0)) - 1)"),
)

rule = identities(ROWS)
