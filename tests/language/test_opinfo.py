"""PyTorch's own sample inputs: each unary and binary operation is the same through the language, bit for bit.

The samples are those of `torch.testing._internal`, which is installed with PyTorch and tests PyTorch itself.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock

import pytest
import torch

from gradcli.language import catalogue
from gradcli.language.parser import parse
from gradcli.numerics.capture import TorchError
from gradcli.numerics.evaluate import Context, evaluate

DTYPES = (torch.float64, torch.complex128, torch.int64)
"""The first that an operation takes: `imag` wants complex numbers, `gcd` integers."""
SAMPLES = 12
"""Of each operation; the first ones are its ordinary shapes, then broadcasting, empty and 0-d tensors."""

EXCLUDED = {
    "__radd__ __rand__ __rdiv__ __rmod__ __rmul__ __ror__ __rpow__ __rsub__ __rxor__": (
        "operators from the right: the language writes y + x"
    ),
    "jiterator_unary jiterator_binary jiterator_binary_return_by_ref": "compiles code for CUDA",
    "bfloat16 bool byte char cdouble cfloat chalf double float half int long short": "tested as conversions elsewhere",
    "complex polar": "takes two real tensors and gives complex ones, tested as creation",
    "nn.functional.rrelu": "random in training, which its samples ask for",
    "fill": "the samples write a tensor into a tensor, method only",
}
"""Operations that are left out, and why. Whatever else is in PyTorch's table must be in the catalogue, and equal."""

PAIRS = ("frexp",)
"""Operations that give two tensors."""

LEFT_OUT = {name for names in EXCLUDED for name in names.split()}

NO_GRADIENT = "integers or truth values"


@cache
def table() -> Any:
    """PyTorch's table, whose import takes seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("torch.testing._internal.common_methods_invocations")


def operations() -> Iterator[Any]:
    """The unary and binary operations, each name and variant once."""
    invocations = table()
    kinds = (invocations.UnaryUfuncInfo, invocations.BinaryUfuncInfo)
    seen = set()
    for info in invocations.op_db:
        key = (info.name, info.variant_test_name)
        if isinstance(info, kinds) and key not in seen and info.name not in LEFT_OUT:
            seen.add(key)
            yield info


def name_of(info: Any) -> str:
    return "-".join(filter(None, [info.name, info.variant_test_name]))


@dataclass
class Outcome:
    """Value and gradients, or the class of what was raised."""

    value: Any = None
    gradients: Any = None
    raised: type[BaseException] | None = None


def samples(info: Any) -> list[Any]:
    dtype = next(dtype for dtype in DTYPES if dtype in info.dtypes)
    differentiable = info.supports_autograd and dtype is not torch.int64
    # for each sample PyTorch looks through the stack for a test of its own, and reads the source of every frame; so it
    # does to seed the devices that are not there
    seed = torch.default_generator.manual_seed
    with (
        warnings.catch_warnings(),
        mock.patch("inspect.stack", return_value=[]),
        mock.patch("torch.manual_seed", seed),
    ):
        warnings.simplefilter("ignore")
        seed(0)
        return list(itertools.islice(info.sample_inputs("cpu", dtype, requires_grad=differentiable), SAMPLES))


def leaves_of(sample: Any) -> dict[str, torch.Tensor]:
    """The tensors of a sample under names; each call gets leaves of its own."""
    given = [sample.input, *sample.args]
    return {f"a{place}": value for place, value in enumerate(given) if isinstance(value, torch.Tensor)}


def fresh(leaves: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: leaf.detach().clone().requires_grad_(leaf.requires_grad) for name, leaf in leaves.items()}


def written(value: object, place: int) -> str:
    """An argument as one writes it; tensors by name."""
    if isinstance(value, torch.Tensor):
        return f"a{place}"
    if isinstance(value, torch.dtype):
        return str(value)
    return repr(value)


def expression(info: Any, sample: Any) -> str:
    words = [written(value, place) for place, value in enumerate([sample.input, *sample.args])]
    words += [f"{name}={written(value, -1)}" for name, value in sample.kwargs.items()]
    if "polygamma" in info.name:  # PyTorch's table has a function with the arguments turned round
        words.reverse()
    return f"{info.name}({', '.join(words)})"


def differentiated(value: object, leaves: dict[str, torch.Tensor]) -> object:
    wanted = [leaf for leaf in leaves.values() if leaf.requires_grad]
    if not isinstance(value, torch.Tensor) or not value.requires_grad or not wanted:
        return NO_GRADIENT
    return torch.autograd.grad(value, wanted, torch.ones_like(value), allow_unused=True)


def directly(info: Any, sample: Any) -> Outcome:
    leaves = fresh(leaves_of(sample))
    given = [leaves.get(f"a{place}", value) for place, value in enumerate([sample.input, *sample.args])]
    try:
        value = info.op(*given, **sample.kwargs)
        return Outcome(value, differentiated(value[0] if isinstance(value, tuple) else value, leaves))
    except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError) as error:
        return Outcome(raised=type(error))


def through_gradcli(info: Any, sample: Any) -> Outcome:
    leaves, text = fresh(leaves_of(sample)), expression(info, sample)
    try:
        parts = [f"({text})[{place}]" for place in range(2)] if info.name in PAIRS else [text]
        values = [evaluate(parse(part, bound=list(leaves)), leaves, Context(torch.float64)) for part in parts]
        return Outcome(tuple(values) if info.name in PAIRS else values[0], differentiated(values[0], leaves))
    except TorchError as error:
        return Outcome(raised=type(error.error))
    except (RuntimeError, NotImplementedError) as error:
        return Outcome(raised=type(error))


def same(one: object, other: object) -> bool:
    """Equal bit by bit, NaNs included."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        if (one.dtype, one.shape) != (other.dtype, other.shape):
            return False
        first, second = (
            t.detach().resolve_conj().resolve_neg().reshape(-1).clone().view(torch.uint8) for t in (one, other)
        )
        return torch.equal(first, second)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def differences(info: Any) -> Iterator[str]:
    """What of an operation is otherwise than in PyTorch."""
    if catalogue.find(info.name.removeprefix("nn.functional.")) is None:
        yield "it is not in the catalogue"
        return
    compared = 0
    for sample in samples(info):
        if any(isinstance(value, torch.Tensor) for value in sample.kwargs.values()):
            continue
        expected, found = directly(info, sample), through_gradcli(info, sample)
        if found.raised != expected.raised:
            yield f"{expression(info, sample)} raises {found.raised}, not {expected.raised}"
        elif not (same(found.value, expected.value) and same(found.gradients, expected.gradients)):
            yield f"{expression(info, sample)} gives {found}, not {expected}"
        compared += expected.raised is None
    if not compared:
        yield "no sample is compared"


@pytest.mark.filterwarnings("ignore")
def test_an_operation_gives_the_same_bits_as_in_pytorch():
    wrong = {name_of(info): found for info in operations() if (found := list(differences(info)))}
    assert wrong == {}


def test_what_is_excluded_is_there_to_be_excluded():
    assert {info.name for info in table().op_db} >= LEFT_OUT
