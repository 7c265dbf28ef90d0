"""Quotients and products that are 0/0 or 0 * inf though the function has a value there."""

from __future__ import annotations

from gradcli.language.rewrite.rule import Identity, identities

ROWS = (
    Identity("prod", "prod(x)/x", "prod(where(eye(x.shape[0]) == 1, 1.0, x), dim=1)"),
    Identity("sinc", "sin(pi*x)/(pi*x)", "sinc(x)"),
    Identity("sinc", "sin(x)/x", "sinc(x/pi)"),
    Identity("sinc", "where(x == 0, 1, sin(pi*x)/(pi*x))", "sinc(x)"),
    Identity("sinc", "where(x == 0, 1, sin(x)/x)", "sinc(x/pi)"),
    Identity("cancel", "x**2/x", "x"),
    Identity("cancel", "x**n/x", "x**(n - 1)"),
    Identity("cancel", "a*x/x", "a"),
    Identity("cancel", "x/x", "ones_like(x)"),
    Identity("cancel", "x*(a/x)", "a"),
    Identity("mean-of-selected", "mean(x[m])", "sum(x[m])/clamp(sum(m), min=1)"),
    Identity("inf-factor", "softmax(a*m)", "softmax(where(isinf(m), m, a*where(isinf(m), 1.0, m)))", carries=True),
    Identity("inf-factor", "exp(a*m)", "exp(where(isinf(m), m, a*where(isinf(m), 1.0, m)))"),
    Identity("inf-difference", "exp(x - y)", "exp(where(isinf(x), x, x - where(isinf(y), 0.0, y)))"),
    Identity("svd", "linalg.svd(x)[0] @ diag_embed(linalg.svd(x)[1]) @ linalg.svd(x)[2]", "x"),
    Identity("svd", "linalg.svd(x)[0] @ diag(linalg.svd(x)[1]) @ linalg.svd(x)[2]", "x"),
    Identity("qr", "linalg.qr(x)[0] @ linalg.qr(x)[1]", "x"),
    Identity("qr", "linalg.qr(x, mode=m)", "linalg.qr(x)"),
)

rule = identities(ROWS)
