"""Functions that are called otherwise today, or have no place in an expression: what to write instead."""

from __future__ import annotations

from gradcli.language import catalogue

_PLACES = ("linalg", "special", "fft")
"""Where a function may stand whose plain name is pasted: inv_ex is linalg.inv_ex."""

INSTEAD = {
    "chain_matmul": "linalg.multi_dot([a, b, c])",
    "cpu": "the tensor itself: --device says where it is",
    "cuda": "the tensor itself: --device says where it is",
    "eig": "linalg.eig(x)",
    "empty": "zeros(2, 3): empty memory holds anything",
    "empty_like": "zeros_like(x): empty memory holds anything",
    "empty_strided": "zeros(2, 3): empty memory holds anything",
    "item": "the tensor itself, or x.detach() to cut it off",
    "len": "x.size(0)",
    "lstsq": "linalg.lstsq(A, b), with the matrix first",
    "matrix_rank": "linalg.matrix_rank(x)",
    "new_empty": "x.new_zeros(2, 3): empty memory holds anything",
    "new_tensor": "torch.tensor([1, 2])",
    "no_grad": "x.detach() for what is to be a constant",
    "numpy": "the tensor itself",
    "range": "arange(0, 5)",
    "solve": "linalg.solve(A, B), with the matrix first",
    "symeig": "linalg.eigh(x)",
    "tolist": "the tensor itself",
    "Variable": "the name alone: inputs are differentiated",
    "autograd.functional.hessian": "the function, with --hessian",
    "autograd.functional.jacobian": "the function, with --jacobian",
    "func.grad": "grad(u, x)",
    "jax.grad": "grad(u, x)",
}
"""Names that PyTorch has lost, or that lead out of an expression."""


def instead_of(name: str) -> str | None:
    """The hint for a name of the past, or without the module in which it stands; None for any other."""
    if name in INSTEAD:
        return f"Write {INSTEAD[name]}."
    place = next((place for place in _PLACES if catalogue.find(f"{place}.{name}") is not None), None)
    return None if place is None else f"Write {place}.{name}(...)."
