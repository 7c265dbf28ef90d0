"""Why an operation gives NaN or Inf, where the numbers alone do not say it: one row an operation."""

from __future__ import annotations

import torch

from gradcli.diagnose.origins.elements import Index, first, has_non_finite, non_finite
from gradcli.diagnose.origins.local import REFUSALS, applied
from gradcli.diagnose.origins.parts import dtype_of, texts_of
from gradcli.language.catalogue import DERIVATIVE
from gradcli.numerics.capture import wide
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Step, parts
from gradcli.results.parts import At, Phrase, phrase

_INF_MINUS_INF = "it subtracts the largest element, and inf - inf is nan"
_VALUE = {
    "softmax": _INF_MINUS_INF,
    "log_softmax": _INF_MINUS_INF,
    "softmin": _INF_MINUS_INF,
    "scaled_dot_product_attention": "products of queries and keys are infinite, and inf - inf is nan",
    "var": "it divides by n - 1, which is 0 for one element",
    "std": "it divides by n - 1, which is 0 for one element",
    "var_mean": "it divides by n - 1, which is 0 for one element",
    "std_mean": "it divides by n - 1, which is 0 for one element",
    "corrcoef": "it divides by standard deviations, and a constant row has none",
    "cov": "it divides by n - 1, which is 0 for one observation",
    "cross_entropy": "its mean divides by the number of counted targets, or by their weights, and that is 0",
    "nll_loss": "its mean divides by the number of counted targets, or by their weights, and that is 0",
    "mean": "it divides by the number of elements, which is 0",
    "nanmean": "it divides by the number of elements, which is 0",
    "logdet": "the determinant is negative",
    "gumbel_softmax": _INF_MINUS_INF,
    "normalize": "it divides by the norm, which is 0",
    "_weight_norm": "it divides by the norm, which is 0",
    "cosine_similarity": "it divides by the norms, of which one is 0",
    "batch_norm": "it divides by the standard deviation, which is 0",
    "layer_norm": "it divides by the standard deviation, which is 0",
    "group_norm": "it divides by the standard deviation, which is 0",
    "instance_norm": "it divides by the standard deviation, which is 0",
    "rms_norm": "it divides by the root of the mean square, which is 0",
}
"""Why a value is NaN."""

NORMALISING = frozenset({"batch_norm", "layer_norm", "group_norm", "instance_norm"})
"""What divides differences from a mean by their standard deviation: the values are of size 1."""

_INFINITE = {
    "logdet": "the determinant is 0",
    "slogdet": "the determinant is 0",
    "linalg.slogdet": "the determinant is 0",
    "ctc_loss": "no alignment is possible: the input is too short for the targets (see zero_infinity)",
}
"""Why a value is infinite."""

_GRADIENT = {
    "linalg.svd": "its derivative divides by differences of squared singular values, which must all differ",
    "svd": "its derivative divides by differences of squared singular values, which must all differ",
    "linalg.eigh": "its derivative divides by differences of eigenvalues, which must all differ",
    "linalg.eig": "its derivative divides by differences of eigenvalues, which must all differ",
    "linalg.qr": "its derivative solves with R, which is singular",
    "qr": "its derivative solves with R, which is singular",
    "linalg.cholesky": "its derivative solves with the factor, which is singular",
    "linalg.inv": "its derivative multiplies by the inverse twice",
    "logdet": "its derivative is the inverse, and the matrix is singular",
    "linalg.slogdet": "its derivative is the inverse, and the matrix is singular",
    "slogdet": "its derivative is the inverse, and the matrix is singular",
    "logsumexp": "its derivative is exp(x - logsumexp(x)), and inf - inf is nan",
    "logcumsumexp": "its derivative is exp(x - logcumsumexp(x)), and inf - inf is nan",
    "softmax": "its derivative multiplies by its value",
    "log_softmax": "its derivative multiplies by the exponential of its value",
    "kl_div": "it contains target*log(target), whose derivative log(target) + 1 is infinite at 0",
    "norm": "its derivative divides by a power of the norm",
    "linalg.vector_norm": "its derivative divides by a power of the norm",
}


def of_value(step: Step, index: Index, value: float) -> Phrase | None:
    """Why a value is not finite: the dtype is too small for it, or what the operation does."""
    if value in (float("inf"), float("-inf")) and (_is_narrowed(step, index) or _is_finite_in_double(step, index)):
        made = parts(step.values[0])
        return phrase("the largest {dtype} is {largest}", dtype=dtype_of(made), largest=torch.finfo(made.dtype).max)
    if value != value and step.name in NORMALISING and squares_overflow(step, index):
        return phrase("the squares that it adds up are more than the largest {dtype}", dtype=dtype_of(step.values[0]))
    reason = (_VALUE if value != value else _INFINITE).get(step.name)
    spoilt = any(isinstance(argument, torch.Tensor) and has_non_finite(argument) for argument in step.arguments)
    if reason is not None and (not spoilt or reason is _INF_MINUS_INF):
        return phrase(reason)
    return _spoilt_by(step) if value != value and not step.elementwise else None


def squares_overflow(step: Step, index: Index = ()) -> bool:
    """Whether an operation that adds up squares around a mean has none that fit into its dtype.

    index: an element of the result; of a layer norm those are asked that it is normalised with.
    """
    x = step.arguments[0]
    if index and step.name == "layer_norm" and isinstance(x, torch.Tensor):
        (_, normalized) = step.operation.named(step.arguments)["normalized_shape"]
        x = x[index[: x.ndim - (len(normalized) if isinstance(normalized, list | tuple) else 1)]]
    if not isinstance(x, torch.Tensor) or not x.is_floating_point() or not x.numel():
        return False
    low, high = torch.aminmax(x.detach().double())
    return bool((high - low) / 2 > torch.finfo(x.dtype).max ** 0.5)


def _is_narrowed(step: Step, index: Index) -> bool:
    """Whether a finite element was converted to a dtype that ends before it."""
    made, given = step.values[0], [one for one in step.arguments if isinstance(one, torch.Tensor)]
    if len(given) != 1 or given[0].shape != made.shape:
        return False
    return given[0].dtype != made.dtype and not has_non_finite(given[0][index])


def _is_finite_in_double(step: Step, index: Index) -> bool:
    exact = in_double(step)
    return exact is not None and exact.shape == step.values[0].shape and not has_non_finite(exact[index])


def _spoilt_by(step: Step) -> Phrase | None:
    """`inf goes in at x[1]` for the first argument that holds an infinity."""
    for position, argument in enumerate(step.arguments):
        if isinstance(argument, torch.Tensor) and has_non_finite(argument):
            element = argument_at(step, position, first(non_finite(argument)))
            return phrase("{element} goes in, and 0 * inf and inf - inf are nan", element=element)
    return None


def of_gradient(step: Step) -> Phrase | None:
    """Why a gradient is not finite although a finite one arrived: what it is multiplied with."""
    for position, argument in enumerate(step.arguments):
        if isinstance(argument, torch.Tensor) and has_non_finite(argument) and step.name not in _GRADIENT:
            return phrase(
                "it multiplies by {element}", element=argument_at(step, position, first(non_finite(argument)))
            )
    reason = _GRADIENT.get(step.name)
    return None if reason is None else phrase(reason)


def argument_at(step: Step, position: int, where: Index) -> At:
    """An element of an argument, as it is written, with its value."""
    argument = step.arguments[position]
    assert isinstance(argument, torch.Tensor)
    value = argument[where] if where else argument
    texts = texts_of(step)
    text = texts[position] if position < len(texts) else f"argument {position + 1}"
    name = text if text.isidentifier() or not where else f"({text})"
    return At(name, where, None if value.is_complex() else float(value))


def in_double(step: Step) -> torch.Tensor | None:
    """The value of a step in float64, of the arguments that it had; None where these do not make its value alone."""
    tensors = [
        (position, value)
        for position, value in enumerate(step.arguments)
        if isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())
    ]
    is_wide = any(value.dtype == wide(value.dtype) for _, value in tensors)
    row = step.operation.row
    if not tensors or is_wide or not step.single or (row is not None and row.category == DERIVATIVE):
        return None
    try:
        return applied(step, {at: value.to(wide(value.dtype)) for at, value in tensors}, Context(torch.float64))
    except REFUSALS:
        return None
