"""What the catalogue says of each activation, held against PyTorch, the reference data and dense grids.

The rows' expressions are run by Python here, not by our own evaluator, so that one mistake cannot hide another.
"""

from __future__ import annotations

import functools
import inspect
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from each import each
from torch import nn
from torch.nn import functional

from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.rows import Activation
from gradcli.language.catalogue.signature import parse_signature
from gradcli.language.parser import parse

Parameters = dict[str, Any]

BY_NAME = {row.name: row for row in ACTIVATIONS}
DATA = Path(__file__).parents[1] / "data"
REFERENCE = json.loads((DATA / "activations.json").read_text(encoding="utf-8"))["functions"]

OTHER_PARAMETERS: dict[str, list[Parameters]] = {
    "celu": [{"alpha": 2.0}, {"alpha": 0.5}],
    "elu": [{"alpha": 0.5}, {"alpha": 2.0}],
    "hardshrink": [{"lambd": 1.0}],
    "hardtanh": [{"min_val": -2.0, "max_val": 0.5}],
    "heaviside": [{"values": 0.0}, {"values": 1.0}],
    "leaky_relu": [{"negative_slope": 0.2}, {"negative_slope": 2.0}],
    "prelu": [{"weight": 0.1}, {"weight": 3.0}],
    "rrelu": [{"lower": 0.1, "upper": 0.6}],
    "softplus": [{"beta": 2.0}, {"beta": 2.0, "threshold": 1.0}],
    "softshrink": [{"lambd": 1.0}],
    "threshold": [{"threshold": 0.25, "value": 20.0}, {"threshold": 0.5, "value": -1.5}],
}
"""Parameters beside the defaults, with which every statement about a row has to hold as well."""

EXPRESSION_FAILS: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], str]] = {
    "sigmoid": (lambda x: x < -700, "exp(-x) overflows where the result is not yet 0"),
    "silu": (lambda x: x < -700, "exp(-x) overflows where the result is not yet 0"),
    "tanh": (lambda x: (x.abs() < 0.1) | (x.abs() > 700), "exp(x) - exp(-x) cancels near 0; exp overflows far out"),
    "elu": (lambda x: (x < 0) & (x > -0.1), "exp(x) - 1 cancels just below 0"),
    "selu": (lambda x: (x < 0) & (x > -0.1), "exp(x) - 1 cancels just below 0"),
    "celu": (lambda x: (x < 0) & (x > -0.1), "exp(x / alpha) - 1 cancels just below 0"),
    "logsigmoid": (lambda x: x < -700, "exp(-x) overflows"),
    "gelu": (lambda x: x < -3, "1 + erf(x / sqrt(2)) cancels in the left tail"),
    "tanhshrink": (lambda x: x.abs() < 0.1, "x - tanh(x) cancels near 0"),
    "log1p": (lambda x: x.abs() < 0.1, "1 + x rounds near 0"),
    "exp": (lambda x: x.abs() > 100, "the rounding of e is raised to a power"),
}
"""Where a textbook formula is true and its evaluation in float64 is not: only the absolute error is small there."""

PYTORCH_IS_INEXACT = {
    "hardsigmoid": (1e-7, "f' is the float32 value of 1/6, in float64 too"),
}
"""Derivatives that PyTorch rounds: the relative difference allowed, and why."""

PYTORCH_HAS_NO_DERIVATIVE = {"heaviside": "derivative for aten::heaviside is not implemented"}

PYTORCH_HAS_NO_DEFAULT = {
    "prelu": ("weight", "F.prelu wants a tensor; nn.PReLU starts at 0.25"),
    "threshold": ("threshold, value", "both required; 0 and 0 make it relu"),
    "heaviside": ("values", "required; one half is the value midway"),
    "softmax": ("dim", "None makes PyTorch guess, with a warning"),
    "log_softmax": ("dim", "None makes PyTorch guess, with a warning"),
    "softmin": ("dim", "None makes PyTorch guess, with a warning"),
}

MODULES_WITHOUT_A_ROW = {
    "MultiheadAttention": "a layer with weights of its own",
    "Softmax2d": "softmax(x, dim=-3)",
}

FUNCTIONS_WITHOUT_A_ROW = {
    "gumbel_softmax": "random: not a function of x",
    "normalize": "not an activation; x / norm(x)",
}

NOT_SMOOTH_FROM_ITS_EDGE_ON = {"log1p": -0.5, "sqrt": 0.1}
"""Where f' varies too fast for a grid: the domain's edge, and the least x that the grids below look at."""

STARTS_AT = {"log1p": -1.0 + 1e-16, "sqrt": 0.0}
"""The first x of functions that are not defined everywhere."""

FAR_KINKS = {"softplus": "a step of 2e-9 at x = 20, PyTorch's shortcut, not worth a wider interval"}


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """On a busy machine threads that wait for each other take four times as long as one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def elementwise_cases() -> list[Any]:
    rows = [row for row in ACTIVATIONS if row.elementwise]
    return [(row, dict(row.parameters) | other) for row in rows for other in [{}, *OTHER_PARAMETERS.get(row.name, [])]]


every_row = each("row", ACTIVATIONS, ids=lambda row: row.name)
every_elementwise_case = each(
    "row, parameters", elementwise_cases(), ids=lambda case: (case[0].name, *case[1].values())
)


def real(value: Any) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value if value.dtype == torch.bool else value.double()
    return torch.tensor(value, dtype=torch.bool if isinstance(value, bool) else torch.float64)


def of_tensors(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """A PyTorch function that also takes Python's numbers, as the expression language does."""
    return lambda *arguments: function(*map(real, arguments))


NAMES: dict[str, Any] = {
    function.__name__: of_tensors(function)
    for function in (
        *(torch.abs, torch.atan, torch.cos, torch.erf, torch.exp, torch.log, torch.log1p, torch.maximum),
        *(torch.minimum, torch.sigmoid, torch.sin, torch.sqrt, torch.tanh, torch.where),
    )
} | {"chunk": torch.chunk, "sum": torch.sum, "pi": math.pi, "e": math.e, "nan": math.nan, "inf": math.inf}


def run(expression: str, **names: Any) -> Any:
    return eval(expression, {"__builtins__": {}}, NAMES | names)


def resolved(path: str) -> Callable[..., torch.Tensor]:
    found: Any = functools.reduce(getattr, path.removeprefix("torch.").split("."), cast("Any", torch))
    return cast("Callable[..., torch.Tensor]", found)


def pytorch(row: Activation, x: torch.Tensor, parameters: Parameters) -> torch.Tensor:
    """What PyTorch returns; a parameter that its signature calls a tensor is passed as one."""
    tensors = {p.name for p in parse_signature(row.signatures[0]).parameters if p.kind == "tensor"}
    return resolved(row.torch)(x, **{k: real(v) if k in tensors else v for k, v in parameters.items()})


def slope(row: Activation, x: torch.Tensor, parameters: Parameters) -> torch.Tensor:
    """What autograd returns, 0 for a step that it cannot differentiate."""
    if row.name in PYTORCH_HAS_NO_DERIVATIVE:
        return torch.zeros_like(x)
    x = x.clone().requires_grad_()
    return torch.autograd.grad(pytorch(row, x, parameters).sum(), x)[0]


def grid(row: Activation, start: float, stop: float, step: float) -> torch.Tensor:
    """Evenly spaced points, none of them at a round number, where a kink may be."""
    x = torch.arange(start, stop, step, dtype=torch.float64) + step * 0.4142
    return x[x > NOT_SMOOTH_FROM_ITS_EDGE_ON.get(row.name, -math.inf)]


def kinks(row: Activation, parameters: Parameters) -> list[float]:
    places = [float(run(kink, **parameters)) for kink in row.kinks]
    return [place for place in places if not math.isnan(place)]


def points(row: Activation) -> torch.Tensor:
    extremes = [1e-8, 1e-3, 0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 10.0, 20.0, 100.0, 700.0, 1000.0]
    signed = torch.tensor([sign * x for x in extremes for sign in (1, -1)], dtype=torch.float64)
    x = torch.cat([torch.linspace(-30, 30, 193, dtype=torch.float64), signed])
    return x[x > STARTS_AT[row.name]] if row.name in STARTS_AT else x


def assert_close(found: torch.Tensor, wanted: torch.Tensor, x: torch.Tensor, *, relative: float, name: str) -> None:
    """Close in relative terms, in absolute terms where the table says that the formula cancels or overflows."""
    fails = EXPRESSION_FAILS[name][0](x) if name in EXPRESSION_FAILS else torch.zeros_like(x, dtype=torch.bool)
    torch.testing.assert_close(found[~fails], wanted[~fails], rtol=relative, atol=0)
    near = fails & found.isfinite()
    torch.testing.assert_close(found[near], wanted[near], rtol=1e-12, atol=1e-14)


@every_row
def test_every_expression_of_a_row_is_one_of_the_language(row: Activation) -> None:
    known = {"x", *dict(row.parameters)} | (set() if row.elementwise else {"y", "n", "i", "j"})
    optional = [text for text in (row.flat, row.largest_slope, row.subject) if text is not None]
    for text in (row.formula, row.derivative, *row.kinks, *optional):
        assert set(parse(text, bound=known).free_names) <= known, text


@every_elementwise_case
def test_the_formula_gives_what_pytorch_gives(row: Activation, parameters: Parameters) -> None:
    x = points(row)
    wanted = pytorch(row, x, parameters)
    assert_close(run(row.formula, x=x, **parameters).expand_as(x), wanted, x, relative=1e-12, name=row.name)


@each(
    "row, parameters",
    [case for case in elementwise_cases() if case[0].name not in PYTORCH_HAS_NO_DERIVATIVE],
)
def test_the_derivative_gives_what_autograd_gives_at_the_kinks_too(row: Activation, parameters: Parameters) -> None:
    x = torch.cat([points(row), torch.tensor(kinks(row, parameters), dtype=torch.float64)])
    found = real(run(row.derivative, x=x, **parameters)).expand_as(x)
    relative = PYTORCH_IS_INEXACT.get(row.name, (1e-12, ""))[0]
    torch.testing.assert_close(found, slope(row, x, parameters), rtol=relative, atol=1e-15)


@pytest.mark.parametrize("name", PYTORCH_HAS_NO_DERIVATIVE)
def test_pytorch_still_refuses_to_differentiate_a_step(name: str) -> None:
    x = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    row = BY_NAME[name]
    output = pytorch(row, x, dict(row.parameters))
    with pytest.raises(RuntimeError, match=PYTORCH_HAS_NO_DERIVATIVE[name]):
        output.sum().backward()


@pytest.mark.parametrize("row", [row for row in ACTIVATIONS if not row.elementwise], ids=lambda row: row.name)
def test_the_formula_and_the_jacobian_of_a_row_that_is_not_elementwise_are_pytorchs(row: Activation) -> None:
    x = torch.tensor([0.3, -1.2, 2.0, 0.7, -0.4, 1.1], dtype=torch.float64)
    parameters = dict(row.parameters)
    y = pytorch(row, x, parameters)
    torch.testing.assert_close(run(row.formula, x=x, **parameters), y, rtol=1e-12, atol=0)
    wanted = torch.autograd.functional.jacobian(lambda x: pytorch(row, x, parameters), x)
    n = len(y)
    entries: Parameters = {"x": x, "y": y.tolist(), "n": n, "exp": math.exp}
    found = [[float(run(row.derivative, **entries, i=i, j=j)) for j in range(len(x))] for i in range(n)]
    torch.testing.assert_close(torch.tensor(found, dtype=torch.float64), wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("row", [row for row in ACTIVATIONS if not row.elementwise], ids=lambda row: row.name)
def test_the_formula_works_along_any_dim(row: Activation) -> None:
    x = torch.randn(4, 6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for dim in (0, 1, -1):
        torch.testing.assert_close(run(row.formula, x=x, dim=dim), pytorch(row, x, {"dim": dim}), rtol=1e-12, atol=0)


@every_elementwise_case
def test_a_elementwise_row_maps_each_element_alone(row: Activation, parameters: Parameters) -> None:
    x = torch.linspace(0.05, 5, 6, dtype=torch.float64)
    together = pytorch(row, x, parameters)
    alone = torch.stack([pytorch(row, element, parameters) for element in x])
    torch.testing.assert_close(together, alone, rtol=1e-14, atol=0)


# The reference data: mpmath, correctly rounded.


def number(value: Any) -> float:
    return float(value)  # also 'NaN', 'Infinity'


def reference_cases() -> list[Any]:
    return [
        entry
        for entry in REFERENCE
        if entry["name"] != "glu" and entry["params"].get("approximate") != "tanh"  # glu: below; tanh: not the formula
    ]


every_reference = each("entry", reference_cases(), ids=lambda entry: (entry["name"], *entry["params"].values()))


@every_reference
def test_formula_and_derivative_agree_with_the_reference(entry: dict[str, Any]) -> None:
    row = BY_NAME[entry["name"]]
    inside = [
        p
        for p in [*entry["points"], *entry["random_points"]]
        if "kink" not in p and p.get("domain") is None and math.isfinite(number(p["f"]))
    ]
    assert len(inside) >= 20
    x = torch.tensor([p["x"] for p in inside], dtype=torch.float64)
    value = torch.tensor([number(p["f"]) for p in inside], dtype=torch.float64)
    derivative = torch.tensor([number(p["f1"]) for p in inside], dtype=torch.float64)
    parameters = dict(row.parameters) | entry["params"]
    assert_close(run(row.formula, x=x, **parameters), value, x, relative=1e-12, name=row.name)
    torch.testing.assert_close(run(row.derivative, x=x, **parameters), derivative, rtol=1e-12, atol=1e-15)


@every_reference
def test_a_kink_is_where_the_reference_has_different_limits_of_the_value_or_the_slope(entry: dict[str, Any]) -> None:
    row = BY_NAME[entry["name"]]
    parameters = dict(row.parameters) | entry["params"]
    stated = kinks(row, parameters)
    assert set(stated) <= set(entry["kink_points"])
    for point in entry["points"]:
        if point.get("kink") and point["left"] is not None:  # None: the edge of the domain
            jumps = any(point["left"][key] != point["right"][key] for key in ("f", "f1"))
            assert jumps == (point["x"] in stated), point["x"]


def test_glu_agrees_with_the_reference() -> None:
    row = BY_NAME["glu"]
    entry = next(entry for entry in REFERENCE if entry["name"] == "glu")
    for point in entry["points"]:
        x = torch.tensor([point["a"], point["b"]], dtype=torch.float64)
        y = run(row.formula, x=x, dim=-1)
        assert float(y) == pytest.approx(number(point["f"]), rel=1e-12, abs=1e-300)
        for j, key in enumerate(("da", "db")):
            found = float(run(row.derivative, x=x, y=y, n=1, i=0, j=j))
            assert found == pytest.approx(number(point[key]), rel=1e-12, abs=1e-15 * max(1, abs(point["a"])))


def test_every_reference_activation_has_a_row() -> None:
    assert {entry["name"] for entry in REFERENCE} <= set(BY_NAME)


# Range, kinks, flat stretches, saturation, slope: dense grids.


def wide(row: Activation, parameters: Parameters) -> torch.Tensor:
    """Far out, close by, at the edge of the domain and on both sides of each kink."""
    far = torch.logspace(-17, 300, 1200, dtype=torch.float64)
    near = torch.cat([torch.linspace(-end, end, 80_001, dtype=torch.float64) for end in (40, 1000)])
    edge = torch.logspace(-16, 0, 1000, dtype=torch.float64) + STARTS_AT.get(row.name, 0.0)
    turns = [k + offset for k in kinks(row, parameters) for offset in (-1e-9, 0.0, 1e-9)]
    x = torch.cat([-far, near, far, edge, torch.tensor(turns, dtype=torch.float64)])
    return x[x > STARTS_AT[row.name]] if row.name in STARTS_AT else x


def pieces(text: str, parameters: Parameters) -> list[tuple[str, list[float]]]:
    """The intervals and sets of a range: the opening bracket and the numbers behind it."""
    parsed = []
    for piece in text.split(" | "):
        match = re.fullmatch(r"([\[({])(.+)([\])}])", piece)
        assert match is not None, piece
        assert (match[1] == "{") == (match[3] == "}")
        numbers = [float(run(end, **parameters)) for end in match[2].split(",")]
        assert match[1] == "{" or len(numbers) == 2
        assert match[1] != "[" or math.isfinite(numbers[0])
        assert match[3] != "]" or math.isfinite(numbers[1])
        parsed.append((match[1], numbers))
    return parsed


@every_elementwise_case
def test_all_values_lie_in_the_range(row: Activation, parameters: Parameters) -> None:
    y = pytorch(row, wide(row, parameters), parameters)
    inside = torch.zeros_like(y, dtype=torch.bool)
    for bracket, ends in pieces(row.range, parameters):
        if bracket == "{":
            inside |= torch.isin(y, torch.tensor(ends, dtype=torch.float64))
        else:  # a half open end is reached by rounding; a printed one has at least seven decimals
            inside |= (y >= ends[0] - 5e-8) & (y <= ends[1] + 5e-8)
    assert bool(inside.all()), y[~inside][:5]


@every_elementwise_case
def test_values_come_close_to_each_end_of_the_range(row: Activation, parameters: Parameters) -> None:
    y = pytorch(row, wide(row, parameters), parameters)
    for bracket, ends in pieces(row.range, parameters):
        for end in ends:
            if bracket == "{":
                assert bool((y == end).any()), end
            elif math.isinf(end):
                assert bool((math.copysign(1, end) * y > 30).any()), end
            else:
                assert float((y - end).abs().min()) <= 1e-3 * max(abs(end), 1e-3), end


@every_elementwise_case
def test_a_closed_end_is_attained_and_an_open_end_is_not(row: Activation, parameters: Parameters) -> None:
    x = wide(row, parameters)
    y = pytorch(row, x[(x >= row.interval[0]) & (x <= row.interval[1])], parameters)  # farther out rounding attains it
    parts = pieces(row.range, parameters)
    members = [member for bracket, ends in parts if bracket == "{" for member in ends]
    for piece, (bracket, ends) in zip(row.range.split(" | "), parts, strict=True):
        for end, closed in zip(ends, (bracket == "[", piece.endswith("]")), strict=False) if bracket != "{" else ():
            if closed:
                assert bool(((y - end).abs() <= 5e-8).any()), end
            else:
                assert end in members or not bool((y == end).any()), end


@every_elementwise_case
def test_an_interval_of_the_range_has_no_gap(row: Activation, parameters: Parameters) -> None:
    y = pytorch(row, wide(row, parameters), parameters)
    for bracket, ends in pieces(row.range, parameters):
        if bracket != "{":
            inside = y[(y > max(ends[0], -5)) & (y < min(ends[1], 5))].sort().values
            assert inside.numel() == 0 or float(inside.diff().max()) < 0.05


@every_elementwise_case
def test_value_or_slope_jumps_at_each_kink_and_nowhere_else(row: Activation, parameters: Parameters) -> None:
    step = 1e-3
    stated = torch.tensor(kinks(row, parameters), dtype=torch.float64)
    if row.name == "softplus" and parameters["threshold"] == 20:
        left, right = (pytorch(row, stated + h, parameters) for h in (0.0, 1e-13))
        assert float(left) > float(right)  # the step of 2e-9, which the grid cannot see
        stated = stated[:0]
    x = grid(row, -25, 25, step)
    value, derivative = pytorch(row, x, parameters), slope(row, x, parameters)
    scale = 1 + derivative.abs()
    value_jumps = (value.diff() - step * derivative[1:]).abs() > 0.02 * scale[1:]
    slope_jumps = derivative.diff().abs() > 0.01 * scale[1:]
    found = x[1:][value_jumps | slope_jumps]
    assert found.numel() == stated.numel(), found
    torch.testing.assert_close(found, stated.sort().values, rtol=0, atol=1.01 * step)


@every_elementwise_case
def test_the_slope_is_zero_where_it_is_flat_by_definition_and_not_elsewhere(
    row: Activation, parameters: Parameters
) -> None:
    x = grid(row, -8, 8, 0.01)
    derivative = slope(row, x, parameters)
    flat = run(row.flat, x=x, **parameters) if row.flat else torch.zeros_like(x, dtype=torch.bool)
    assert bool((derivative[flat] == 0).all())
    assert bool((derivative[~flat] != 0).all())
    changes = pytorch(row, x, parameters).diff()[flat[1:] & flat[:-1]] != 0
    assert int(changes.sum()) == (len(kinks(row, parameters)) if row.name in ("sign", "heaviside") else 0)


@every_elementwise_case
def test_the_slope_tends_to_zero_on_the_stated_sides_only(row: Activation, parameters: Parameters) -> None:
    saturation = row.saturation or ""
    sides = {"left": saturation.startswith("to the left"), "right": saturation.startswith("to the right")}
    if saturation.startswith("on both sides"):
        sides = {"left": True, "right": True}
    assert any(sides.values()) == bool(saturation)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        if side == "left" and row.name in STARTS_AT:
            assert not sides[side]
            continue
        x = sign * torch.linspace(1e5, 1e5 + 20, 200, dtype=torch.float64)
        vanishes = bool((slope(row, x, parameters).abs() < 2e-3).all())
        flat = bool(run(row.flat, x=x, **parameters).all()) if row.flat else False
        assert sides[side] == (vanishes and not flat), side


@every_elementwise_case
def test_no_slope_exceeds_the_largest_slope_and_one_reaches_it(row: Activation, parameters: Parameters) -> None:
    x = wide(row, parameters)
    derivative = slope(row, x[x.abs() < 600], parameters).abs()
    if row.largest_slope is None:
        assert float(derivative.max()) > 1e6
        return
    stated = float(run(row.largest_slope, **parameters))
    relative = PYTORCH_IS_INEXACT.get(row.name, (1e-10, ""))[0]
    assert float(derivative.max()) <= stated * (1 + relative)
    assert float(derivative.max()) >= stated * (1 - 1e-6)


@pytest.mark.parametrize("row", [row for row in ACTIVATIONS if not row.elementwise], ids=lambda row: row.name)
def test_no_entry_of_the_jacobian_exceeds_the_largest_slope_and_one_reaches_it(row: Activation) -> None:
    others = {"glu": 0.0, "softmin": 1e4}.get(row.name, -1e4)  # gates half open; entries that do not count
    samples = [torch.tensor([a, 0.0, others, others], dtype=torch.float64) for a in torch.linspace(-1000, 1000, 401)]
    largest = max(
        float(torch.autograd.functional.jacobian(lambda x: pytorch(row, x, dict(row.parameters)), x).abs().max())
        for x in samples
    )
    if row.largest_slope is None:
        assert largest > 100
        return
    assert largest == pytest.approx(float(run(row.largest_slope)), rel=1e-6)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
def test_values_of_softmax_and_its_kin_lie_in_their_range_and_reach_its_closed_end(name: str) -> None:
    row = BY_NAME[name]
    low, high = pieces(row.range, {})[0][1]
    x = torch.randn(200, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 10
    y = pytorch(row, x, dict(row.parameters))
    assert bool(((y > low) & (y <= high)).all())
    assert float(pytorch(row, x[:1, :1], dict(row.parameters))) == high


# Names, defaults and signatures: PyTorch at run time.


def module_of(row: Activation) -> type[nn.Module] | None:
    """The class of torch.nn with the row's name."""
    plain = row.name.replace("_", "")
    return next((getattr(nn, name) for name in nn.modules.activation.__all__ if name.lower() == plain), None)


def pytorch_defaults(row: Activation) -> Parameters:
    """Every parameter that PyTorch has a default for: of the function, or of the module if that is more telling."""
    defaults: Parameters = {}
    for source in (module_of(row), resolved(row.torch)):
        try:
            signature = inspect.signature(source) if source is not None else None
        except ValueError:  # a builtin
            continue
        if signature is not None:
            defaults |= {p.name: p.default for p in signature.parameters.values() if p.default is not p.empty}
    return defaults


@every_row
def test_parameters_have_pytorchs_names_and_defaults(row: Activation) -> None:
    known = pytorch_defaults(row)
    excused = PYTORCH_HAS_NO_DEFAULT.get(row.name, ("", ""))[0].split(", ")
    for name, default in row.parameters:
        if name in excused:
            assert known.get(name) is None
            assert row.subject is not None
            assert f"{name}={default:g}" in row.subject
        else:
            assert known[name] == default


def test_the_default_weight_of_prelu_is_the_one_that_its_module_starts_with() -> None:
    assert inspect.signature(nn.PReLU).parameters["init"].default == dict(BY_NAME["prelu"].parameters)["weight"]


def shows_its_signature(row: Activation) -> bool:
    try:
        return bool(inspect.signature(resolved(row.torch)))
    except ValueError:  # a builtin, whose arguments the test below tries
        return False


@each("row", [*filter(shows_its_signature, ACTIVATIONS)], ids=lambda row: row.name)
def test_every_parameter_of_pytorch_stands_in_the_signature_with_its_default(row: Activation) -> None:
    function = resolved(row.torch)
    ours = {p.name: p for p in parse_signature(row.signatures[0]).parameters}
    theirs = inspect.signature(function).parameters
    wanted = [name for name in theirs if name != "_stacklevel"]
    assert [*ours] == wanted
    for name in wanted:
        default = theirs[name].default
        assert (ours[name].default is None) == (default is inspect.Parameter.empty), name
        if ours[name].default is not None:
            assert run(str(ours[name].default)) == default, name


@every_row
def test_pytorch_takes_the_signatures_arguments_by_position_and_by_keyword(row: Activation) -> None:
    x = torch.tensor([0.3, 0.7], dtype=torch.float64)
    signature = parse_signature(row.signatures[0])
    values = dict(row.parameters)
    for parameter in signature.parameters[1:]:
        if parameter.name not in values and parameter.default not in (None, "None"):
            values[parameter.name] = run(parameter.default)
    by_keyword = pytorch(row, x.clone(), values)
    places = [p for p in signature.parameters[1:] if not p.keyword_only]
    positional: list[Any] = [real(values[p.name]) if p.kind == "tensor" else values[p.name] for p in places]
    keywords = {p.name: values[p.name] for p in signature.parameters if p.keyword_only and p.name in values}
    assert torch.equal(resolved(row.torch)(x.clone(), *positional, **keywords), by_keyword)
    for parameter in signature.parameters:
        if parameter.keyword_only and parameter.name in values:
            with pytest.raises(TypeError):
                resolved(row.torch)(x, *positional, values[parameter.name])


@every_row
def test_a_row_is_a_method_exactly_if_tensors_have_it(row: Activation) -> None:
    assert row.method == hasattr(torch.Tensor, row.name)


@every_row
def test_aliases_of_pytorch_are_the_same_function(row: Activation) -> None:
    x = torch.tensor([0.3, 0.7, 0.1, 0.9], dtype=torch.float64)
    for alias in row.aliases:
        owner: Any = torch
        *path, last = alias.split(".")
        for part in path:
            owner = getattr(owner, part)
        if hasattr(owner, last):
            assert torch.equal(getattr(owner, last)(x, **dict(row.parameters)), pytorch(row, x, dict(row.parameters)))
        else:
            assert alias in ("swish", "expit"), alias  # names that people use, PyTorch does not


def test_every_activation_module_of_pytorch_has_a_row_or_a_reason() -> None:
    have = {name for row in ACTIVATIONS if (module := module_of(row)) for name in [module.__name__]}
    assert set(nn.modules.activation.__all__) - have == set(MODULES_WITHOUT_A_ROW)


@pytest.mark.parametrize("name", FUNCTIONS_WITHOUT_A_ROW)
def test_a_function_left_out_exists_in_pytorch(name: str) -> None:
    assert hasattr(functional, name)
    assert name not in BY_NAME


def test_no_two_rows_share_a_name() -> None:
    names = [name for row in ACTIVATIONS for name in (row.name, *row.aliases)]
    assert len(names) == len(set(names))
    assert len(ACTIVATIONS) >= 30


@every_elementwise_case
def test_the_interval_contains_every_kink(row: Activation, parameters: Parameters) -> None:
    low, high = row.interval
    assert low < high
    if row.name in FAR_KINKS:
        assert all(not low < kink < high for kink in kinks(row, dict(row.parameters)))
        return
    assert all(low < kink < high for kink in kinks(row, parameters))


@every_row
def test_a_subject_passes_every_parameter_that_pytorch_requires(row: Activation) -> None:
    required = [p.name for p in parse_signature(row.signatures[0]).parameters if p.required][1:]
    for name in required:
        assert row.subject is not None
        assert f"{name}=" in row.subject
