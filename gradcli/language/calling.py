"""What a call in the text stands for: a function or a method of the catalogue, a module called at once, a number."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gradcli.exceptions import ArgumentError, ExpressionError, Span, did_you_mean
from gradcli.language import catalogue, names
from gradcli.language.catalogue.modules import LEGACY, MODULES, UNUSED, Module, find_module, weights_of
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import parse_signature
from gradcli.language.dtypes import TENSOR_CLASSES
from gradcli.language.syntax import Call, DtypeName, Literal, Name, Node, Sequence, Starred, postorder

Keywords = tuple[tuple[str, Node], ...]

TURNED = ("where", "polygamma")
"""Functions whose first argument is the second of the method: x.where(c, y) is where(c, x, y)."""

_TENSORS = ("x", "t", "v", "w")
"""What the tensors are called that a module is called with, in hints."""
_LONGEST_MODULE = 200


@dataclass(frozen=True)
class Made:
    """The call that makes a module, and whether the module is in training, as it is until `.eval()`."""

    name: str
    call: ast.Call
    training: bool


def made(function: ast.expr, known: Collection[str]) -> Made | None:
    """The module that is called, where `function` makes one: `nn.ReLU()`, `nn.Dropout(0.5).eval()`."""
    mode: bool | None = None
    while isinstance(function, ast.Call) and isinstance(function.func, ast.Attribute) and not function.args:
        if function.func.attr not in ("eval", "train"):
            break
        mode = function.func.attr == "train" if mode is None else mode
        function = function.func.value
    if not isinstance(function, ast.Call):
        return None
    name = names.dotted(function.func, known)
    if name is None or not is_module(name):
        return None
    return Made(name, function, True if mode is None else mode)


def is_module(name: str) -> bool:
    """Whether a name is that of a module, with weights or without."""
    return find_module(name) is not None or weights_of(name) is not None or name.startswith("nn.")


def is_known_module(name: str) -> bool:
    """Whether a name can only be that of a module: `nn.Tanh`, but not `Tanh`, which may be a slip for tanh."""
    if not name.startswith("nn.") and names.is_function(name.lower()):
        return False
    return find_module(name) is not None or weights_of(name) is not None


def module_call(
    module: Made, made_with: tuple[tuple[Node, ...], Keywords], given: tuple[tuple[Node, ...], Keywords], *, span: Span
) -> Node:
    """The function that a module calls, with the constructor's arguments by name.

    Raises ArgumentError or ExpressionError: what has weights, what no constructor takes, more tensors than go in.
    """
    row = _stateless(module.name, span)
    chosen = _chosen(row, *made_with, span=span)
    arguments, keywords = given
    if len(arguments) > row.inputs or any(name in chosen or name in _constructor(row) for name, _ in keywords):
        inputs = "one tensor" if row.inputs == 1 else f"{row.inputs} tensors"
        raise ArgumentError(
            f"{row.name}() is called with {inputs} and nothing else",
            span=span,
            hint=f"What it is made with stands in the brackets before: {row.name}{row.signatures[0]}.",
        )
    for name, value in row.always:
        chosen.setdefault(name, Literal(module.training if name == "training" else value, span))
    function = catalogue.find(row.call)
    assert function is not None
    keywords = (*keywords, *chosen.items())
    names.check_call(function, None, arguments, keywords, written=row.name, span=span)
    return Call(function, function.name, None, arguments, keywords, span)


def _stateless(name: str, span: Span) -> Module:
    row = find_module(name)
    if row is not None:
        return row
    instead = weights_of(name)
    bare = name.removeprefix("nn.")
    if instead is not None:
        raise ExpressionError(
            f"nn.{bare} holds weights or statistics, which an expression has to be given",
            span=span,
            hint=f"Write {instead}, and give each name a value: w='randn(2, 3)'.",
        )
    hint = did_you_mean(bare, [module.name.removeprefix("nn.") for module in MODULES])
    raise ExpressionError(
        f"nn.{bare} is no module that can be called at once",
        span=span,
        hint=hint or "'gradcli functions --category module' lists those that can.",
    )


def _constructor(row: Module) -> list[str]:
    return [parameter.name for parameter in parse_signature(row.signatures[0]).parameters]


def _chosen(row: Module, arguments: tuple[Node, ...], keywords: Keywords, *, span: Span) -> dict[str, Node]:
    """The arguments of a constructor under the names that the function has for them."""
    names.check_call(row, None, arguments, keywords, written=row.name, span=span)
    starred = next((argument for argument in arguments if isinstance(argument, Starred)), None)
    if starred is not None:
        raise ArgumentError(f"{row.name}() is made with plain arguments", span=starred.span, hint="Write them out.")
    chosen = {**dict(zip(_constructor(row), arguments, strict=False)), **dict(keywords)}
    for name, node in chosen.items():
        if name in LEGACY and not (isinstance(node, Literal) and node.value is None):
            raise ArgumentError(
                f"'{name}' of {row.name}() is of PyTorch's past",
                span=node.span,
                hint="Write min_val and max_val." if "value" in name else "Write reduction='mean', 'sum' or 'none'.",
            )
    if row.off is not None:
        switch = chosen.pop(row.off, None)
        if not (isinstance(switch, Literal) and switch.value is False):
            raise ExpressionError(
                f"{row.name} holds weights, which an expression has to be given",
                span=span,
                hint=f"Write {weights_of(row.name)}, or make it with {row.off}=False.",
            )
    renamed = dict(row.renamed)
    for name, times in row.repeated:
        if name in chosen:
            chosen[name] = _repeated(chosen[name], times)
    return {renamed.get(name, name): node for name, node in chosen.items() if name not in LEGACY | UNUSED}


def _repeated(node: Node, times: int) -> Node:
    """One integer as a list of so many; anything else as it is."""
    if not isinstance(node, Literal) or not isinstance(node.value, int):
        return node
    return Sequence(tuple(Literal(node.value, node.span) for _ in range(times)), True, node.span)


def function_call(
    row: Row, receiver: Node | None, arguments: tuple[Node, ...], keywords: Keywords, *, written: str, span: Span
) -> Node:
    """A call of the catalogue; where people write it otherwise than PyTorch, as PyTorch has it."""
    if receiver is None and row.name == "float" and not keywords:
        number = _number_in_words(arguments, span)
        if number is not None:
            return number
    if receiver is None and row.name == "round" and len(arguments) == 2:  # Python's round(x, 2)
        rounded, decimals = arguments
        arguments, keywords = (rounded,), (*keywords, ("decimals", decimals))
    if row.name == "tensor" and written in TENSOR_CLASSES:
        keywords = (*keywords, ("dtype", DtypeName(TENSOR_CLASSES[written], span)))
        _check_listed(arguments, written, span)
    if row.name == "to":
        _check_device(arguments, keywords)
    names.check_call(row, receiver, arguments, keywords, written=written, span=span)
    if row.name == "type" and arguments and isinstance(arguments[0], Literal):
        raise ArgumentError("type() takes a dtype", span=arguments[0].span, hint="Write x.type(torch.float64).")
    return Call(row, written, receiver, arguments, keywords, span)


def _check_device(arguments: tuple[Node, ...], keywords: Keywords) -> None:
    """Raises ArgumentError for x.to('cuda') and x.to(device)."""
    named = [node for name, node in keywords if name == "device"]
    words = [one for one in arguments if isinstance(one, Literal) and isinstance(one.value, str)]
    called_so = [one for one in arguments if isinstance(one, Name) and one.name == "device"]
    if devices := (*named, *words, *called_so):
        message = "to() changes the dtype, and not the device"
        raise ArgumentError(message, span=devices[0].span, hint="Write the tensor itself: --device says where it is.")


def turned(receiver: Node, arguments: tuple[Node, ...], keywords: Keywords) -> tuple[tuple[Node, ...], Keywords]:
    """The arguments of the function where the method's are in another order: c, x, y for x.where(c, y)."""
    if arguments:
        return (arguments[0], receiver, *arguments[1:]), keywords
    return (), (*keywords, ("input", receiver))


def _number_in_words(arguments: tuple[Node, ...], span: Span) -> Literal | None:
    """`float('-inf')` as the number that it is."""
    text = arguments[0].value if len(arguments) == 1 and isinstance(arguments[0], Literal) else None
    if not isinstance(text, str):
        return None
    try:
        return Literal(float(text), span)
    except ValueError:
        raise ArgumentError(
            f"float() cannot read {text!r} as a number",
            span=arguments[0].span,
            hint="Write float('inf'), float('-inf'), float('nan'), or the number itself.",
        ) from None


def _check_listed(arguments: tuple[Node, ...], written: str, span: Span) -> None:
    """Sizes instead of values would give memory that nobody wrote."""
    sizes = len(arguments) != 1 or (isinstance(arguments[0], Literal) and isinstance(arguments[0].value, int))
    if sizes:
        raise ArgumentError(
            f"{written}() of sizes holds whatever was in memory",
            span=span,
            hint=f"Write {written}([1, 2]) for values, zeros(2, 3) for sizes.",
        )


def not_a_value(
    name: str, arguments: tuple[Node, ...], keywords: Keywords, *, text: str, span: Span
) -> ExpressionError:
    """The error for a module that is made and not called, with the function that does the same; `text` is all of it."""
    row = _stateless(name, span)
    tensors = _TENSORS[: row.inputs]
    given = [node for argument in (*arguments, *dict(keywords).values()) for node in postorder(argument)]
    passed: list[tuple[str, str]] = []
    if any(isinstance(node, Name) for node in given):  # tensors, which no module is made with
        made_with = "..."
    else:
        made_with = text[slice(*span)].partition("(")[2].removesuffix(")")
        chosen = _chosen(row, arguments, keywords, span=span)
        passed += [(name, _written(node, text)) for name, node in chosen.items()]
        passed += [(name, repr(value)) for name, value in row.always if name not in chosen]
    function = ", ".join([*tensors, *(f"{name}={value}" for name, value in passed)])
    return ExpressionError(
        f"{row.name}(...) makes a module; tensors are what the module is called with",
        span=span,
        hint=f"Write {row.name}({made_with})({', '.join(tensors)}), or {row.call}({function}).",
    )


def instead_of_module(name: str) -> str | None:
    """The hint for the name of a module where a function should be; None for any other name."""
    row = find_module(name)
    if row is None:
        return None
    tensors = ", ".join(_TENSORS[: row.inputs])
    is_made_of_nothing = all(not parameter.required for parameter in parse_signature(row.signatures[0]).parameters)
    return f"Write {row.call}({tensors}), or {row.name}({'' if is_made_of_nothing else '...'})({tensors})."


def module_in(text: str) -> tuple[Module, dict[str, str]] | None:
    """The module that a text names or makes, with the constructor's arguments as text; None for any other text."""
    if len(text) > _LONGEST_MODULE:
        return None
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
    name = names.dotted(call.func, ())
    row = None if name is None else find_module(name)
    if row is None:
        return None
    given = dict(zip(_constructor(row), map(ast.unparse, call.args), strict=False))
    return row, given | {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg}


def _written(node: Node, text: str) -> str:
    """A node as it stands in the text; one number that means several as a list."""
    if isinstance(node, Sequence) and node.items and node.items[0].span == node.span:
        return f"[{', '.join([text[slice(*node.span)]] * len(node.items))}]"
    return text[slice(*node.span)]


def refuse_stale(name: str, stale: Mapping[str, str], span: Span) -> None:
    """Raises ExpressionError if a module was made with a name that has another value by now."""
    if name in stale:
        raise ExpressionError(
            f"'{name}' was made with '{stale[name]}', which has changed since",
            span=span,
            hint=f"Make the module again behind the change of '{stale[name]}'.",
        )
