"""What the catalogue says of each loss, held against PyTorch and the reference data.

The rows' expressions are run by Python here, not by our own evaluator, so that one mistake cannot hide another.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import json
import math
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from each import each
from torch import nn
from torch.nn import functional

from gradcli.errors import ExpressionError
from gradcli.language.catalogue.losses import LOSSES
from gradcli.language.catalogue.rows import Loss
from gradcli.language.catalogue.signature import Parameter, parse_signature
from gradcli.language.parser import parse

Tensors = dict[str, torch.Tensor]

BY_NAME = {row.name: row for row in LOSSES}
DATA = Path(__file__).parents[1] / "data"
REFERENCE = json.loads((DATA / "losses.json").read_text(encoding="utf-8"))

CONTRACT = (
    "mse l1 smooth_l1 huber cross_entropy nll bce bce_with_logits kl_div hinge_embedding margin_ranking soft_margin "
    "multi_margin multilabel_margin multilabel_soft_margin poisson_nll gaussian_nll cosine_embedding triplet_margin ctc"
)

PROSE = {
    "ctc": ("formula derivative", "a sum over alignments; the tests below write it out"),
    "multilabel_margin": ("derivative", "a sum over pairs of classes; a test below writes it out"),
}
"""Rows whose texts no expression of the language says."""

TOLERANCE = {
    "cosine_embedding": (1e-11, "PyTorch adds 1e-12 to the squared norms"),
}
"""Relative differences above 1e-12 between a formula and PyTorch, and why."""

DEPRECATED = {"size_average", "reduce"}

MODULES_WITHOUT_A_ROW = {
    "NLLLoss2d": "the deprecated name of NLLLoss",
    "LinearCrossEntropyLoss": "a layer and a loss in one: cross_entropy(linear(input, weight), target)",
    "TripletMarginWithDistanceLoss": "takes a function; with the distance written out it is an expression",
    "AdaptiveLogSoftmaxWithLoss": "a layer with weights of its own",
}

FUNCTIONS_WITHOUT_A_ROW = {
    "linear_cross_entropy": "cross_entropy(linear(input, linear_weight), target)",
    "triplet_margin_with_distance_loss": "takes a function",
}

PYTORCH_DIFFERS: dict[str, str] = {
    "bce: log not clamped yet; torch's backward divides by max(x*(1-x), 1e-12)": "as the note says",
    "kl_div: log target -inf: limit exp(t)*(t-x) -> 0": "computes 0 * inf, which is NaN",
    "gaussian_nll: var below eps: loss clamps var to eps; d/dvar of the clamped definition is 0": (
        "clamps under no_grad: the gradient passes"
    ),
    "cross_entropy: a -inf logit with target probability 0 (limit 0*log 0 = 0)": "computes 0 * inf, which is NaN",
    "soft_margin: large arguments": "exp overflows: the loss is inf and the gradient NaN",
}
"""Edge cases of the reference data where PyTorch gives something else than the definition, and why."""

every_row = each("row", LOSSES, ids=lambda row: row.name)


def real(value: Any) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value if value.dtype == torch.bool else value.double()
    return torch.tensor(value, dtype=torch.bool if isinstance(value, bool) else torch.float64)


def of_tensors(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """A PyTorch function that also takes Python's numbers and lists, as the expression language does."""
    return lambda *arguments, **keywords: function(*map(real, arguments), **keywords)


NAMES: dict[str, Any] = {
    name: of_tensors(getattr(torch, name))
    for name in ["abs", "exp", "log", "log1p", "maximum", "minimum", "sigmoid", "sign", "where", "xlogy"]
} | {
    "cosine_similarity": torch.cosine_similarity,
    "log_softmax": of_tensors(torch.log_softmax),
    "logsigmoid": functional.logsigmoid,
    "norm": torch.norm,
    "one_hot": functional.one_hot,
    "pi": math.pi,
    "softmax": torch.softmax,
}


def run(expression: str, **names: Any) -> Any:
    """The value of the last statement; those before it are assignments."""
    known = NAMES | names
    *assignments, last = expression.split("; ")
    for assignment in assignments:
        name, _, value = assignment.partition(" = ")
        known[name] = eval(value, {"__builtins__": {}}, known)
    return eval(last, {"__builtins__": {}}, known)


def resolved(path: str) -> Callable[..., torch.Tensor]:
    found: Any = functools.reduce(getattr, path.removeprefix("torch.").split("."), cast("Any", torch))
    return cast("Callable[..., torch.Tensor]", found)


def pytorch(row: Loss, inputs: Tensors, **parameters: Any) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "reduction: 'mean' divides")  # kl_div, each time
        return resolved(row.torch)(**inputs, **parameters)


def tensors(row: Loss, values: dict[str, Any]) -> Tensors:
    """Values in float64, class indices as int64."""
    content = {argument.name: argument.content for argument in row.arguments}
    return {name: real(value) if content[name] == "real" else real(value).long() for name, value in values.items()}


def example(row: Loss) -> Tensors:
    return tensors(row, {name: run(text) for name, text in row.example})


def predictions(row: Loss) -> list[str]:
    return [argument.name for argument in row.arguments if argument.role == "prediction"]


def gradient(row: Loss, inputs: Tensors, **parameters: Any) -> torch.Tensor:
    """The derivative of the summed loss with respect to the first prediction."""
    first = predictions(row)[0]
    leaf = inputs[first].clone().requires_grad_()
    loss = pytorch(row, inputs | {first: leaf}, **({"reduction": "sum"} | parameters))
    return torch.autograd.grad(loss, leaf)[0]


def with_expression(field: str) -> pytest.MarkDecorator:
    rows = [row for row in LOSSES if row.name not in PROSE or field not in PROSE[row.name][0]]
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.name)


OTHER_PARAMETERS: dict[str, dict[str, list[Any]]] = {
    "cosine_embedding": {"margin": [0.0, 0.2]},
    "gaussian_nll": {"full": [False, True], "eps": [1e-6, 0.7]},
    "hinge_embedding": {"margin": [1.0, 0.2, 3.0]},
    "huber": {"delta": [1.0, 0.3, 2.5]},
    "kl_div": {"log_target": [False, True]},
    "margin_ranking": {"margin": [0.0, 0.7]},
    "multi_margin": {"p": [1, 2], "margin": [1.0, 0.2]},
    "poisson_nll": {"full": [False, True], "log_input": [True, False], "eps": [1e-8, 0.1]},
    "smooth_l1": {"beta": [1.0, 0.3, 2.5]},
    "triplet_margin": {"margin": [1.0, 0.1, 4.0], "eps": [1e-6, 0.01]},
}
"""Parameters with which formula and derivative are tried, in every combination."""


def combinations(row: Loss) -> list[dict[str, Any]]:
    table = OTHER_PARAMETERS.get(row.name, {})
    return [dict(zip(table, values, strict=True)) for values in itertools.product(*table.values())]


@every_row
def test_every_text_of_a_row_is_an_expression_of_the_language_or_prose(row: Loss) -> None:
    known = {*dict(row.parameters), *(argument.name for argument in row.arguments)}
    for field in ("formula", "derivative", "subject"):
        if row.name in PROSE and field in PROSE[row.name][0]:
            with pytest.raises(ExpressionError):
                parse(getattr(row, field), bound=known)
        else:
            assert set(parse(getattr(row, field), bound=known).free_names) <= known
    for _, text in row.example:
        assert not parse(text).free_names


@with_expression("formula")
def test_the_formula_gives_the_unreduced_loss_at_the_example(row: Loss) -> None:
    inputs = example(row)
    relative = TOLERANCE.get(row.name, (1e-12, ""))[0]
    for other in combinations(row):
        found = run(row.formula, **inputs, **(dict(row.parameters) | other))
        wanted = pytorch(row, inputs, reduction="none", **other)
        torch.testing.assert_close(found, wanted, rtol=relative, atol=0, equal_nan=True)


@with_expression("derivative")
def test_the_derivative_gives_the_gradient_of_the_summed_loss_at_the_example(row: Loss) -> None:
    inputs = example(row)
    relative = TOLERANCE.get(row.name, (1e-12, ""))[0]
    for other in combinations(row):
        found = run(row.derivative, **inputs, **(dict(row.parameters) | other))
        wanted = gradient(row, inputs, **other)
        torch.testing.assert_close(real(found).expand_as(wanted), wanted, rtol=relative, atol=1e-15, equal_nan=True)


@every_row
def test_the_example_has_a_finite_loss_and_a_gradient_that_is_not_zero(row: Loss) -> None:
    inputs = example(row)
    assert bool(pytorch(row, inputs).isfinite())
    assert bool((gradient(row, inputs) != 0).any())


@every_row
def test_every_stated_reduction_works_and_a_further_one_does_not(row: Loss) -> None:
    inputs = example(row)
    unreduced = pytorch(row, inputs, reduction="none")
    for reduction in row.reductions:
        assert pytorch(row, inputs, reduction=reduction).shape == (unreduced.shape if reduction == "none" else ())
    torch.testing.assert_close(pytorch(row, inputs, reduction="sum"), unreduced.sum())
    assert torch.equal(pytorch(row, inputs), pytorch(row, inputs, reduction=row.default_reduction))
    for reduction in {"batchmean", "median"} - set(row.reductions):
        with pytest.raises(ValueError, match=r"not (a )?valid"):
            pytorch(row, inputs, reduction=reduction)


# What prose says, written out.


def spelled(path: tuple[int, ...], *, blank: int) -> list[int]:
    """The targets that a path of one class for each time step stands for."""
    return [label for label, _ in itertools.groupby(path) if label != blank]


@pytest.mark.parametrize("blank", [0, 1])
def test_the_ctc_loss_sums_over_all_paths_that_spell_the_targets(blank: int) -> None:
    row = BY_NAME["ctc"]
    inputs = example(row)
    generator = torch.Generator().manual_seed(0)
    inputs["log_probs"] = torch.randn(5, 3, dtype=torch.float64, generator=generator).log_softmax(-1)
    inputs["input_lengths"] = torch.tensor(5)
    inputs["targets"] = torch.tensor([2, 2 - 2 * blank])
    log_probs = inputs["log_probs"]
    probability, posterior = torch.zeros((), dtype=torch.float64), torch.zeros_like(log_probs)
    for path in itertools.product(range(3), repeat=5):
        if spelled(path, blank=blank) == inputs["targets"].tolist():
            mass = log_probs[torch.arange(5), torch.tensor(path)].sum().exp()
            probability += mass
            posterior[torch.arange(5), torch.tensor(path)] += mass
    posterior /= probability
    torch.testing.assert_close(
        pytorch(row, inputs, reduction="none", blank=blank), -probability.log(), rtol=1e-12, atol=0
    )
    torch.testing.assert_close(gradient(row, inputs, blank=blank), log_probs.exp() - posterior, rtol=1e-12, atol=1e-15)


def test_an_impossible_ctc_target_costs_infinity_or_nothing_with_zero_infinity() -> None:
    row = BY_NAME["ctc"]
    inputs = example(row) | {"input_lengths": torch.tensor(1)}
    assert float(pytorch(row, inputs)) == math.inf
    assert float(pytorch(row, inputs, zero_infinity=True)) == 0


def test_each_pair_within_the_margin_moves_a_multilabel_target_and_another_class() -> None:
    row = BY_NAME["multilabel_margin"]
    inputs = example(row)
    scores, targets = inputs["input"], inputs["target"][inputs["target"] >= 0].tolist()
    wanted = torch.zeros_like(scores)
    for y, j in itertools.product(targets, set(range(len(scores))) - set(targets)):
        if scores[y] - scores[j] < 1:
            wanted[y] -= 1 / len(scores)
            wanted[j] += 1 / len(scores)
    torch.testing.assert_close(gradient(row, inputs), wanted, rtol=1e-12, atol=1e-15)


# Kinks: the one-sided slopes differ there, and do not at the nearest smooth neighbour.


def slopes(row: Loss, inputs: Tensors, **parameters: Any) -> tuple[float, float]:
    """The slopes of the summed loss just left and just right of the first element of the first prediction."""
    first = predictions(row)[0]
    step = torch.zeros_like(inputs[first])
    step[0] = 1e-9
    sides = [gradient(row, inputs | {first: inputs[first] + side * step}, **parameters) for side in (-1, 1)]
    return float(sides[0][0]), float(sides[1][0])


KINKS: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("l1", {"input": [1.0], "target": [1.0]}, {}, True),
    ("smooth_l1", {"input": [1.0], "target": [1.0]}, {"beta": 0.0}, True),
    ("smooth_l1", {"input": [1.0], "target": [1.0]}, {"beta": 1.0}, False),
    ("smooth_l1", {"input": [2.0], "target": [1.0]}, {"beta": 1.0}, False),
    ("huber", {"input": [2.0], "target": [1.0]}, {}, False),
    ("hinge_embedding", {"input": [1.0], "target": [-1.0]}, {}, True),
    ("hinge_embedding", {"input": [1.0], "target": [1.0]}, {}, False),
    ("margin_ranking", {"input1": [1.0], "input2": [0.5], "target": [1.0]}, {"margin": 0.5}, True),
    ("margin_ranking", {"input1": [1.0], "input2": [0.5], "target": [1.0]}, {"margin": 0.4}, False),
    ("soft_margin", {"input": [0.0], "target": [1.0]}, {}, False),
    ("multi_margin", {"input": [1.0, 0.0, 5.0], "target": 0}, {}, True),
    ("multi_margin", {"input": [1.0, 0.0, 5.0], "target": 0}, {"p": 2}, False),
    ("multilabel_margin", {"input": [1.0, 0.0], "target": [0, -1]}, {}, True),
    ("multilabel_margin", {"input": [0.9, 0.0], "target": [0, -1]}, {}, False),
    ("cosine_embedding", {"input1": [0.0, 1.0], "input2": [1.0, 0.0], "target": -1.0}, {}, True),
    ("cosine_embedding", {"input1": [0.0, 1.0], "input2": [1.0, 0.0], "target": 1.0}, {}, False),
    ("triplet_margin", {"anchor": [2.0], "positive": [1.0], "negative": [4.0]}, {"eps": 0.0}, True),
    ("triplet_margin", {"anchor": [2.0], "positive": [1.0], "negative": [3.9]}, {"eps": 0.0}, False),
    ("triplet_margin", {"anchor": [1.0], "positive": [1.0], "negative": [1.5]}, {"eps": 0.0}, True),
]
"""Loss, inputs, parameters, and whether the slope along the first element of the first prediction jumps there."""


@each("name, values, parameters, jumps", KINKS)
def test_the_slope_jumps_at_a_kink_and_not_at_its_neighbour(
    name: str, values: dict[str, Any], parameters: dict[str, Any], jumps: bool
) -> None:
    row = BY_NAME[name]
    left, right = slopes(row, tensors(row, values), **parameters)
    assert (abs(right - left) > 0.1) == jumps


def test_a_loss_has_kinks_exactly_if_the_table_of_kinks_has_one() -> None:
    by_table = {name for name, _, _, jumps in KINKS if jumps}
    without_a_case = {"bce": "its kink lies at 4e-44"}
    assert {row.name for row in LOSSES if row.kinks} == by_table | set(without_a_case)


def test_the_clamped_logarithm_of_bce_is_flat_while_its_gradient_is_not() -> None:
    row = BY_NAME["bce"]
    values = [pytorch(row, {"input": real([x]), "target": real([1.0])}) for x in (1e-45, 1e-50)]
    assert [float(value) for value in values] == [100, 100]
    assert float(gradient(row, {"input": real([1e-50]), "target": real([1.0])})) == pytest.approx(-1e12)


# The reference data.


def tensor_of(data: dict[str, Any]) -> torch.Tensor:
    dtype = getattr(torch, data["dtype"])
    convert = int if data["dtype"] == "int64" else float
    return torch.tensor([convert(value) for value in data["data"]], dtype=dtype).reshape(data["shape"])


def reference_loss(case: dict[str, Any]) -> torch.Tensor:
    """The loss of a case, correctly rounded where the data says that JAX's is not."""
    return tensor_of(case["loss"] | ({"data": case["mp_loss"]} if "mp_loss" in case else {}))


def reference_grad(case: dict[str, Any], name: str) -> torch.Tensor:
    return tensor_of(case["grads"][name] | ({"data": case["mp_grads"][name]} if "mp_grads" in case else {}))


def case_inputs(case: dict[str, Any]) -> Tensors:
    return {name: tensor_of(data) for name, data in case["inputs"].items()}


def parameters_of(case: dict[str, Any]) -> dict[str, Any]:
    return {name: int(value) if name == "ignore_index" else value for name, value in case["params"].items()}


def test_the_row_names_every_input_and_parameter_of_the_reference_cases() -> None:
    for case in [*REFERENCE["cases"], *REFERENCE["edge_cases"]]:
        row = BY_NAME[case["name"]]
        assert case["inputs"].keys() <= {argument.name for argument in row.arguments}
        assert case["params"].keys() <= {name for name, _ in row.parameters}
        assert set(case["grad_wrt"]) == set(predictions(row))
        assert case["reduction"] in row.reductions
        for argument in row.arguments:
            if argument.name in case["inputs"] and argument.content != "class index or real":
                assert (case["inputs"][argument.name]["dtype"] == "int64") == (argument.content == "class index")


@pytest.mark.parametrize("name", sorted({case["name"] for case in REFERENCE["cases"]}))
def test_the_function_that_the_row_names_agrees_with_the_reference(name: str) -> None:
    row = BY_NAME[name]
    relative = 1e-10 if name in TOLERANCE else 1e-12
    for case in (case for case in REFERENCE["cases"] if case["name"] == name):
        inputs = case_inputs(case)
        leaves = {key: inputs[key].requires_grad_() for key in case["grad_wrt"]}
        loss = pytorch(row, inputs, reduction=case["reduction"], **parameters_of(case))
        torch.testing.assert_close(loss, reference_loss(case), rtol=relative, atol=1e-15)
        upstream = tensor_of(case["upstream"]) if "upstream" in case else torch.ones_like(loss)
        found = torch.autograd.grad(loss, list(leaves.values()), upstream)
        for key, grad in zip(leaves, found, strict=True):
            torch.testing.assert_close(grad, reference_grad(case, key), rtol=relative, atol=1e-14)


def formula_applies(case: dict[str, Any]) -> bool:
    """Required tensors only, classes in the last dimension, and defaults for what the formula does not name."""
    row = BY_NAME[case["name"]]
    inputs = case_inputs(case)
    required = {argument.name for argument in row.arguments if argument.required}
    parameters = parameters_of(case)
    left_out = [key for key in parameters if not re.search(rf"\b{key}\b", row.formula)]
    if not inputs.keys() <= required or any(parameters[key] != dict(row.parameters)[key] for key in left_out):
        return False
    if row.name not in ("cross_entropy", "nll"):
        return True
    target = inputs["target"]
    ignored = bool((target == parameters.get("ignore_index", -100)).any())
    return not target.is_floating_point() and inputs["input"].dim() <= 2 and not ignored


@pytest.mark.parametrize("name", sorted({case["name"] for case in REFERENCE["cases"]}))
def test_the_reduced_formula_agrees_with_the_reference(name: str) -> None:
    row = BY_NAME[name]
    cases = [case for case in REFERENCE["cases"] if case["name"] == name and formula_applies(case)]
    assert cases
    for case in cases:
        inputs = case_inputs(case)
        loss = run(row.formula, **inputs, **(dict(row.parameters) | parameters_of(case)))
        count = {"mean": loss.numel(), "batchmean": len(next(iter(inputs.values()))) if loss.dim() else 1, "sum": 1}
        found = loss if case["reduction"] == "none" else loss.sum() / count[case["reduction"]]
        torch.testing.assert_close(found, reference_loss(case), rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("case", REFERENCE["edge_cases"], ids=lambda case: f"{case['name']}: {case['note']}")
def test_an_edge_case_is_as_the_reference_observed_it(case: dict[str, Any]) -> None:
    row = BY_NAME[case["name"]]
    inputs = case_inputs(case)
    leaves = {key: inputs[key].requires_grad_() for key in case["grad_wrt"]}
    loss = pytorch(row, inputs, reduction=case["reduction"], **parameters_of(case))
    found = torch.autograd.grad(loss, list(leaves.values()))
    observed, defined = case["torch_convention"], case["math"]

    def same(ours: torch.Tensor, theirs: list[Any]) -> bool:
        pairs = zip(ours.flatten().tolist(), theirs, strict=True)
        return all(t is None or o == pytest.approx(float(t), rel=1e-9, abs=1e-15, nan_ok=True) for o, t in pairs)

    grads = dict(zip(leaves, found, strict=True))
    assert same(loss, observed["loss"])
    assert all(same(grads[key], observed["grads"][key]) for key in grads)
    differs = (defined["loss"] is not None and not same(loss, defined["loss"])) or not all(
        same(grads[key], defined["grads"][key]) for key in grads
    )
    assert differs == (f"{case['name']}: {case['note']}" in PYTORCH_DIFFERS)


# Names, defaults and signatures: PyTorch at run time.


def theirs(row: Loss) -> dict[str, inspect.Parameter]:
    signature = inspect.signature(resolved(row.torch))
    return {name: parameter for name, parameter in signature.parameters.items() if name not in DEPRECATED}


def ours(row: Loss) -> dict[str, Parameter]:
    assert len(row.signatures) == 1
    return {parameter.name: parameter for parameter in parse_signature(row.signatures[0]).parameters}


@every_row
def test_the_signature_has_pytorchs_names_order_and_defaults(row: Loss) -> None:
    assert [*ours(row)] == [*theirs(row)]
    for name, parameter in ours(row).items():
        default = theirs(row)[name].default
        assert (parameter.default is None) == (default is inspect.Parameter.empty), name
        if parameter.default is not None:
            assert eval(parameter.default, {}) == default, name


@every_row
def test_what_can_be_passed_by_position_stands_where_pytorch_has_it(row: Loss) -> None:
    full = [*inspect.signature(resolved(row.torch)).parameters]
    positional = [name for name, parameter in ours(row).items() if not parameter.keyword_only]
    assert positional == full[: len(positional)]
    keyword_only = [name for name in ours(row) if name not in positional]
    assert not keyword_only or full[len(positional)] in DEPRECATED  # nothing is refused without need


@every_row
def test_tensors_are_arguments_and_everything_else_but_reduction_is_a_parameter(row: Loss) -> None:
    signature = ours(row)
    tensors = [(name, parameter.required) for name, parameter in signature.items() if parameter.kind == "tensor"]
    assert [(argument.name, argument.required) for argument in row.arguments] == tensors
    others = {n: p for n, p in signature.items() if p.kind != "tensor" and n != "reduction"}
    assert [name for name, _ in row.parameters] == [*others]
    for name, default in row.parameters:
        assert theirs(row)[name].default == default
        assert isinstance(default, bool) == (others[name].kind == "bool")
    assert theirs(row)["reduction"].default == row.default_reduction


@every_row
def test_the_example_gives_every_required_tensor_and_nothing_else(row: Loss) -> None:
    assert [name for name, _ in row.example] == [argument.name for argument in row.arguments if argument.required]


@every_row
def test_the_subject_is_a_call_with_the_required_tensors(row: Loss) -> None:
    assert row.subject == f"{row.name}({', '.join(argument.name for argument in row.arguments if argument.required)})"


@every_row
def test_pytorchs_own_name_is_the_name_or_an_alias(row: Loss) -> None:
    assert row.torch.removeprefix("torch.nn.functional.") in (row.name, *row.aliases)
    assert row.method == hasattr(torch.Tensor, row.name)


def test_every_loss_of_the_contract_has_a_row_and_no_two_share_a_name() -> None:
    assert sorted(BY_NAME) == sorted(CONTRACT.split())
    names = [name for row in LOSSES for name in (row.name, *row.aliases)]
    assert len(names) == len(set(names))


def test_every_loss_module_of_pytorch_has_a_row_or_a_reason() -> None:
    plain = {row.name.replace("_", "") for row in LOSSES}
    modules = {name for name in (*dir(nn), *nn.modules.loss.__all__) if name.endswith(("Loss", "Loss2d"))}
    without = {name for name in modules if name.lower().removesuffix("2d").removesuffix("loss") not in plain}
    assert without | {"NLLLoss2d"} == set(MODULES_WITHOUT_A_ROW)


def test_every_loss_function_of_pytorch_has_a_row_or_a_reason() -> None:
    ours = {row.torch.rpartition(".")[2] for row in LOSSES}
    named = {name for name in dir(functional) if name.endswith("_loss") or "cross_entropy" in name or name == "kl_div"}
    assert named - ours == set(FUNCTIONS_WITHOUT_A_ROW)
    assert ours <= named


@pytest.mark.parametrize("name", ["cross_entropy", "nll"])
def test_an_ignored_target_costs_nothing(name: str) -> None:
    row = BY_NAME[name]
    inputs = {"input": torch.randn(2, 3, dtype=torch.float64), "target": torch.tensor([1, -100])}
    assert float(pytorch(row, inputs, reduction="none")[1]) == 0
    assert bool((gradient(row, inputs)[1] == 0).all())
