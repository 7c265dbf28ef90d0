"""Names, defaults and aliases of activations are PyTorch's."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from activation_rows import BY_NAME, Parameters, every_elementwise_case, every_row, kinks, pytorch, real, resolved, run
from each import each
from torch import nn
from torch.nn import functional

from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.rows import Activation
from gradcli.language.catalogue.signature import parse_signature

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

FAR_KINKS = {"softplus": "a step of 2e-9 at x = 20, PyTorch's shortcut, not worth a wider interval"}


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
