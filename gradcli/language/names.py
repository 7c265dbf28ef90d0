"""What a name in an expression stands for: a constant, a dtype, a function, a method, an attribute."""

from __future__ import annotations

import ast
import math
from collections.abc import Collection

from gradcli.exceptions import ArgumentError, ExpressionError, Span, UnknownNameError, did_you_mean
from gradcli.language import catalogue
from gradcli.language.catalogue.binding import check_call as check_signature
from gradcli.language.catalogue.generated import RESULT_FIELDS
from gradcli.language.catalogue.operations import ATTRIBUTES
from gradcli.language.catalogue.rows import Row
from gradcli.language.dtypes import DTYPES, PREFIXED_DTYPES
from gradcli.language.syntax import Node, Starred

__all__ = ["CONSTANTS", "DTYPES", "NAMESPACES", "PREFIXED_DTYPES", "PREFIXES"]

CONSTANTS: dict[str, float] = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}
FOREIGN_CONSTANTS: dict[str, float | None] = {
    **{f"math.{name}": value for name, value in {**CONSTANTS, "tau": math.tau}.items()},
    **{f"{n}.{name}": value for n in ("np", "numpy") for name, value in {**CONSTANTS, "newaxis": None}.items()},
}
"""These numbers as other libraries write them: math.pi, np.inf, np.newaxis."""
PREFIXES = ("torch.nn.functional", "nn.functional", "torch", "F")
NAMESPACES = ("torch", "nn", "F", "linalg", "special", "fft", "autograd")
_FOREIGN = ("Tensor", "np", "numpy", "jnp", "jax", "tf", "math", "scipy")

FILE_ENDINGS = frozenset(("npy", "npz", "pt", "pth", "safetensors", "csv", "tsv", "json", "txt", "parquet"))
"""Of the files that numbers are read from: as an attribute, a forgotten @."""
_LONGEST_FILE = 80

_PLACES = ("linalg", "special", "fft")
"""Where a function may stand whose plain name is pasted: inv_ex is linalg.inv_ex."""

INSTEAD = {
    "backward": "the expression alone: its gradient is taken by itself",
    "chain_matmul": "linalg.multi_dot([a, b, c])",
    "cpu": "the tensor itself: --device says where it is",
    "cuda": "the tensor itself: --device says where it is",
    "device": "the name alone: --device says where it is",
    "eig": "linalg.eig(x)",
    "empty": "zeros(2, 3): empty memory holds anything",
    "empty_like": "zeros_like(x): empty memory holds anything",
    "empty_strided": "zeros(2, 3): empty memory holds anything",
    "grad_fn": "the expression alone: 'gradcli trace' shows the graph behind it",
    "is_leaf": "the expression alone: 'gradcli trace' shows what is a leaf",
    "item": "the tensor itself, or x.detach() to cut it off",
    "len": "x.size(0)",
    "lstsq": "linalg.lstsq(A, b), with the matrix first",
    "matrix_rank": "linalg.matrix_rank(x)",
    "new_empty": "x.new_zeros(2, 3): empty memory holds anything",
    "new_tensor": "torch.tensor([1, 2])",
    "no_grad": "x.detach() for what is to be a constant",
    "numpy": "the tensor itself",
    "print": "the expression alone: its value is shown",
    "range": "arange(0, 5)",
    "requires_grad": "the name alone: inputs are differentiated, and --wrt says by which",
    "retain_grad": "the name alone: 'gradcli trace' shows the gradient of every step",
    "solve": "linalg.solve(A, B), with the matrix first",
    "symeig": "linalg.eigh(x)",
    "tolist": "the tensor itself",
    "Variable": "the name alone: inputs are differentiated",
    "autograd.functional.hessian": "the function, with --hessian",
    "autograd.functional.jacobian": "the function, with --jacobian",
    "func.grad": "grad(u, x)",
    "jax.grad": "grad(u, x)",
    "arcctg": "pi / 2 - atan(x)",
    "average": "mean(x)",
    "binary_crossentropy": "bce(x, t)",
    "categorical_crossentropy": "cross_entropy(x, t)",
    "cbrt": "sign(x) * abs(x)**(1 / 3)",
    "cosec": "1 / sin(x)",
    "cot": "1 / tan(x)",
    "coth": "1 / tanh(x)",
    "crelu": "cat([relu(x), relu(-x)])",
    "csc": "1 / sin(x)",
    "csch": "1 / sinh(x)",
    "ctg": "1 / tan(x)",
    "exponential": "exp(x)",
    "gaussian": "exp(-x**2)",
    "identity": "the name alone: x",
    "ln": "log(x)",
    "logarithm": "log(x)",
    "logistic": "sigmoid(x)",
    "lrelu": "leaky_relu(x)",
    "mean_absolute_error": "l1_loss(x, t)",
    "mean_squared_error": "mse_loss(x, t)",
    "mod": "x % y",
    "rect": "(abs(x) < 0.5).float()",
    "rms": "sqrt(mean(x**2))",
    "sec": "1 / cos(x)",
    "sech": "1 / cosh(x)",
    "sqr": "square(x)",
    "step": "heaviside(x, 0.5), which has no gradient, or sigmoid(10 * x), which has one",
    "tg": "tan(x)",
    "zero_grad": "the expression alone: each gradient is taken anew",
    "σ": "sigmoid(x)",
}
"""Names that PyTorch has lost or never had, or that lead out of an expression."""
_ALL_FUNCTIONS = "'gradcli functions' lists what there is."
_OF_PROGRAMS = ("criterion", "forward", "loss_fn", "model", "net", "network", "optimizer")


def dotted(node: ast.expr, known: Collection[str]) -> str | None:
    """`F.relu` as 'relu', `torch.linalg.svd` as 'linalg.svd'; None if this is an attribute of a value."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id in known:
        return None
    path = ".".join([node.id, *reversed(parts)])
    bare = without_prefix(path)
    if bare != path:
        return bare
    return path if not parts or node.id in (*NAMESPACES, *_FOREIGN) else None


def without_prefix(path: str) -> str:
    """`F.relu` and `torch.relu` as 'relu'; anything else as it is."""
    return next((path.removeprefix(f"{p}.") for p in PREFIXES if path.startswith(f"{p}.")), path)


def is_function(name: str) -> bool:
    """Whether `name` can be called as a function."""
    row = catalogue.find(name)
    return row is not None and row.function


def function(name: str, span: Span) -> Row:
    """The catalogue's row for `name(...)`."""
    check_plain(name, span)
    row = catalogue.find(name)
    if row is not None and row.function:
        return row
    raise UnknownNameError(f"unknown function '{name}'", span=span, hint=_hint_for_function(name, row))


def method(name: str, span: Span) -> Row:
    """The catalogue's row for `x.name(...)`."""
    check_plain(name, span)
    row = catalogue.find_method(name)
    if row is not None:
        return row
    as_function = catalogue.find(name)
    hint = (
        f"It is a function: write {name}(x)."
        if as_function is not None
        else instead_of(name) or did_you_mean(name, catalogue.method_names()) or _ALL_FUNCTIONS
    )
    raise UnknownNameError(f"unknown tensor method '{name}'", span=span, hint=hint)


def check_attribute(name: str, span: Span, expression: str = "") -> None:
    """Raises UnknownNameError unless `x.name` may be read.

    expression: all of it, which may be the name of a file.
    """
    check_plain(name, span)
    if name in ATTRIBUTES or name in RESULT_FIELDS:
        return
    if catalogue.find_method(name) is not None:
        raise UnknownNameError(f"'{name}' is a method", span=span, hint=f"Call it: x.{name}().")
    raise UnknownNameError(
        f"unknown tensor attribute '{name}'",
        span=span,
        hint=_forgotten_at(name, expression)
        or ("Write the name alone: its gradient is shown." if name == "grad" else instead_of(name))
        or did_you_mean(name, [*ATTRIBUTES, *RESULT_FIELDS])
        or "x.T, x.shape, x.real and the like can be read.",
    )


def _forgotten_at(name: str, expression: str) -> str | None:
    """A hint where the attribute is the ending of a file."""
    if name.lower() not in FILE_ENDINGS:
        return None
    file = expression.strip()
    whole = (
        file.endswith(f".{name}")
        and file.isprintable()
        and len(file) <= _LONGEST_FILE
        and not set(file) & set(" ()[]*+,;")
    )
    return f"Write @ before a file: @{file if whole else f'data.{name}'}"


def check_object(name: str, attribute: str, *, is_called: bool, span: Span) -> None:
    """Raises UnknownNameError for `self.eps` and `self.layer(x)`: what an object holds is given by name."""
    if name != "self":
        return
    hint = (
        f"What a program defines is reached through its file: gradcli grad FILE.py:{attribute} x=1,2"
        if is_called
        else f"Write {attribute} alone, and give it a value: {attribute}=1."
    )
    raise UnknownNameError("'self' is an object of a program", span=span, hint=hint)


def check_plain(name: str, span: Span) -> None:
    """Raises ExpressionError for private names: they lead out of the language."""
    if "__" in name or any(part.startswith("_") for part in name.split(".")):
        raise ExpressionError(
            f"names such as '{name}' are not in the language",
            span=span,
            hint="Names start with a letter and have no double underscore.",
        )


def check_assignable(name: str, span: Span) -> None:
    """Raises ExpressionError where an assignment would hide a function or a constant."""
    check_plain(name, span)
    if is_function(name):
        raise ExpressionError(
            f"'{name}' is a function and cannot be assigned", span=span, hint=f"Take another name: {name}_1 = ..."
        )
    if name in NAMESPACES or name in DTYPES:
        raise ExpressionError(
            f"'{name}' has a meaning of its own and cannot be assigned", span=span, hint=f"Take {name}_1 = ..."
        )


def check_call(
    row: Row,
    receiver: Node | None,
    arguments: tuple[Node, ...],
    keywords: tuple[tuple[str, Node], ...],
    *,
    written: str,
    span: Span,
) -> None:
    """Raises ArgumentError where the words alone show that the call cannot be."""
    named = [name for name, _ in keywords]
    for name in named:
        check_plain(name, span)
    repeated = next((name for name in named if named.count(name) > 1), None)
    if repeated is not None:
        raise ArgumentError(f"{written}() is given '{repeated}' twice", span=span, hint="Give it once.")
    if any(isinstance(argument, Starred) for argument in arguments):
        return  # how many arguments there are is seen when they are computed
    count = len(arguments) + (receiver is not None)
    try:
        check_signature(row, count, named, name=written)
    except ArgumentError as error:
        error.span = span
        raise


def _hint_for_function(name: str, row: Row | None) -> str:
    instead = instead_of(name)
    if instead is not None:
        return instead
    if row is not None:
        return f"It is a tensor method: write x.{name}(...)."
    head, _, rest = name.partition(".")
    if head in ("nn", *_FOREIGN) and rest:
        bare = rest.rpartition(".")[2]
        known = is_function(bare)
        return f"Write {bare}(...): the functions are PyTorch's." if known else _ALL_FUNCTIONS
    if head in _OF_PROGRAMS:
        return f"What a program defines is reached through its file: gradcli grad FILE.py:{head} x=1,2"
    if len(name) == 1:
        return f"Write {name} * (...) if {name} is a number."
    return did_you_mean(name, catalogue.function_names()) or _ALL_FUNCTIONS


def instead_of(name: str) -> str | None:
    """The hint for a name of the past, or without the module in which it stands; None for any other."""
    if name in INSTEAD:
        return f"Write {INSTEAD[name]}."
    place = next((place for place in _PLACES if catalogue.find(f"{place}.{name}") is not None), None)
    return None if place is None else f"Write {place}.{name}(...)."
