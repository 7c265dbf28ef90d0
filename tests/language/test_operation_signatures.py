"""Signatures of operations against PyTorch's own: names, order, defaults."""

from __future__ import annotations

import ast
import inspect
from functools import cache

import torch
from each import each
from operation_rows import NAMES, OPERATIONS, SIGNED, by_name, resolved

from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import KINDS, Signature, parse_signature, signatures_of

NOT_FOR_PEOPLE = {
    "copy", "device", "generator", "implicit", "layout", "memory_format", "non_blocking", "out", "path", "pin_memory",
    "sparse", "sparse_grad",
}  # fmt: skip
WITHOUT_SCHEMA = {
    "copy_": "the method names its argument otherwise than the schema",
    "einsum": "takes *args, also a format of sublists",
    "tensor": "asarray has neither a schema nor an inspectable signature",
    "to": "its overloads are made for devices",
    "type": "a method of Tensor alone, whose other forms name devices or answer with a text",
    "Tensor.unfold": "a method, whose schema has the function's name",
    "unique": "dispatched on return_inverse and return_counts",
    "unique_consecutive": "dispatched on return_inverse and return_counts",
    **dict.fromkeys(
        ["bfloat16", "bool", "byte", "cdouble", "cfloat", "char", "double", "float", "half", "int", "long", "short"],
        "a method of Tensor alone",
    ),
}
OWN_ARGUMENTS = {"requires_grad"}
"""Arguments that PyTorch's Python layer adds to what the schema says."""


@cache
def of_pytorch(row: Row) -> list[dict[str, tuple[str, bool]]]:
    """For each of PyTorch's overloads the default (empty for a required one) and keyword-only-ness by name."""
    function = resolved(row.torch)
    if inspect.isfunction(function):
        parameters = inspect.signature(function).parameters
        if list(parameters) == ["args", "kwargs"]:
            parameters = inspect.signature(getattr(torch.nn.functional, f"_{row.name}")).parameters
        empty = inspect.Parameter.empty
        return [
            {
                p.name: ("" if p.default is empty else repr(p.default), p.kind is inspect.Parameter.KEYWORD_ONLY)
                for p in parameters.values()
            }
        ]
    schemas = torch._C._jit_get_schemas_for_operator(f"aten::{row.name.replace('.', '_')}")
    return [
        {
            "input" if a.name == "self" else a.name: (
                repr(a.default_value) if a.has_default_value() else "",
                a.kwarg_only,
            )
            for a in schema.arguments
        }
        for schema in schemas
    ]


def same_default(ours: str | None, theirs: str, kind: str) -> bool:
    if ours is None or not theirs:
        return ours is None and not theirs
    if kind == "dtype":
        return True  # the schema writes int64 as 4
    value, wanted = ast.literal_eval(ours), ast.literal_eval(theirs)
    return value == wanted or (isinstance(wanted, list) and wanted == [value] * len(wanted))


def agrees(signature: Signature, theirs: dict[str, tuple[str, bool]]) -> bool:
    ours = {p.name: p for p in signature.parameters if not (p.keyword_only and p.name in OWN_ARGUMENTS)}
    left_out = set(theirs) - set(ours)
    if set(ours) - set(theirs) or any(name not in NOT_FOR_PEOPLE and name[0] != "_" for name in left_out):
        return False
    places = [name for name, (_, keyword_only) in theirs.items() if not keyword_only]
    return list(ours) == [name for name in theirs if name in ours] and all(
        p.variadic
        or (
            same_default(p.default, theirs[p.name][0], p.kind)
            and (p.keyword_only or places.index(p.name) == list(ours).index(p.name))
        )
        for p in ours.values()
    )


@each("row", [row for row in OPERATIONS if row.name not in WITHOUT_SCHEMA], ids=lambda row: row.name)
def test_names_order_and_defaults_are_those_of_pytorch(row: Row) -> None:
    overloads = of_pytorch(row)
    assert [
        signature.text for signature in signatures_of(row) if not any(agrees(signature, o) for o in overloads)
    ] == []


def test_what_has_no_schema_takes_the_arguments_of_its_row() -> None:
    called_with: dict[str, list[dict[str, object]]] = {
        "tensor": [{"obj": [1.0], "dtype": torch.float64, "requires_grad": True}],
        "to": [{"dtype": torch.float64}, {"tensor": SIGNED}],
        "copy_": [{"other": SIGNED}],
        "type": [{"dtype": torch.float64}],
        "Tensor.unfold": [{"dimension": 0, "size": 2, "step": 1}],
        "unique": [{"input": SIGNED, "sorted": True, "return_inverse": True, "return_counts": True, "dim": 0}],
        "unique_consecutive": [{"input": SIGNED, "return_inverse": True, "return_counts": True, "dim": 0}],
        **{name: [{}] for name in WITHOUT_SCHEMA if NAMES[name].signatures == ("(input)",)},
    }
    assert set(called_with) == set(WITHOUT_SCHEMA) - {"einsum"}
    for name, calls in called_with.items():
        receiver = [SIGNED.clone()] if NAMES[name].torch.startswith("torch.Tensor.") else []
        given = [{parameter.name for parameter in s.parameters[len(receiver) :]} for s in signatures_of(NAMES[name])]
        assert [set(keywords) for keywords in calls] == given
        for keywords in calls:
            resolved(NAMES[name].torch)(*receiver, **keywords)
    assert torch.einsum("ij,jk->ik", SIGNED, SIGNED).shape == (3, 3)


def test_a_wrong_name_order_or_default_would_be_noticed() -> None:
    theirs = {"input": ("", False), "dim": ("", False), "keepdim": ("False", False), "dtype": ("None", True)}
    parsed = {
        "(input, dim: ints, keepdim: bool = False, *, dtype: dtype? = None)": True,
        "(input, dims: ints, keepdim: bool = False, *, dtype: dtype? = None)": False,
        "(input, keepdim: bool = False, dim: ints, *, dtype: dtype? = None)": False,
        "(input, dim: ints, keepdim: bool = True, *, dtype: dtype? = None)": False,
        "(input, dim: ints, keepdim: bool, *, dtype: dtype? = None)": False,
        "(input, dim: ints, *, dtype: dtype? = None)": False,
    }
    assert {text: agrees(parse_signature(text), theirs) for text in parsed} == parsed


@by_name
def test_a_signature_uses_the_kinds_that_exist(row: Row) -> None:
    assert row.signatures
    for signature in signatures_of(row):
        assert {parameter.kind for parameter in signature.parameters} <= set(KINDS)
        names = [parameter.name for parameter in signature.parameters]
        assert len(names) == len(set(names))
