"""Names, order, defaults and aliases of losses are PyTorch's."""

from __future__ import annotations

import inspect

import pytest
import torch
from loss_rows import BY_NAME, DEPRECATED, every_row, gradient, ours, pytorch, resolved, theirs
from torch import nn
from torch.nn import functional

from gradcli.language.catalogue.losses import LOSSES
from gradcli.language.catalogue.rows import Loss

CONTRACT = (
    "mse l1 smooth_l1 huber cross_entropy nll bce bce_with_logits kl_div hinge_embedding margin_ranking soft_margin "
    "multi_margin multilabel_margin multilabel_soft_margin poisson_nll gaussian_nll cosine_embedding triplet_margin ctc"
)

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
