"""Rows of losses: formulas, derivatives, reductions and kinks are PyTorch's."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from each import each
from loss_rows import BY_NAME, TOLERANCE, Tensors, every_row, gradient, predictions, pytorch, real, run, tensors

from gradcli.exceptions import ExpressionError
from gradcli.language.catalogue.losses import LOSSES
from gradcli.language.catalogue.rows import Loss
from gradcli.language.parser import parse

PROSE = {
    "ctc": ("formula derivative", "a sum over alignments; the tests below write it out"),
    "multilabel_margin": ("derivative", "a sum over pairs of classes; a test below writes it out"),
}
"""Rows whose texts no expression of the language says."""


def example(row: Loss) -> Tensors:
    return tensors(row, {name: run(text) for name, text in row.example})


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
