"""Tensor operations: every row that is neither an activation nor a loss, made when it is first asked for.

The data stands in `generated.py`, by category: `("name=alias,alias", marks, signature, signature)`. The marks say where
PyTorch has the operation (`n`: torch.nn.functional, `t`: torch.Tensor alone, else torch), that it is called as a
function (`f`) or as a method (`m`), and that it is elementwise (`p`). An in-place operation without signatures has those
of the operation whose name is its own without the underscore.
"""

from __future__ import annotations

from functools import cache

from gradcli.language.catalogue.generated import ROWS
from gradcli.language.catalogue.rows import OperationRow

ATTRIBUTES = {
    "H": "the conjugate transpose of a matrix",
    "T": "the transpose of a matrix",
    "data": "the same values outside the graph",
    "dtype": "the type of the elements",
    "imag": "the imaginary part",
    "mH": "the conjugate transpose of the last two dimensions",
    "mT": "the transpose of the last two dimensions",
    "ndim": "the number of dimensions, an integer",
    "real": "the real part",
    "shape": "the sizes of the dimensions, integers",
}
"""Attributes of a tensor."""

PATHS = {"tensor": "torch.asarray"}
"""`torch.tensor` of a tensor warns and leaves the graph, `torch.asarray` does neither."""

SUBJECTS = {
    "chunk": "x, 2",
    "cummax": "x, dim=0",
    "cummin": "x, dim=0",
    "cumprod": "x, dim=0",
    "cumsum": "x, dim=0",
    "flip": "x, 0",
    "float_power": "x, 2",
    "kthvalue": "x, 1",
    "linalg.matrix_power": "x, 2",
    "logcumsumexp": "x, dim=0",
    "logsumexp": "x, dim=0",
    "matrix_power": "x, 2",
    "mvlgamma": "x, 1",
    "nanquantile": "x, 0.5",
    "normalize": "x, dim=0",
    "polygamma": "1, x",
    "pow": "x, 2",
    "quantile": "x, 0.5",
    "repeat_interleave": "x, 2",
    "roll": "x, 1",
    "split": "x, 1",
    "topk": "x, 1",
    "unsqueeze": "x, 0",
}
"""The arguments of a bare name that is called with more than `x`."""

CATEGORIES = tuple(ROWS)


def find_operation(name: str) -> OperationRow | None:
    """The operation of that name or alias."""
    place = _places().get(name)
    return None if place is None else _operation(*place)


@cache
def operations() -> tuple[OperationRow, ...]:
    """Every operation, by category and name."""
    return tuple(_operation(category, place) for category, rows in ROWS.items() for place in range(len(rows)))


def in_place(signatures: tuple[str, ...]) -> tuple[str, ...]:
    """The signatures of an operation for its in-place twin, which has a tensor to change."""
    return tuple(signature for signature in signatures if not signature.startswith("(input:"))


@cache
def _places() -> dict[str, tuple[str, int]]:
    """For each name and alias the category and the place of its row."""
    return {
        name: (category, place)
        for category, rows in ROWS.items()
        for place, row in enumerate(rows)
        for name in row[0].replace("=", ",").split(",")
    }


@cache
def _operation(category: str, place: int) -> OperationRow:
    names, marks, *written = ROWS[category][place]
    name, _, aliases = names.partition("=")
    home = "torch.nn.functional." if "n" in marks else "torch.Tensor." if "t" in marks else "torch."
    twin = None if written else find_operation(name.removesuffix("_"))
    return OperationRow(
        name=name,
        torch=PATHS.get(name) or home + name.removeprefix("Tensor."),
        category=category,
        signatures=tuple(written) if twin is None else in_place(twin.signatures),
        method="m" in marks,
        function="f" in marks,
        elementwise="p" in marks,
        subject=f"{name}({SUBJECTS[name]})" if name in SUBJECTS else None,
        aliases=tuple(aliases.split(",")) if aliases else (),
    )
