"""What HIPS/autograd's tests try (github.com/HIPS/autograd, tests/), said in PyTorch's words.

The facts of those files: which operation, with which arguments, on inputs of which shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from peer_cases import Case, each


def products() -> Iterator[Case]:
    for x, y in (
        ("10,11", "11"),
        ("10,11", "11,10"),
        ("10", "10,11"),
        ("11", "11"),
        ("10,11", ""),
        ("", "10"),
        ("3", "3,4"),
    ):
        yield from each(f"x({x}) y({y})", "x @ y", "torch.matmul(x, y)", "torch.outer(x, y)", "x * y")
    for dims, x, y in (
        ("([1], [0])", "1,3", "3"), ("([1], [0])", "1,3", "3,1"), ("([1], [0])", "2,3,2", "3,4,2"), ("([0], [1])", "3,4,2", "2,3,2"),
        ("([0, 1], [1, 2])", "2,3,4", "2,2,3,4"), ("([1, 0], [2, 1])", "2,3", "1,2,3"), ("1", "2,2", "2,2"), ("2", "4,2,2", "2,2,4"),
    ):  # fmt: skip
        yield from each(f"x({x}) y({y})", f"torch.tensordot(x, y, dims={dims})")
    for words, x, y in (
        ("ij,jk->ik", "2,3", "3,4"), ("ijk,lji->lki", "3,4,4", "4,4,3"), ("...jk,...lj->...lk", "3,4,4", "3,4,4"), ("...,...->...", "3,4,4", "3,4,4"),
    ):  # fmt: skip
        yield from each(f"x({x}) y({y})", f"torch.einsum('{words}', x, y)")
    yield from each("x(3,4,4) y(4,4,3) z(4,4,3)", "torch.einsum('ijk,lji,lli->lki', x, y, z)")
    yield from each("x(4)", "torch.dot(x[:2], x[2:])", "torch.dot(*x.reshape(2, 2).unbind(0))")


def statistics() -> Iterator[Case]:
    for shape in ("", "1", "7", "1,4", "3,4", "3,4,5"):
        yield from each(
            f"x({shape})",
            *(f"torch.{name}(x)" for name in ("max", "min", "sum", "mean", "prod", "var", "std", "all", "any")),
        )
        for name, dim, keep in product(("sum", "mean", "amax", "amin", "var", "std"), (0, 1, -1), (True, False)):
            yield from each(f"x({shape})", f"torch.{name}(x, dim={dim}, keepdim={keep})")
    for name, shape, correction, keep in product(("var", "std"), ("3", "3,4", "1,3"), (0, 1, 2), (True, False)):
        yield from each(f"x({shape})", f"torch.{name}(x, dim=None, correction={correction}, keepdim={keep})")
    yield from each(
        "x(3,4,5)", "torch.max(x, dim=1)[0]", "torch.max(x, dim=1, keepdim=True).values", "torch.sum(x, dim=(1, 2))"
    )
    yield from each("x(10,11)", "torch.cumsum(x, dim=0)", "torch.cumsum(x, dim=1)", "torch.cumsum(x.flatten(), dim=0)")


def ufuncs() -> Iterator[Case]:
    for shape, (name, low, high) in product(
        ("", "1", "2,3"),
        (
            ("sin", -2, 2), ("abs", 0.1, 4), ("absolute", 0.1, 4), ("arccosh", 1.1, 4), ("arcsinh", -0.9, 0.9), ("arctanh", -0.9, 0.9),
            ("ceil", -1.5, 1.5), ("cos", -2, 2), ("cosh", -2, 2), ("deg2rad", -2, 2), ("rad2deg", -2, 2), ("exp", -2, 2), ("exp2", -2, 2),
            ("expm1", -2, 2), ("floor", -1.5, 1.5), ("log", 0.2, 2), ("log10", 0.2, 2), ("log1p", 0.2, 2), ("log2", 0.2, 2), ("sign", -2, 2),
            ("sinh", -2, 2), ("sqrt", 1, 3), ("square", -2, 2), ("tan", -1.1, 1.1), ("tanh", -2, 2), ("real", -2, 2), ("conj", -2, 2), ("angle", -2, 2),
            ("sinc", -2, 2), ("erf", -2, 2), ("erfc", -2, 2), ("erfinv", -0.9, 0.9), ("lgamma", 0.2, 4), ("digamma", 0.2, 4), ("i0", -2, 2),
        ),
    ):  # fmt: skip
        yield from each(f"x({shape})[{low},{high}]", f"torch.{name}(x)")
    for x, y in product(("", "3", "1,4", "3,4"), ("", "1", "4", "3,4")):
        names = (
            "add",
            "sub",
            "mul",
            "logaddexp",
            "logaddexp2",
            "maximum",
            "minimum",
            "true_divide",
            "remainder",
            "fmod",
            "hypot",
            "arctan2",
        )
        yield from each(f"x({x})[0.7,2] y({y})[0.8,2.1]", *(f"torch.{name}(x, y)" for name in names), "x % y", "x**y")
        yield from each(f"x({x}) y({y})[-2,-0.3]", "torch.true_divide(x, y)", "torch.remainder(x, y)", "x % y")


def arrangement() -> Iterator[Case]:
    yield from each(
        "x(10,11)", "torch.flipud(x)", "torch.fliplr(x)", "torch.rot90(x)", "torch.rot90(x, 2)", "x.T", "torch.trace(x)"
    )
    yield from each(
        "x(5,6,4)", "x[3, 0, 1]", "x[:, 2:4, :]", "x[[0, 1, 2], :, :]", "x[3, 2:, [1, 3]]", "x.reshape((5 * 4, 6))"
    )
    yield from each(
        "x(5,6,4)", "torch.reshape(x, (5 * 4, 6))", "x.reshape(5 * 4, 6)", "torch.ravel(x)", "x.ravel()", "x.flatten()"
    )
    yield from each("x(5,6,4)", "x[:, 2:4, :] + x[:, 3:5, :]")
    yield from each(
        "x(7)",
        "x[2:6][1:3]",
        "torch.sort(x)[0]",
        "torch.msort(x)",
        "torch.kthvalue(x, 4)[0]",
        "x[[0, 0]].sum()",
        "x[[0, 1, 0]].sum()",
    )
    yield from each(
        "x(5,6,4) y(4,6,4) z(5,6,4)", "torch.cat((x, y))", "torch.cat((z, x, z), dim=1)", "torch.concatenate((x, z), 1)"
    )
    yield from each("x(5,5)", *(f"torch.{name}(x, {k})" for name in ("triu", "tril", "diag") for k in (-1, 0, 2)))
    yield from each(
        "x(4,5)",
        "torch.roll(x, 2, dims=1)",
        "torch.roll(x, 2)",
        "torch.clip(x, 0.1, 1.1)",
        "x.repeat_interleave(2, dim=1)",
    )
    yield from each("x()", "torch.stack([x, x * 1.0, x + 2.5])", "torch.stack([x, x**2, x / 2.0]).reshape(3, 1) + x")
    yield from each(
        "x(3,2) c(3,2)",
        "torch.stack([torch.cat([2 * x, x + 1]), torch.cat([x, x])])",
        "torch.cat([x, c, x], dim=1)",
        "c * 1.0",
    )
    yield from each(
        "x(4,5) y(4,5) c(4,5)",
        "torch.where(c > 0, x, y)",
        "torch.hstack([x, y])",
        "torch.vstack([x, y])",
        "torch.dstack([x, y])",
    )
    yield from each(
        "x(5,1,4)",
        "torch.squeeze(x)",
        "x.squeeze()",
        "torch.unsqueeze(x, 2)",
        "torch.swapaxes(x, 0, 2)",
        "torch.moveaxis(x, 0, 2)",
    )
    for axes in ("0, 1, 2", "0, 2, 1", "2, 0, 1", "2, 1, 0", "1, 0, 2", "1, 2, 0"):
        yield from each("x(2,3,4)", f"torch.permute(x, ({axes}))")
    for name, shape in product(
        ("atleast_1d", "atleast_2d", "atleast_3d"), ("", "1", "7", "1,4", "2,4", "2,4,5", "2,4,3,5")
    ):
        yield from each(f"x({shape})", f"torch.{name}(x)")
    yield from each(
        "x(10)",
        "torch.tensor_split(x, 2)[0]",
        "torch.diff(x)",
        "torch.gradient(x)[0]",
        "torch.diag_embed(x)",
        "torch.kron(x, x)",
    )
    yield from each(
        "x(3,4,4)", "torch.diagonal(x, dim1=-1, dim2=-2)", "torch.diag_embed(torch.diagonal(x, dim1=-1, dim2=-2))"
    )
    yield from each("x=[0.5,1.5,2.5,3.5] y=[0.0,nan,inf,-inf]", "torch.sum(torch.sin(torch.nan_to_num(x + y)))")
    yield from each(
        "x(5,10)", "x[:, :-1][x[:, -1].abs().long()].sum()", "x.gather(1, torch.tensor([[0], [1], [2], [3], [4]]))"
    )


def linear_algebra() -> Iterator[Case]:
    shifted = "(x @ x.mT + 5 * torch.eye(4))"
    yield from each(
        "x(4,4)",
        *(
            f"torch.linalg.{name}({shifted})"
            for name in ("inv", "det", "cholesky", "eigvalsh", "pinv", "matrix_norm", "svdvals")
        ),
    )
    yield from each("x(3,4,4)", *(f"torch.linalg.{name}({shifted})" for name in ("inv", "det", "cholesky", "eigvalsh")))
    yield from each(
        "x(4,4)",
        f"torch.linalg.slogdet({shifted})[1]",
        f"torch.linalg.slogdet(-{shifted})[1]",
        f"torch.linalg.eigh({shifted})[1].abs()",
    )
    yield from each(
        "x(4,4)",
        f"torch.cholesky({shifted})",
        f"torch.linalg.eigh({shifted}, 'U')[0]",
        f"torch.linalg.qr({shifted})[1]",
        "torch.matrix_exp(x)",
    )
    yield from each(
        "x(4,4)",
        f"torch.logdet({shifted})",
        f"torch.linalg.inv_ex({shifted})[0]",
        f"torch.linalg.cholesky_ex({shifted})[0]",
    )
    for y in ("4,3", "4", "5,4"):
        yield from each(f"x(4,4) y({y})", f"torch.linalg.solve({shifted}, y)")
    yield from each(
        "x(4,4) y(4,3)",
        "torch.linalg.solve_triangular(x.tril() + 5 * torch.eye(4), y, upper=False)",
        f"torch.linalg.lstsq({shifted}, y)[0]",
    )
    for shape in ("3,5", "4,4", "5,3", "3,4,4"):
        yield from each(
            f"x({shape})", *(f"torch.linalg.svd(x, full_matrices=False)[{place}].abs()" for place in range(3))
        )
    for order in ("2", "3", "4", "1", "torch.inf", "0.5"):
        yield from each("x(6)", f"torch.linalg.vector_norm(x, ord={order})", f"torch.linalg.norm(x, ord={order})")
    yield from each(
        "x(6,5)",
        "torch.linalg.norm(x)",
        "torch.linalg.norm(x, ord='nuc')",
        "torch.linalg.norm(x, ord='fro')",
        "torch.norm(x, dim=0)",
    )
    yield from each(
        "x(6,5,4)",
        *(f"torch.linalg.norm(x, dim={dim})" for dim in (0, 1, 2, "(0, 1)")),
        "torch.linalg.norm(x, ord='nuc', dim=(0, 1))",
    )


def transforms() -> Iterator[Case]:
    for name in ("fft", "ifft", "rfft"):
        yield from each(
            "x(8)",
            f"torch.fft.{name}(x).abs()",
            f"torch.fft.{name}(x, n=5).real",
            f"torch.fft.{name}(x, norm='ortho').imag",
        )
    yield from each(
        "x(4,6)",
        "torch.fft.fft2(x).abs()",
        "torch.fft.rfft2(x).real",
        "torch.fft.fftshift(x, dim=0)",
        "torch.fft.irfft(torch.fft.rfft(x))",
    )


GROUPS = (products, statistics, ufuncs, arrangement, linear_algebra, transforms)
