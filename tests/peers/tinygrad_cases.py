"""What tinygrad's tests of its operators try against PyTorch (github.com/tinygrad/tinygrad, test/test_ops.py).

The facts of that file: which operation, with which arguments, on inputs of which shape. Large shapes are smaller here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from peer_cases import Case, each

SPECIALS = (0.0, 1.0, -1.0, "inf", "-inf")


def creation() -> Iterator[Case]:
    yield from each(
        "",
        *("torch.full((4, 6), 4.0)", "torch.full((4, 6), 4)", "torch.zeros(4, 6)", "torch.zeros([4, 6])"),
        *("torch.zeros([])", "torch.ones(4, 6)", "torch.ones([4, 6])", "torch.ones([])", "torch.eye(10)"),
        *("torch.eye(3, 5)", "torch.eye(5, 3)", "torch.eye(1)", "torch.eye(0)", "torch.arange(10, dtype=torch.int32)"),
        *("torch.arange(5, 10, 3, dtype=torch.int32)", "torch.arange(10, 5, -3, dtype=torch.int32)"),
        *("torch.arange(11, 5, -3, dtype=torch.int32)", "torch.arange(1, 78, 2, dtype=torch.int32)"),
        *("torch.arange(5.5, 175.5, 2.5)", "torch.arange(-30.2, -0.3, 0.75)", "torch.arange(-50.3, -380.2, -2.25)"),
        *("torch.arange(256, dtype=torch.int32)", "torch.linspace(5, 10, 3)", "torch.linspace(5, 10, 1)"),
        *("torch.linspace(5, 10, 0)", "torch.linspace(-5.5, 5.5, 10)", "torch.linspace(5.5, -5.5, 10)"),
        *("torch.linspace(5, 10, 3, dtype=torch.int32)", "torch.linspace(5, -5, 20, dtype=torch.int32)"),
        *("torch.linspace(5, 10, 3, dtype=torch.bool)", "torch.linspace(1, 2, -1)", "torch.full((2, -3), 4)"),
        *("torch.zeros(-3, 3)", "torch.eye(-3, 3)", "torch.ones(25, 25).sum(axis=1)"),
        *("(-torch.ones(3, 3)).sum(axis=1)", "F.pad(torch.ones(25, 25), pad=(0, 6, 0, 0)).sum(axis=1)"),
        "torch.cat([torch.ones(25, 25), torch.zeros(25, 6)], dim=1).sum(axis=1)",
        *("torch.ones(25, 25).max(1)[0]", "torch.eye(10) @ torch.eye(10).flip(0)", "torch.ones(2**10).bool().all()"),
        "torch.tensor(1.0).reshape((1, 1, 1)).expand(2, 4, 3).mul(torch.tensor(1.0).reshape((1, 1, 1))).sum(-1)",
        "torch.ones((1, 2)).matmul(torch.ones((2, 3)))",
    )
    yield from each("x=[[1.0,2.0],[3.0,4.0]]", "torch.zeros_like(x)", "torch.ones_like(x)", "torch.full_like(x, 2)")
    yield from each("x=[[1,2],[3,4]]", "torch.zeros_like(x)", "torch.ones_like(x)", "torch.full_like(x, 2).prod()")
    for indexing in ("'ij'", "'xy'", "'bad'"):
        call = f"torch.meshgrid(x, y, z, indexing={indexing})"
        yield from each("x=[0.0,1.0,2.0] y=10.0 z=[7.0,8.0]", *(f"{call}[{place}]" for place in range(3)))


def splitting() -> Iterator[Case]:
    for size, parts in (("5", 2), ("[1, 4, 5]", 3), ("3", 4)):
        yield from each("", *(f"torch.arange(10).split({size})[{place}]" for place in range(parts)))
    yield from each("x(4,4)", "x.split([2, 2])[1]", "x.split([2, 2], dim=1)[0]", "x.split(1, dim=1)[3]")
    for chunks, dim in ((6, 1), (6, 0), (3, -1)):
        yield from each("", f"torch.arange(13).repeat(8, 1).chunk({chunks}, {dim})[1]")
    yield from each("", "torch.arange(13).repeat(8, 3, 3).chunk(3, -2)[2]")
    yield from each("x(8)", *(f"x.unfold({words})" for words in ("0, 2, 1", "0, 2, 2", "0, 7, 3")))
    yield from each("x(8)", *(f"x.unfold({words})" for words in ("0, 9, 3", "1, 8, 3", "0, 1, -1")))
    yield from each("x(3,3,3)", "x.unfold(2, 2, 8)", "x.unfold(1, 0, 8)")
    yield from each("x(3,3,3,3,3)", "x.unfold(-1, 2, 2)")


def comparison() -> Iterator[Case]:
    for x, a, b in (("8", "1", "1"), ("10,10", "10", "10"), ("100", "100", "100")):
        yield from each(f"x({x}) a({a}) b({b})", "torch.where(x > 0.5, a, b)")
    yield from each("x(5,5)", "torch.where(x > 0.5, 4, 2).type(torch.int32)")
    yield from each("x(5,5)", "torch.where(x > 0.5, 4, 2).type(torch.int32).permute((1, 0))")
    for sign in ("==", ">", ">=", "<", "<="):
        for inputs in (
            "x=[0.0,1.0,2.0] y=[2.0,1.0,0.0]",
            "x=[0,1,2] y=[2,1,0]",
            "x=[True,True,False] y=[False,True,False]",
        ):
            yield from each(inputs, f"x {sign} y", f"x {sign} 2", f"2 {sign} y")
        for inputs in ("x(3,4,5) y(3,4,5)", "x(3,4,5) y(5)", "x(5) y(3,4,5)"):
            yield from each(inputs, f"x {sign} y")
        for one, other in product(SPECIALS, SPECIALS):
            yield from each(f"x=[{one}] y=[{other}]", f"x {sign} y")
    yield from each("x(4)", "(x * (x != 0)).sum()", "(x * (x < 0)).sum()")
    yield from each("x=[-inf,0.0,inf,nan,1.1]", "torch.isinf(x)", "torch.isnan(x)", "torch.isfinite(x)")
    yield from each("x=[1.2,1.2,1.2,3.2]", "(1 < x) & (x < 2)")
    yield from each("x=[True,False,True]", "torch.logical_not(x)", "x.bitwise_not()", "~x")
    yield from each("x=[1.0,2.0,0.0,0.5]", "torch.logical_not(x)")
    close = ("", ", equal_nan=True", ", atol=0.0", ", rtol=0.01")
    yield from each("x(3,4)", *(f"x.isclose(x + {step}{words})" for step in ("1e-6", "1e-9") for words in close))
    yield from each("x=[1e-7,1e-8,1e-9] y=[0.0,0.0,0.0]", "x.isclose(y)")
    for one, other in product(("inf", "-inf", "nan", 0.0), repeat=2):
        yield from each(f"x=[{one}] y=[{other}]", "x.isclose(y)", "x.isclose(y, equal_nan=True)")


def integers() -> Iterator[Case]:
    yield from each(
        "t=[[1,-8,1],[32,1,6]]",
        *(f"t {sign} t" for sign in "^&|"),
        *(f"t {sign} 4919" for sign in "^&|"),
        *(f"4919 {sign} t" for sign in "^&|"),
        *("t.bitwise_not()", "~t", "t << 0", "t << 2", "t << 31", "t.bitwise_left_shift(2)"),
        *("t >> 0", "t >> 2", "t >> 31", "t.bitwise_right_shift(2)", "1 << t.abs()"),
    )
    yield from each("x(4) y(4)", "x.bitwise_xor(y)", "x.bitwise_and(y)", "x.bitwise_or(y)", "x.bitwise_not()")
    for mode in ("None", "'trunc'", "'floor'", "'typo'"):
        for x in ("[5,6,7,0,-5,-6,-7]", "[5.0,6.0,7.0,0.0,-5.0,-6.0,-7.0]"):
            for y in (-10, -3, -1, 2, 5, 10, -2.0, 3.0):
                yield from each(f"x={x} y=[{y}]", f"x.div(y, rounding_mode={mode})")
        for x, y in product((110, 111, -110, -111), (55, -55)):
            yield from each(f"x=[{x}] y=[{y}]", f"x.div(y, rounding_mode={mode})")
    yield from each(
        "x=[5,6,7] y=[1,2,3]", "x / y", "x // y", "x / 2", "x // 2", "torch.div(x, y, rounding_mode='trunc')"
    )
    for a, b in product(
        ("[-4,7,5,4,-7,8,-9]", "[-4.0,7.0,5.0,4.0,-7.0,8.0,-9.0]"), ("[2,-3,8,-2,3,5,-5]", "[2.0,-3.0]")
    ):
        yield from each(f"x={a} y={b}", "x % y", "x % 2", "x % 3", "x % 3.5", "100 % x", "100.5 % x")
    yield from each("x=[-2,0,2]", "x**0", "x**1", "x**2", "x**29", "x**-2", "0.7**x")
    yield from each("x=[11,12,13]", "x**7")


def arithmetic() -> Iterator[Case]:
    for sign in "+-*/":
        for inputs in ("x(45,65) y(45,65)", "x(45,65) y(45,1)", "x(45,65) y(65)", "x(45,65) y()", "x() y()"):
            yield from each(inputs, f"x {sign} y")
        for inputs in ("x(5,3,14,16) y(5,1,14,1)", "x(1,3,1,7,1) y(2,1,5,1,8)", "x(4,1) y(4,5)", "x(1,4) y(5,4)"):
            yield from each(inputs, f"x {sign} y")
        for number in ("2", "-1", "255", "1", "torch.inf", "-torch.inf", "torch.nan"):
            yield from each("x(45,65)", f"x {sign} {number}", f"{number} {sign} x")
            yield from each("x()", f"x {sign} {number}", f"{number} {sign} x")
    yield from each("x(5,3,14,16)[0,3] y(5,1,14,1)[0,3]", "torch.pow(x, y)", "x.pow(y)", "x**y")
    yield from each("x(45,65) y(45,65) z(45,65)", "x + y + z", "x.lerp(y, z)")
    yield from each("x=[1.0,2.0,3.0] y=[4.0,5.0,6.0] z=0.5", "x.lerp(y, z)")
    yield from each("x(45,65)", "-x", "x.neg()", "(x + x) * x")
    yield from each("x()", "-x", "x.neg()", "(x + x) * x")
    powers = ("0", "1", "2", "3", "-2", "0.0", "1.0", "-1.0", "8.0", "5.5", "-5.5", "2.0")
    yield from each("x(45,65)", *(f"x**{power}" for power in powers))
    yield from each("x(45,65)[-30,-27]", "x**3", "x**0.2", "x**1.2")
    yield from each("x(45,65)", "1.0**x", "5.5**x", "(-5.5)**x", "8.0**x", "2.0**x")
    yield from each("x()", "x**2", "x**-2", "x**2.0", "2.0**x")
    yield from each("x=[-2.0,-1.0,0.0,1.0,2.0,3.0]", "0**x", "0.7**x", "(-2)**x")
    for x, power in product(("-inf", 0.0, 1.0, "inf"), ("-1", "0", "0.3", "1", "2")):
        yield from each(f"x=[{x}]", f"x**{power}")
    for power in (0.0, 0.3, -0.3):
        yield from each(f"x=[0.0] y=[{power}]", "x**y")
    yield from each("x=[0.0] y=[-0.7]", "(x.log2() * y).exp2()")
    yield from each("x=[0.0]", "x**0.3", "x**0.0", "x**-0.3", "x**1.1")
    yield from each("x=[-1.0,0.0,1.0]", "x**-1.0")
    for name in ("maximum", "minimum"):
        for inputs in (
            "x(45,65) y(45,65)",
            "x() y()",
            "x=[1.0,0.0,3.0,-4.0] y=3.0",
            "x=[1.0,0.0,3.0] y=[-1.0,-2.0,3.0]",
        ):
            yield from each(inputs, f"torch.{name}(x, y)")
        for inputs in ("x=[-1234,0,1234] y=0", "x=[True,False] y=True", "x=[1,2,3] y=1.2", "x=[True,False] y=3"):
            yield from each(inputs, f"torch.{name}(x, y)")
    for inputs in ("x(45,65) y(45,65)", "x(45,65) y(45,1)", "x(45,1) y(1,65)", "x() y()"):
        yield from each(inputs, "torch.copysign(x, y)")
    for one, other in product((-1.0, 0.0, 1.0), repeat=2):
        yield from each(f"x=[{one}] y=[{other}]", "torch.copysign(x, y)")
    for x in ("[-1.0]", "[-100.0,-200.0,-300.0]", "[1.0,2000.0,30000.0]"):
        yield from each(f"x={x} y=[-1.0,2.0,3.0]", "torch.logaddexp(x, y)")


def elementwise() -> Iterator[Case]:
    rounding = "[1.499,1.5,1.501,1.0,2.1,0.0,-5.0,-2.499,-2.5,-2.501]"
    for name in ("trunc", "floor", "ceil", "round"):
        for inputs in ("x()", "x(45,35)", f"x={rounding}"):
            yield from each(inputs, f"x.{name}()")
    names = ("sqrt", "rsqrt", "sin", "cos", "tan", "asin", "acos", "atan", "relu", "abs", "log", "log2", "exp", "exp2")
    names += ("sign", "sigmoid", "erf", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh")
    for name in names:
        for inputs in ("x(45,65)", "x()", "x(45,65)[-300,-297]", "x(45,65)[300,303]", "x=[-1.0,0.0,1.0]"):
            yield from each(inputs, f"x.{name}()")
        yield from each("x=[nan,inf,-inf,0.0]", f"torch.{name}(x)")
        yield from each("x=[10.0,100.0,1000.0,1e4,1e5,1e6,-10.0,-1e6]", f"x.{name}()")
    calls = ("F.leaky_relu(x, 0.01)", "F.selu(x)", "F.silu(x)", "F.softsign(x)", "F.logsigmoid(x)", "F.hardsigmoid(x)")
    calls += ("F.softplus(x)", "F.softplus(x, beta=3)", "F.softplus(x, beta=1/3)", "F.gelu(x, approximate='tanh')")
    calls += ("x * torch.sigmoid(1.702 * x)", "F.elu(x)", "F.elu(x, alpha=0.1)", "F.relu6(x)", "F.hardswish(x)")
    calls += ("F.mish(x)", *(f"F.celu(x, {alpha})" for alpha in (1, 2, 3, 4)))
    calls += tuple(f"F.hardtanh(x, -{bound}, {bound})" for bound in (10, 15, 20, 25))
    calls += ("torch.maximum(x, torch.zeros_like(x, requires_grad=False))", "x.exp() / (1 + x.exp())")
    for inputs in ("x(45,65)", "x()", "x(45,65)[300,400]", "x(45,65)[-400,-300]", "x=[-1.0,0.0,1.0]"):
        yield from each(inputs, *calls)
    bounds = ("-2.3, 1.2", "0, 0", "10, 100", "0, 0.1", "-0.3, -0.2", "3, 0", "None, 0", "0, None", "None, None")
    yield from each("x(45,65)", *(f"x.clip({words})" for words in bounds))
    yield from each("x=[-3.0,-2.5,0.0,1.5,2.0]", "x.clip(-2.5, 1.5)")


def cumulative() -> Iterator[Case]:
    for call in ("torch.cumsum({})", "torch.cumprod({})", "torch.cummax({}).values", "torch.logcumsumexp({})"):
        for shape, dim in (
            ("10", 0),
            ("512", 0),
            ("", 0),
            ("20", 0),
            ("20,30", 0),
            ("20,30", 1),
            ("4,5,6", 2),
            ("4,5,6", -1),
        ):
            yield from each(f"x({shape})", call.format(f"x, dim={dim}"))
        for shape, dim in (("", 1), ("20", 1), ("20", -2), ("2,0,4", 1), ("0,3", 0), ("2,3,0", 2)):
            yield from each(f"x({shape})", call.format(f"x, dim={dim}"))
    yield from each("x=[0.0,100.0]", "torch.logcumsumexp(x, dim=0)")


def searching() -> Iterator[Case]:
    for name in ("argmax", "argmin"):
        for x in ("[2,2]", "[1,2,2]", "[0,-2147483648]", "[-2147483648,0]"):
            yield from each(f"x={x}", f"x.{name}().type(torch.int32)", f"(~x).{name}().type(torch.int32)")
        yield from each("x=[False,True]", f"x.type(torch.int32).{name}().type(torch.int32)")
        for words in ("", "0, False", "1, False", "1, True"):
            yield from each("x(10,20)", f"x.{name}({words}).type(torch.int32)")
    for shape in ("0", "0,5", "1", "1,5"):
        yield from each(f"x({shape})", "x.sort(0).values", "x.sort(0).indices.type(torch.int32)")
    for dim, descending in product((-1, 0, 1), (True, False)):
        words = f"{dim}, {descending}"
        yield from each("x(8,8,6)", f"x.sort({words}).values", f"x.sort({words}).indices.type(torch.int32)")
        yield from each("x(8,8,6)", f"torch.argsort(x, dim={dim}, descending={descending}, stable=True)")
        yield from each("x(5,5,4)", f"x.topk(4, {dim}, {descending}, True).values")
        yield from each("x(5,5,4)", f"x.topk(4, {dim}, {descending}, True).indices.type(torch.int32)")
    yield from each("x=[0,1,0,1,0,1]", "x.sort(stable=True).values", "x.sort(stable=True, descending=True).indices")
    yield from each("x(8)", "x.topk(3).values", "x.topk(3).indices", "x.topk(9)")


def contractions() -> Iterator[Case]:
    for words, inputs in (
        ("->", "a()"), ("ij->ji", "a(10,10)"), ("ij -> ji", "a(10,10)"), ("ji", "a(10,10)"), ("jki", "a(4,6,8)"),
        ("dog", "a(4,6,8)"), ("ijk->", "a(4,6,8)"), ("ij->j", "a(5,5)"), ("ij->i", "a(5,5)"), ("ii->i", "a(4,4)"),
        ("ii->", "a(4,4)"), ("...ii->...i", "a(3,5,5)"), ("...ii->...", "a(3,5,5)"), ("ij,jk->ij", "a(10,10)"),
    ):  # fmt: skip
        yield from each(inputs, f"torch.einsum('{words}', a)")
    for words, inputs in (
        ("ij,jk", "a(4,6) b(6,8)"), ("ik,k->i", "a(3,4) b(4)"), ("ik,kj->ij", "a(3,4) b(4,5)"), ("i,i", "a(5) b(5)"),
        ("jk,ki->ji", "a(3,4) b(4,5)"), ("i,i->i", "a(5) b(5)"), ("ij,ij->ij", "a(5,6) b(5,6)"), ("i,j->ij", "a(5) b(5)"),
        ("ijk,ikl->ijl", "a(2,4,6) b(2,6,8)"), ("ijk,ikl->jil", "a(2,4,5) b(2,5,7)"), ("jik,ikl->jil", "a(4,2,5) b(2,5,7)"),
        ("ijk,ika->ija", "a(2,4,6) b(2,6,8)"), ("pqrs,tuqvr->pstuv", "a(3,5,4,2) b(2,3,5,2,4)"),
        ("prsq,tquvr->pstuv", "a(3,4,2,5) b(2,5,3,2,4)"), ("zqrs,tuqvr->zstuv", "a(3,5,4,2) b(2,3,5,2,4)"),
        ("...id, ...jd -> ...ij", "a(3,8,9) b(3,8,9)"), ("...id, ...jd", "a(3,8,9) b(3,8,9)"),
        ("i...j,ji...->...", "a(2,3,4,5) b(5,2,4)"), ("ij...,ij...->ij", "a(3,7,2,2) b(3,7,2,2)"),
        ("...ik..., ...jk ->", "a(2,3,4) b(2,3,4)"), ("i...j,ji...->...", "a(2,3,4) b(2,3,4)"),
        ("pqrs,tuqvr->pstuv", "a(3,8,10,5) b(11,5,13,6,8)"),
    ):  # fmt: skip
        yield from each(inputs, f"torch.einsum('{words}', a, b)", f"torch.einsum('{words}', [a, b])")
    yield from each("a(2,3) b(5,3,7) c(2,7)", "torch.einsum('ik,jkl,il->ij', [a, b, c])")
    for inputs in (
        "x(65) y(65)", "x(65) y(65,45)", "x(45,65) y(65)", "x(8,45,65) y(65)", "x(65) y(8,65,45)", "x(4) y(1,2)",
        "x(2,1) y(4)", "x(1) y(4)", "x(45,65) y(65,10)", "x(8,5,6) y(8,6,7)", "x(2,4) y(1,3)", "x(4) y(4,4)",
        "x(3) y(1,3,3,5)", "x(4,3) y(1,3,3,5)", "x(9,9) y(9,9)", "x(8,8) y(8,0)", "x(0,8) y(8,8)", "x(0,8) y(8,0)",
        "x(8,0) y(0,8)", "x(0,0) y(0,0)", "x(0) y(0,8)", "x(0) y(0)", "x(10,5,6) y(6,5)", "x(3,3,5,6) y(3,3,6,5)", "x() y()",
    ):  # fmt: skip
        yield from each(inputs, "x.matmul(y)", "x @ y")
    yield from each(
        "x(9,9) y(9,9)", "F.pad(x, (0, 7, 0, 7)).matmul(F.pad(y, (0, 7, 0, 7)))", "x.half().matmul(y.half())"
    )
    yield from each("x(1,16) y(16,16) z(16,16)", "(x @ y).relu() @ z", "(x @ y).relu()")


def reductions() -> Iterator[Case]:
    yield from each(
        "x(4,4,4)", "x.sum((0, 1)).sum()", "x.sum((0, 2)).sum()", "x.sum((1, 2)).sum()", "x.relu().sum().relu()"
    )
    dims = ("axis=3", "axis=(1, 3)", "axis=(0, 2)", "axis=(1, 2)", "axis=1", "axis=1, keepdim=True", "5", "")
    yield from each("x(3,4,5,6)", *(f"x.sum({words})" for words in dims), *(f"x.mean({words})" for words in dims))
    yield from each("x()", "x.sum()", "x.sum(0)", "x.sum(-1)", "x.sum(())", "x.sum(1)", "x.sum((1,))", "x.mean()")
    yield from each(
        "x(45,3)", "x.sum(dtype=torch.float64)", "x.min()", "x.min().mul(0.5)", "x.max()", "x.max().mul(0.5)"
    )
    yield from each("x(4,0)", "x.sum(axis=(0,))", "x.sum(axis=(1,))", "x.sum(axis=(0, 1))")
    yield from each("x(3,4,5,6)", "x.prod(dim=3)", "x.prod(dim=1)", "x.prod(dim=1, keepdim=True)", "x.max(axis=1)[0]")
    yield from each("x()", "x.prod()", "x.prod(0)", "x.prod(-1)", "x.min()", "x.max()", "x.any()", "x.all()")
    for x in ("[0,-2147483648]", "[False,True]", "[True,False]", "[True,True]", "[False,False]"):
        yield from each(f"x={x}", "x.min()", "x.max()", "x.any()", "x.all()")
    yield from each("x=[[1.0,1.0,0.0,1.0]]", "x.max().mul(0.5)", "x.prod()")
    for name in ("any", "all"):
        yield from each("x(3,4,5,6)", f"x.{name}()", f"x.{name}(axis=(1, 2))")
        yield from each("x(1,0,3,0,5)", f"x.{name}(axis=(1, 3))")
    for name in ("var", "std"):
        words = ("", "correction=0", "correction=5", "0", "2", "[1, 2]", "0, correction=0", "2, correction=0")
        words += ("[1, 2], correction=0", "keepdim=True", "0, keepdim=True, correction=0")
        yield from each("x(5,6,7)", *(f"x.{name}({given})" for given in words))
        yield from each("x(1,0,3,0,5)", f"x.{name}(axis=(1, 3))", f"x.{name}(axis=(1, 3), correction=5)")
        yield from each("x(1,2,3,1,5)", f"x.{name}(axis=(0, 3))", f"x.{name}(axis=(0, 4), correction=0)")
        yield from each("x(1)", f"x.{name}(axis=(0,), correction=0)")
    for words in ("", ", correction=5", ", keepdim=True, correction=0", ", axis=(1, 2)"):
        yield from each("x(5,6,7)", f"torch.stack(torch.std_mean(x{words}))")
    for name, module in (("softmax", "Softmax"), ("log_softmax", "LogSoftmax")):
        for shape, dim in (("45,65", 1), ("45", 0), ("", 0), ("", -1)):
            yield from each(f"x({shape})", f"torch.nn.{module}(dim={dim})(x)")
        yield from each("x(5,6,7)", *(f"x.{name}({dim})" for dim in range(3)), f"x.{name}(0).argmax()")
    for shape, words in (("45,65", "dim=0"), ("45,65", "dim=0, keepdim=True"), ("6,6,6,6", "dim=3"), ("", "dim=-1")):
        yield from each(f"x({shape})", f"torch.logsumexp(x, {words})")


def slicing() -> Iterator[Case]:
    yield from each("x(3)", "x[1:3]", "x[0:2]", "x[-2:2]", "x[0]", "x[2]", "x[-1]", "x[-3]", "x[5]")
    yield from each("x()", "x[None]", "x[0]", "x[:]")
    words = ("1, 1, 1", "1:2", "1:2, 2", "1:2, 1:2", "1:2, 1:2, 0:-1", "None", "1:2, None", "1:2, None, 1:2", "0:4")
    words += ("1:2, 1:2, None, -1", "None, None, 1, None, 2, 0:2", "-6:4", "1:50", "1:50, 1:2, -1", "5:10", "-15:-7")
    words += ("-2:2", "-2:-5", "1:1", "1, 77, 77, 77", "1, 3", "1, -4", "..., ...", "::0, 1", ":, [0], :")
    yield from each("x(3,3,3)", *(f"x[{given}]" for given in words))
    words = ("::2, ::3, ::4", "1:5:2, ::3, ::4", "1:5:2, 3, ::4", "1:5:2, None, None, 3, None, ::4")
    yield from each("x(7,5,10)", *(f"x[{given}]" for given in words))
    words = ("..., 0", "0, ...", "0, ..., 0", "0:3, ..., 2:3", "None, 0:3, ..., 0, None")
    yield from each("x(3,3,3,3)", *(f"x[{given}]" for given in words))
    yield from each("x(4,4)", "x[:, 1:2][1:2]", "x[1:3][1:2]", "x[:, 1:2][0:1]", "x[:, 1:2][:, 0:1]")
    one, row = "torch.tensor(1)", "torch.tensor([[0, 0, 0], [0, 0, 0]])"
    yield from each("x(2,3)", f"x[{row}, {one}]", f"x[torch.tensor([1]), {row}]", f"x[{row}, torch.tensor([2, 1, 1])]")
    yield from each("x(2,3)", "x[torch.tensor([[0, 1, -1], [-1, -2, 0]]), torch.tensor([2, 1, -1])]")
    yield from each("", "torch.tensor([torch.inf, -torch.inf, torch.nan])[torch.tensor([0, 1, 2])]")
    a, b, c = "a=[[[0]],[[-1]]]", "b=[[[0],[0],[0]]]", "c=[[[-5,0,3,1]]]"
    words = ("a, b, c", ":, b, c", "a, b, ...", "a, ..., c", "..., c", "1, b, c", "a, b, 3", "1, b, 2", "None, b, c")
    words += ("a, b, None, c", "None, b, c, None", "a, :, None", "None, None, b", "a, None, None, c", "(0,), b, c")
    words += ("[[[0]]], b, c", "(1, 0, -1), b, c", "a, b, (1, 2, 3)", "a, (2, 1, 0), c", "(a, 1)", "(a, b, c)")
    yield from each(f"x(2,5,6) {a} {b} {c}", *(f"x[{given}]" for given in words))
    yield from each("x(5,6)", "x[[True, False, 2]]", "x[((0,),)]", "x[torch.tensor(1.5)]")


def padding() -> Iterator[Case]:
    for words in ("(1, 2, 3, 4)", "(-1, 2, -3, 4)"):
        values = ("", ", value=5", ", value=torch.inf", ", value=-torch.inf")
        yield from each("x(3,3,3,3)", *(f"F.pad(x, {words}{value})" for value in values))
        yield from each("x(3,3)", *(f"F.pad(x, {words}{value})" for value in values))
    yield from each(
        "x(3,3)", "F.pad(x, (2, 0, 2))", "F.pad(x, (0, 0, 0, 0, 1, 0, 3, 0))", "F.pad(x, (0, 0, 0, 0), value=1)"
    )
    for mode in ("reflect", "replicate", "circular", "typo"):
        four = ("0, 2, 3, 2", "4, 4, 0, 4", "3, 5, 0, 0", "3, -3, 0, -3", "3, -5, 1, -5", "0, 0, 0, -5", "3, 6, 0, 0")
        yield from each("x(1,1,5,5)", *(f"F.pad(x, ({words}), mode='{mode}')" for words in four))
        yield from each("x(5,5,5)", f"F.pad(x, (0, 2), mode='{mode}')")
        yield from each("x(1,1,5,5,5)", f"F.pad(x, (1, 2, 3, 4, 1, 2), mode='{mode}')")
    yield from each("x(1,2)", "F.pad(x, (0, 1, 1, 0)).reshape((3, 2))", "F.pad(x, (0, 2, 1, 1)).reshape((4, 3))")
    for value in ("0.", "3.456"):
        yield from each("x(4)", f"F.pad(x, (1, 0), value={value})[0]", f"F.pad(x, (0, 3), value={value})[4:6]")
        places = ("[0]", "[:, 1]", "[:, 4]", "[1, 0:4]", "[0, 2]")
        yield from each("x(4,4)", *(f"F.pad(x, (3, 4, 1, 2), value={value}){place}" for place in places))
        yield from each("x(3,3,3)", f"F.pad(x, (1, 1, 0, 1, 3, 2), value={value})[2:4, :, :]")


def shapes() -> Iterator[Case]:
    yield from each("x(4)", "torch.stack([x, x, x])[0, :]", "torch.stack([x, x, x])[0, 0]", "x.diag()")
    yield from each("x(3,3)", "x.T", "x.diagonal()", "x.repeat(*[3, 3, 4])")
    yield from each("x(3,3,3)", "x.transpose(1, 2)", "x.transpose(0, 2)", "x.transpose(0, 3)")
    permutations = ("3, 2, 1, 0", "-2, -1, 1, 0", "0, 2", "0, 1, 2, 3, 3, 3", "0, 0, 1, 2, 3")
    yield from each("x(3,4,5,6)", *(f"x.permute(({words}))" for words in permutations))
    for name in ("reshape", "view"):
        sizes = (
            "(12, 6, 6)",
            "(-1, 3, 6, 6)",
            "(-1, 1, 6, 6)",
            "(4, 3, 6, 6)",
            "(-1, -1, 6)",
            "12, 36",
            "[12, 36]",
            "7",
        )
        yield from each("x(4,3,6,6)", *(f"x.{name}({words})" for words in sizes))
        yield from each("x()", f"x.{name}(())", f"x.{name}((1,))", f"x.{name}((1, 1, 1))", f"x.{name}(1)")
        yield from each("x(6,1)", f"x.{name}([2, 3])", f"x.{name}(6)")
    flips = ("(0,)", "(0, 1)", "(0, 1, 3)", "(3,)", "(-1,)", "()", "(0, 0)", "(1, -1)", "0, 1", "4")
    yield from each("x(4,3,6,6)", *(f"x.flip({words})" for words in flips))
    for shape, dim in (
        ("1,3,6,6", 0),
        ("4,3,1,6", 1),
        ("4,3,6,6", 50),
        ("4,3,6,1", -1),
        ("", -1),
        ("", 1),
        ("1,3,1", ""),
    ):
        yield from each(f"x({shape})", f"x.squeeze({dim})")
    yield from each("x(4,3,6,6)", *(f"x.unsqueeze({dim})" for dim in (0, 4, -1, -3, 9)))
    flat = tuple(f"{end}={axis}" for end in ("start_dim", "end_dim") for axis in range(3))
    yield from each("x(4,3,6,6)", *(f"x.flatten({words})" for words in flat), "x.flatten(start_dim=1, end_dim=3)")
    yield from each("x()", "x.flatten()", "x.unsqueeze(0)", "x.detach()", "x.expand((4, 3, 2, 6))", "x.expand([])")
    yield from each("x(4,3,6,6)", "x.unflatten(0, (2, 2))", "x.unflatten(3, (3, 2))", "x.unflatten(-1, (3, 2, 1))")
    rolls = ("1", "(1,)", "(1, 2)", "1, 0", "-1, 0", "shifts=(2, 1), dims=(0, 1)", "1, -1", "5, 0", "0, 0", "-5, 0")
    yield from each("x(2,4)", *(f"x.roll({words})" for words in rolls), "x.roll(shifts=1, dims=(0, 1))")
    yield from each("x(2,4,6)", "x.roll(shifts=(1, 2, -1), dims=(0, 1, 2))", "x.roll(shifts=(0, 2), dims=(0, 1))")
    expansions = ("(4, 3, 2, 6)", "(6, 1, 4, 3, 2, 6)", "(0, 1, 4, 3, 2, 6)", "(4, 3, 0, 6)", "(4, 6, 1, 6)", "3, 1, 6")
    yield from each("x(4,3,1,6)", *(f"x.expand({words})" for words in expansions))
    for name in ("tril", "triu"):
        yield from each("x(3,3)", f"x.{name}()", *(f"x.{name}({k})" for k in (1, 2, -1, -2)))
        yield from each("x(4,5)", *(f"x.{name}({k})" for k in (4, 5, 6, -4, -5, -6)))
        yield from each("x(5,0,3)", f"x.{name}()", f"x.{name}(1)")
        yield from each("x=[[True,True],[True,True]]", f"x.{name}()")
    yield from each("x(3,4,2) y(3,4,2) z(3,4,2)", *(f"torch.cat((x, y, z), {dim})" for dim in range(-2, 4)))
    yield from each("x(3,4,2) y(3,4,2) z(3,4,2)", *(f"torch.stack((x, y, z), {dim})" for dim in range(-1, 5)))
    yield from each("x(4,0,2) y(4,1,2) z(4,2,2)", "torch.cat((x, y, z), 1)", "torch.cat((x, y, z), 0)")
    yield from each("x=[1.0] y=[2.0]", "torch.stack((x, y)).max(axis=0)[0]")
    repeats = ("2, 4, 3", "2, 4, 3, 4", "2, 4, 3, 2, 1", "2, 0, 4", "2, 4")
    yield from each("x(4,6,3)", *(f"x.repeat({words})" for words in repeats), "x.repeat(*[2, 4, 3, 3, 2, 2])")
    yield from each("x(3,3)", *(f"x.repeat_interleave({words})" for words in ("6", "2, 1", "2, 0", "2, -1", "2, -2")))


def gathering() -> Iterator[Case]:
    index = "b=[[[0,1,2],[2,1,0]],[[1,1,1],[0,2,0]]]"
    for dim in (0, 1, 2, -1, -2, -3):
        yield from each(f"x(3,4,5) s(3,4,5) {index}", f"x.gather(dim={dim}, index=b)")
        yield from each(f"x(3,4,5) s(3,4,5) {index}", f"x.scatter(dim={dim}, index=b, src=s)")
        yield from each(f"x(3,4,5) s(3,4,5) {index}", f"x.scatter_add({dim}, b, s)")
    values = (
        "value=3",
        "value=float('inf')",
        "value=float('inf'), reduce='add'",
        "value=float('nan'), reduce='multiply'",
    )
    yield from each(f"x(3,4,5) {index}", *(f"x.scatter(dim=1, index=b, {words})" for words in values))
    yield from each(
        f"x(3,4,5) s(3,4,5) {index}", "x.half().scatter(dim=1, index=b, src=s)", "x.gather(dim=0, index=b[0])"
    )
    yield from each("x=[1.0,2.0,3.0,4.0] s=[1.0,0.0] b=[0,0]", "x.scatter(0, b, s)")
    yield from each("x=[-inf,2.0,3.0]", "x.gather(dim=0, index=torch.tensor([2, 1, 0, 1, 2]))")
    for reduce, dim, more in product(
        ("sum", "prod", "mean", "amin", "amax", "INVALID"), (-1, 1, -3), ("", ", include_self=False")
    ):
        call = f"x.scatter_reduce(dim={dim}, index=b, src=s, reduce='{reduce}'{more})"
        yield from each(f"x(3,4,5) s(3,4,5) {index}", call)
    for words in ("torch.tensor([1, 2, 4]), 6", "torch.tensor([1, 2, 4])", "torch.tensor([[1, 2, 3], [0, 3, 5]]), 8"):
        yield from each("", f"F.one_hot({words}).type(torch.int32)")
    yield from each("x(32,10)", "x.masked_fill((x > 0.1).detach(), -torch.inf)", "x.masked_select(x > 0.5)")
    yield from each("x(32,10)", "x.masked_select(torch.tensor(True))")
    yield from each("x(3,3)", "x.float()", "x.int()", "x.bool()", "x.view(torch.int32)", "x.relu().type(torch.uint8)")
    yield from each("x=[0,1,2,3]", "x.float()", "x.type(torch.uint8).min()")
    yield from each("x=[True,False]", "x.float()")


def layers() -> Iterator[Case]:
    yield from each("x(1,8,5,5) w(8,8,1,1) b(8)", "F.conv2d(F.conv2d(x, w, b).relu(), w, b)")
    for words in (
        "",
        ", padding=1",
        ", stride=2",
        ", dilation=2",
        ", padding=(2, 1)",
        ", stride=(2, 1)",
        ", dilation=(2, 1)",
    ):
        yield from each("x(2,4,9,11) w(4,4,3,3)", f"F.conv2d(x, w{words})", f"F.conv_transpose2d(x, w{words})")
        yield from each("x(2,4,9) w(4,4,3)", f"F.conv1d(x, w{words})", f"F.conv_transpose1d(x, w{words})")
    for words in ("groups=2", "groups=4", "padding=(1, 1, 1)", "dilation=9"):
        yield from each("x(2,4,9,9) w(4,2,3,3)", f"F.conv2d(x, w, {words})", f"F.conv_transpose2d(x, w, {words})")
    for words in ("output_padding=(1, 1), stride=(2, 3)", "output_padding=(2, 1), stride=(3, 2)"):
        yield from each("x(2,4,6,5) w(4,4,3,3) b(4)", f"F.conv_transpose2d(x, w, b, {words})")
    yield from each(
        "x(1,4,5,5,5) w(4,4,3,3,3)", "F.conv3d(x, w)", "F.conv3d(x, w, padding=1)", "F.conv_transpose3d(x, w)"
    )
    yield from each("x(2,9,9,4) w(3,3,4,5)", "F.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1))")
    yield from each(
        "x(1,1,10,10) w(1,1,3,3)", "F.conv2d(x[:, :, 1:-1, 1:-1], w)", "F.conv2d(F.pad(x, (2, 1, 2, 1)), w)"
    )
    for kernel in ("(2, 2)", "(3, 3)", "2", "3", "(3, 2)", "(5, 5)", "(5, 1)"):
        yield from each(
            "x(3,2,11,28)", f"F.max_pool2d(x, kernel_size={kernel})", f"F.avg_pool2d(x, kernel_size={kernel})"
        )
        for words in ("1", "(1, 0)", "(0, 1)", "(1, 1, 1)"):
            call = f"(x, kernel_size={kernel}, padding={words})"
            yield from each("x(3,2,11,28)", "F.max_pool2d" + call, "F.avg_pool2d" + call)
        more = f"x, kernel_size={kernel}, padding=1, stride=3, ceil_mode=True"
        yield from each("x(1,1,6,6)", f"F.max_pool2d({more})", f"F.avg_pool2d({more}, count_include_pad=False)")
        yield from each(
            "x(1,1,9,9)", f"F.max_pool2d(x, kernel_size={kernel}, return_indices=True)[1].type(torch.int32)"
        )
    for stride, dilation in (("(2, 3)", "(3, 2)"), ("(3, 2)", "(2, 3)"), ("2", "2"), ("3", "3"), ("4", "6")):
        yield from each("x(3,2,17,14)", f"F.max_pool2d(x, kernel_size=(2, 2), stride={stride}, dilation={dilation})")
        yield from each("x(3,2,17,14)", f"F.max_pool2d(x, kernel_size=(5, 5), stride={stride})")
    yield from each("x(4,2,11,8)", "F.max_pool2d(x.int(), kernel_size=(2, 2), padding=1)")
    yield from each("x(4,2,11,8)", "F.max_pool2d(F.pad(x, (2, 1, 2, 1), value=float('-inf')), kernel_size=(5, 5))")
    pooled = "F.max_pool2d(x, kernel_size=(2, 2), return_indices=True)"
    yield from each("x(1,3,7,6)", f"F.max_unpool2d(*{pooled}, kernel_size=(2, 2), output_size=(99, 99, 7, 6))")
    yield from each("x(1,1,6,6)", f"F.max_unpool2d(*{pooled}, kernel_size=(2, 2))")
    yield from each(
        "x(1,1,9,9,9)", "F.avg_pool3d(x, kernel_size=(4, 4, 4), stride=5, padding=1, count_include_pad=False)"
    )
    for shape, size, modes in (
        ("2,3,52", "(29,)", ("linear", "nearest", "nearest-exact")),
        ("2,3,13", "(29,)", ("linear", "nearest", "nearest-exact")),
        ("2,3,12,20", "(9, 31)", ("bilinear", "nearest", "nearest-exact")),
        ("2,3,9,11", "(10, 13)", ("bilinear", "nearest", "nearest-exact")),
        ("2,3,5,2,8", "(3, 6, 4)", ("trilinear", "nearest", "nearest-exact")),
    ):
        for mode in modes:
            yield from each(f"x({shape})", f"F.interpolate(x, size={size}, mode='{mode}')")
            yield from each(f"x({shape})", f"F.interpolate(x, size={size}, mode='{mode}', align_corners=True)")
    byte = "(10 * x).relu().type(torch.uint8)"
    for mode in ("bilinear", "nearest", "nearest-exact"):
        yield from each("x(2,3,16,16)", f"F.interpolate({byte}, size=(10, 10), mode='{mode}')")
    q, k = "q(2,4,6,8)", "k(2,4,6,8) v(2,4,6,8)"
    for words in ("", ", is_causal=True", ", attn_mask=m", ", is_causal=True, attn_mask=m"):
        yield from each(f"{q} {k} m(6,6)", f"F.scaled_dot_product_attention(q, k, v{words})")
    yield from each("q(2,8,6,8) k(2,2,6,8) v(2,2,6,8)", "F.scaled_dot_product_attention(q, k, v, enable_gqa=True)")
    yield from each("q(2,7,6,8) k(2,2,6,8) v(2,2,6,8)", "F.scaled_dot_product_attention(q, k, v)")


def losses() -> Iterator[Case]:
    for words in ("", ", reduction='mean'", ", reduction='sum'", ", reduction='none'", ", reduction='typo'"):
        yield from each("x(32,10) y(32,10)", f"F.binary_cross_entropy(x.sigmoid(), y.clip(0, 1){words})")
        yield from each("x(32,10) y(32,10)", f"F.binary_cross_entropy_with_logits(x, y.clip(0, 1){words})")
        yield from each("x(32,10) y(32,10)", f"F.cross_entropy(x, y{words})")
        target = "torch.tensor([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3])"
        yield from each("x(12,10)", f"F.nll_loss(F.log_softmax(x, dim=1), {target}{words})")
        yield from each("x(12,10) w(10)", f"F.nll_loss(F.log_softmax(x, dim=1), {target}, w{words})")
        yield from each("x(12,10)", f"torch.nn.CrossEntropyLoss({words.removeprefix(', ')})(x, {target})")
        for smooth in ("0.", "0.3", "0.7", "1."):
            yield from each("x(12,10)", f"F.cross_entropy(x, {target}, label_smoothing={smooth}{words})")
    yield from each(
        "x(2,10) y(2,10)", "F.binary_cross_entropy_with_logits(x, y.clip(0, 1), pos_weight=torch.arange(10.) / 4)"
    )
    yield from each("x(8) y(8)", "F.cross_entropy(x, y)")
    yield from each("x(4,3,2,2) y(4,3,2,2)", "F.cross_entropy(x, y)")
    yield from each("x(4,3) y(4,1)", "F.cross_entropy(x, y)")
    for ignored in (-1, 0, 3):
        yield from each("x(4,10)", f"torch.nn.CrossEntropyLoss(ignore_index={ignored})(x, torch.tensor([0, 1, 2, 3]))")
    yield from each(
        "x(3,4,5)",
        "nn.CrossEntropyLoss()(x.permute(0, 2, 1), torch.tensor([[0, 1, 2, 3], [4, 0, 1, 2], [3, 4, 0, 1]]))",
    )
    logits = "x=[[2.0,0.5,-1.0],[1.5,2.5,-0.5],[0.0,-2.0,1.0]]"
    yield from each(logits, "F.nll_loss(F.log_softmax(x, dim=1), torch.tensor([0, 1, 2]), ignore_index=1)")


GROUPS = (
    *(
        creation,
        splitting,
        comparison,
        integers,
        arithmetic,
        elementwise,
        cumulative,
        searching,
        contractions,
        reductions,
    ),
    *(slicing, padding, shapes, gathering, layers, losses),
)
