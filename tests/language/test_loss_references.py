"""Losses and their gradients against reference data that other libraries computed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from loss_rows import BY_NAME, TOLERANCE, Tensors, predictions, pytorch, run

DATA = Path(__file__).parents[1] / "data"
REFERENCE = json.loads((DATA / "losses.json").read_text(encoding="utf-8"))

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
