"""PyTorch's exceptions as data, each with the fix in terms of the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch

from gradcli.compute.capture import TorchError
from gradcli.language.syntax import Binary, Node, children
from gradcli.results import Failure

# Matched against PyTorch's message; the first that fits is taken. Only the hint is ours, never the message.
_HINTS: tuple[tuple[str, str], ...] = (
    (
        r"does not require grad and does not have a grad_fn",
        "Nothing that is differentiated reaches the output. Take {frozen}leave 'detach' and comparisons out, "
        "or ask for another input with --wrt.",
    ),
    (
        r"`inputs` argument to `grad\(\)` cannot be empty",
        "There is no floating input that could be differentiated: x:float32=1,2 is one, or name it in the expression.",
    ),
    (
        r"One of the differentiated Tensors does not require grad",
        "An input named by --wrt is frozen. Take {frozen}or leave it out of --wrt.",
    ),
    (
        r"grad can be implicitly created only for scalar outputs",
        "Reduce the output, sum(...) or mean(...), or pass a cotangent: --vjp 1,1,... (without --vjp, ones are used).",
    ),
    (
        r"backward through the graph a second time",
        "Sum the outputs and call backward once, or keep the graph for the later call: --retain all. "
        "'gradcli retain-demo' shows which tensor was freed.",
    ),
    (
        r"Mismatch in shape: grad_output|grad_outputs\[",
        "The cotangent of --vjp must have the output's shape, which is {output}.",
    ),
    (
        r"modified by an inplace operation",
        "Change a copy: write y = y + 1 for y += 1, or y.clone() before the change.",
    ),
    (
        r"a leaf Variable that requires grad is being used in an in-place|a view of a leaf Variable that requires grad",
        "An input cannot be changed in place: write x + 1 for x += 1, x.clone() before the change, or --frozen for "
        "the input.",
    ),
    (
        r"is a view and (is being modified|its base)|output of a function that returns multiple views",
        "Change a copy: put .clone() behind the view.",
    ),
    (
        r"derivative for .*_(double_)?backward is not implemented",
        "PyTorch stops at order {available} here: use --order {available}, or write the formula out.",
    ),
    (
        r"derivative for .* is not implemented",
        "PyTorch has no derivative of this operation. Replace it by a smooth relative, or put it behind detach().",
    ),
    (
        r"double backward|isn't differentiable twice|second derivative|not implemented the double|_backward' is not",
        "PyTorch stops at order {available} here: use --order {available}, or write the formula out.",
    ),
    (
        r"forward AD|forward-mode|jvp",
        "PyTorch has no forward mode for this operation: take the Jacobian instead, --jacobian.",
    ),
    (
        r"Only Tensors of floating point.*can require gradients",
        "Give the input a floating dtype: x:float32=1,2.",
    ),
    (
        r"not differentiable with respect to argument",
        "This argument has no derivative: freeze the input, --frozen NAME, or leave it out of --wrt.",
    ),
    (
        r"grad can be (implicitly )?created only for real|grad can be computed only for real scalar outputs",
        "Make the output real: abs(...), real(...) or sum(abs(...)**2).",
    ),
    (
        r"appears to not have been used in the graph",
        "The input has no path to the output: use it in the expression, or leave it out of --wrt.",
    ),
    (
        r"singular|not invertible|not positive-definite|input is not positive",
        "The matrix has no inverse here: move it away, x + 1e-3 * eye(n), or use linalg.pinv.",
    ),
    (
        r"expected scalar type Long|Expected (floating point )?type.*Long|expected .* to have dtype int64|"
        r"must be int64|Long but (got|found)|expected scalar type.*int64",
        "Give the indices an integer dtype: t:int64=0,2.",
    ),
    (
        r"expected .* same dtype|expected scalar type|must have the same dtype|dtype .* to be the same|Found dtype",
        "Give the inputs one dtype: --dtype for all, NAME:DTYPE=VALUE for one.",
    ),
    (
        r"not implemented for '(Half|BFloat16|Long|Int|Short|Char|Byte|Bool)'",
        "PyTorch has no such operation in this dtype here: try --dtype float32.",
    ),
    (
        r"can't allocate memory|out of memory|not enough memory",
        "The tensors do not fit into memory: make them smaller.",
    ),
)

_SHAPES = re.compile(r"shape|size|dimension|broadcast|must match|stack expects", re.IGNORECASE)


def explain(
    raised: TorchError, text: str, *, frozen: Sequence[str] = (), output: Sequence[int] | None = None
) -> Failure:
    """The failure that a captured exception is: PyTorch's words, the place, and a hint."""
    message = str(raised.error).strip()
    expression = raised.text or text
    return Failure(
        code="autograd" if raised.stage != "forward" else "pytorch",
        type=type(raised.error).__name__,
        message=message,
        hint=_joined(raised.cause, _hint(message, raised, expression, frozen, output)),
        expression=expression,
        span=raised.span,
    )


def _joined(cause: str | None, hint: str | None) -> str | None:
    return " ".join(filter(None, [cause, hint])) or None


def _hint(
    message: str, raised: TorchError, text: str, frozen: Sequence[str], output: Sequence[int] | None
) -> str | None:
    for pattern, hint in _HINTS:
        if re.search(pattern, message):
            options = f"--frozen {','.join(frozen)} away, " if frozen else ""
            shape = "?" if output is None else list(output)
            return hint.format(frozen=options, output=shape, available=raised.order - 1).replace("Take l", "L")
    shapes = _shapes(raised, text)
    if not shapes or not _SHAPES.search(message):
        return None
    return f"{' and '.join(shapes)}.{_transposed(raised, text)}"


def _shapes(raised: TorchError, text: str) -> list[str]:
    """`a is [2, 3]` for each tensor that the failing operation was given."""
    if raised.node is None:
        return []
    return [
        f"{_source(node, text)} is {list(operand.shape)}"
        for node, operand in zip(children(raised.node), raised.operands, strict=False)
        if isinstance(operand, torch.Tensor)
    ]


def _transposed(raised: TorchError, text: str) -> str:
    """The product with the second matrix transposed, if that is what fits."""
    node = raised.node
    if not (isinstance(node, Binary) and node.operator == "matmul" and len(raised.operands) == 2):
        return ""
    left, right = raised.operands
    if not (isinstance(left, torch.Tensor) and isinstance(right, torch.Tensor) and right.ndim == 2):
        return ""
    if left.ndim == 0 or left.shape[-1] != right.shape[1]:
        return ""
    shape = [*left.shape[:-1], right.shape[0]]
    return f" Try '{_source(node.left, text)} @ {_source(node.right, text)}.T', which gives {shape}."


def _source(node: Node, text: str) -> str:
    return text[node.span[0] : node.span[1]]
