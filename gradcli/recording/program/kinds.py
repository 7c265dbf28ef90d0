"""What kinds of calls the log is told of, and how it notes each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

IGNORED, HANDLED, PLAIN, CHANGING, SWITCHED, DRAWING, GIVING = range(7)
"""How an operation is logged: not at all; by its handler; as it is; with its first argument as it was, always or where
it is asked to work in place; with the generator's state; with its result, which it would not give again."""

_IN_PLACE_OPERATORS = frozenset({"__setitem__", "__iand__", "__ior__", "__ixor__", "__ilshift__", "__irshift__"})
"""Those that PyTorch tells by these names: it tells `x += y` as `add_`."""
LEAVES_PYTORCH = frozenset({"tolist", "numpy", "item", "__float__", "__int__", "__array__"})
"""What makes numbers of Python's or numpy's of a tensor: no gradient finds its way back."""
MAKES_LEAF = "Parameter"
"""`nn.Parameter`, as it is called: what it makes of a tensor is differentiated by, and nothing before it is."""
SWITCHES_GRADIENTS = "_set_grad_enabled"
"""What `no_grad`, `enable_grad` and `set_grad_enabled` call."""
_QUESTIONS = LEAVES_PYTORCH | {
    "__set__", "dim", "size", "stride", "numel", "is_contiguous", "__bool__", "__len__", "__repr__", "__format__",
    "is_floating_point", "is_complex", "backward", "grad", "data_ptr", "_set_grad_enabled", "register_hook", "storage",
    "untyped_storage", "element_size", "retain_grad", "__index__", "is_same_size", "is_pinned", "isfinite", "isnan",
    "isinf", "equal", "allclose", "__contains__", "__reduce_ex__", "__deepcopy__", "device", "get_device",
}  # fmt: skip
"""What asks a tensor something, and computes nothing that a gradient flows through."""
_VIEWS = frozenset({"T", "mT", "H", "mH", "real", "imag", "data"})
"""Attributes that are tensors computed with."""
GIVES = frozenset(
    {
        "rand_like", "randn_like", "randint_like", "multinomial", "binomial", "_sample_dirichlet", "empty_like",
        "new_empty",
    }
)  # fmt: skip
"""What draws random numbers beside the way of a gradient: its results are taken as they came out."""
_DRAWS = frozenset(
    {
        "dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d", "dropout3d",
        "native_dropout", "rrelu", "gumbel_softmax", "fractional_max_pool2d", "fractional_max_pool2d_with_indices",
        "fractional_max_pool3d", "fractional_max_pool3d_with_indices", "scaled_dot_product_attention", "lstm", "gru",
        "rnn_tanh", "rnn_relu", "multi_head_attention_forward", "bernoulli", "poisson", "normal",
        "_standard_gamma",
    }
)  # fmt: skip
"""Operations on the way of a gradient that may draw random numbers."""
DRAWS_IN_PLACE = frozenset(
    {
        "uniform_", "normal_", "bernoulli_", "random_", "exponential_", "cauchy_", "geometric_", "log_normal_",
        "rrelu_", "dropout_", "alpha_dropout_", "feature_dropout_", "feature_alpha_dropout_",
    }
)  # fmt: skip


def changes_first(kind: int, args: tuple[Any, ...], kwargs: Mapping[str, Any] | None) -> bool:
    """Whether a call changes its first argument in place."""
    changes = kind == CHANGING or (kwargs or {}).get("inplace") is True
    return changes and bool(args) and isinstance(args[0], torch.Tensor)


def kind_of(function: Any) -> int:
    """How an operation is logged, if no handler takes it over."""
    name = getattr(function, "__name__", "")
    if name == "__get__":
        return PLAIN if getattr(function.__self__, "__name__", "") in _VIEWS else IGNORED
    if not name or name in _QUESTIONS or name.startswith("_record_function"):
        return IGNORED
    if getattr(function, "__module__", None) == "torch.nn.init":
        return IGNORED
    if name == "requires_grad_":
        return PLAIN
    if name in _IN_PLACE_OPERATORS or (name.endswith("_") and not name.endswith("__")):
        return CHANGING
    if name in _DRAWS or name in GIVES:
        return DRAWING if name in _DRAWS else GIVING
    code = getattr(function, "__code__", None)
    return SWITCHED if code is not None and "inplace" in code.co_varnames[: code.co_argcount] else PLAIN
