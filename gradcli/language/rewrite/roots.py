"""Roots at zero: their slope is infinite there, though the whole may have none or a harmless one."""

from __future__ import annotations

from gradcli.language.rewrite.rule import Identity, identities

ROWS = (
    Identity("norm", "sqrt(sum(abs(x)**2))", "norm(x)", carries=True),
    Identity("norm", "sqrt(sum(x**2))", "norm(x)", carries=True),
    Identity("norm", "sqrt(mean(x**2))", "norm(x)/sqrt(x.numel())"),
    Identity("norm", "sqrt(mean(x**2, dim=d))", "norm(x, dim=d)/sqrt(x.shape[d])"),
    Identity("norm", "sqrt(mean(x**2, dim=d, keepdim=k))", "norm(x, dim=d, keepdim=k)/sqrt(x.shape[d])"),
    Identity("norm", "sqrt(x @ x)", "norm(x)"),
    Identity("norm", "sqrt(dot(x, x))", "norm(x)"),
    Identity("norm", "sum(abs(x)**n)**(1/n)", "norm(x, n)", carries=True),
    Identity("norm", "sqrt(x**2 + y**2 + z**2)", "norm(stack([x, y, z]), dim=0)"),
    Identity("norm", "sqrt(x**2 + y**2)", "norm(stack([x, y]), dim=0)"),
    Identity("norm", "hypot(x, y)", "norm(stack([x, y]), dim=0)"),
    Identity("norm-squared", "norm(x)**2", "sum(x**2)", carries=True),
    Identity("norm-squared", "linalg.norm(x)**2", "sum(x**2)", carries=True),
    Identity("std", "sqrt(var(x))", "std(x)", carries=True),
    Identity("abs", "sqrt(x**2)", "abs(x)"),
    Identity("abs", "sqrt(x*conj(x))", "abs(x)"),
    Identity("abs", "x**2/abs(x)", "abs(x)"),
    Identity("abs", "sqrt(x**4)", "x**2"),
    Identity("root-of-root", "sqrt(x)**2", "x"),
    Identity("root-of-root", "sqrt(x)**n", "x**(n/2)"),
    Identity("root-of-root", "sqrt(x)*sqrt(y)", "sqrt(x*y)"),
    Identity("root-of-root", "x/sqrt(x)", "sqrt(x)"),
    Identity("guard-inside", "maximum(sqrt(x), m)", "sqrt(maximum(x, m**2))"),
    Identity("guard-inside", "clamp(sqrt(x), min=m)", "sqrt(clamp(x, min=m**2))"),
    Identity("guard-inside", "clamp(sqrt(x), min=m, max=n)", "sqrt(clamp(x, min=m**2, max=n**2))"),
    Identity("guard-inside", "sqrt(clamp(x, min=m))", "where(x > m, sqrt(where(x > m, x, 1.0)), m**0.5)"),
    Identity("guard-inside", "sqrt(relu(x))", "where(x > 0, sqrt(where(x > 0, x, 1.0)), 0.0)"),
    Identity("guard-inside", "sqrt(maximum(x, m))", "where(x > m, sqrt(where(x > m, x, 1.0)), sqrt(m))"),
    Identity("guard-inside", "clamp(x, min=m)**n", "where(x > m, where(x > m, x, 1.0)**n, m**n)"),
    Identity("guard-inside", "relu(x)**n", "where(x > 0, where(x > 0, x, 1.0)**n, 0.0)"),
    Identity("guard-inside", "log(clamp(x, min=0))", "where(x > 0, log(where(x > 0, x, 1.0)), -inf)"),
    Identity("guard-inside", "log(relu(x))", "where(x > 0, log(where(x > 0, x, 1.0)), -inf)"),
    Identity("guard-inside", "clamp(log(x), min=m)", "log(clamp(x, min=exp(m)))"),
)

rule = identities(ROWS)
