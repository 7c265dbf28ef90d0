"""The rows of tensor operations, held against the installed PyTorch."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import torch
from each import each

from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.generated import RESULT_FIELDS
from gradcli.language.catalogue.losses import LOSSES
from gradcli.language.catalogue.operations import ATTRIBUTES, CATEGORIES, operations
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import KINDS, Signature, parse_signature, signatures_of

OPERATIONS = operations()
GENERATOR = Path(__file__).parents[2] / "tools" / "generate_operations.py"
GENERATED_WITH = "2.13"
NAMES = {row.name: row for row in OPERATIONS}
ELEMENTWISE = [row for row in OPERATIONS if row.elementwise]
MIXING = [row for row in OPERATIONS if not row.elementwise]
by_name = each("row", OPERATIONS, ids=lambda row: row.name)


def resolved(path: str) -> Callable[..., object]:
    target: object = torch
    for name in path.split(".")[1:]:
        target = getattr(target, name)
    assert callable(target)
    return target


def exists(path: str, owner: object) -> bool:
    for name in path.split("."):
        owner = getattr(owner, name, None)
    return callable(owner)


# --- what stands in the catalogue ------------------------------------------------------------------------------------


def test_there_are_hundreds_of_operations() -> None:
    assert len(OPERATIONS) > 550


def test_no_name_or_alias_stands_twice_in_the_whole_catalogue() -> None:
    rows: tuple[Row, ...] = (*OPERATIONS, *ACTIVATIONS, *LOSSES)
    names = [name for row in rows for name in (row.name, *row.aliases)]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_rows_are_sorted_by_category_and_name() -> None:
    keys = [(row.category, row.name) for row in OPERATIONS]
    assert keys == sorted(keys)
    assert tuple(dict.fromkeys(row.category for row in OPERATIONS)) == CATEGORIES


@by_name
def test_a_name_is_a_public_identifier_of_pytorch(row: Row) -> None:
    for name in (row.name, *row.aliases):
        assert re.fullmatch(r"((linalg|special|fft|Tensor)\.)?[a-zA-Z][a-zA-Z0-9_]*", name)
        assert "__" not in name


@by_name
def test_a_row_and_its_aliases_exist_in_pytorch(row: Row) -> None:
    assert callable(resolved(row.torch))
    for alias in row.aliases:
        owners = (torch, torch.nn.functional, torch.Tensor)
        assert any(exists(alias, owner) for owner in owners)


@by_name
def test_a_row_says_truly_whether_it_is_a_method_and_a_function(row: Row) -> None:
    assert row.function or row.method
    if row.method:
        assert inspect.isroutine(getattr(torch.Tensor, row.name.removeprefix("Tensor.")))
        assert signatures_of(row)[0].positional[0].kind == "tensor"
    if not row.function:
        assert row.torch == f"torch.Tensor.{row.name.removeprefix('Tensor.')}"


FORBIDDEN = {
    "leaks memory that nobody wrote": r"empty|uninit|resize|set_$|storage|data_ptr|frombuffer|^new$",
    "reads or writes files": r"file|^load|^save|memmap|pickle|dlpack",
    "runs code": r"compile|apply|map_|jit|hook|register|vmap|while_loop|fork|import|parse",
    "drives autograd": r"^backward$|^grad$|grad_fn|retain_grad|volatile|is_leaf",
    "leaves the language": r"numpy|tolist|^item$|share_memory|pin_memory|^cuda$|^cpu$|^xpu$|to_sparse|record_stream",
    "changes PyTorch": r"set_|manual_seed|^seed|deterministic|autocast|num_threads|printoptions",
}


@pytest.mark.parametrize("reason", FORBIDDEN)
def test_nothing_in_the_catalogue_does_what_is_forbidden(reason: str) -> None:
    words = [word for row in OPERATIONS for word in (row.name, *row.aliases, row.torch.rpartition(".")[2])]
    words += [*ATTRIBUTES, *RESULT_FIELDS]
    assert [word for word in words if re.search(FORBIDDEN[reason], word.rpartition(".")[2])] == []


@pytest.mark.parametrize("word", ["empty_like", "set_", "resize_as_", "from_file", "register_hook", "data_ptr"])
def test_the_patterns_of_what_is_forbidden_catch_it(word: str) -> None:
    assert any(re.search(pattern, word) for pattern in FORBIDDEN.values())


def test_no_argument_writes_elsewhere_or_names_a_device() -> None:
    arguments = {p.name for row in OPERATIONS for s in signatures_of(row) for p in s.parameters}
    assert arguments & {"out", "device", "layout", "generator", "memory_format", "pin_memory", "f", "file"} == set()
    assert [name for name in arguments if name.startswith("_")] == []


def test_a_subject_calls_its_row_with_x() -> None:
    subjects = {row.name: row.subject for row in OPERATIONS if row.subject}
    assert len(subjects) > 15
    for name, subject in subjects.items():
        assert subject.startswith(f"{name}(")
        assert [
            node.id for node in ast.walk(ast.parse("f" + subject.removeprefix(name))) if isinstance(node, ast.Name)
        ] == ["f", "x"]


def test_reading_the_catalogue_does_not_import_torch() -> None:
    program = "import sys, gradcli.language.catalogue.operations, gradcli.language.catalogue.signature"
    subprocess.run([sys.executable, "-c", f"{program}; sys.exit('torch' in sys.modules)"], check=True)


@pytest.mark.skipif(not torch.__version__.startswith(GENERATED_WITH), reason="rows are those of another PyTorch")
def test_the_rows_are_what_the_generator_writes() -> None:
    subprocess.run([sys.executable, "-W", "ignore", str(GENERATOR), "--check"], check=True)


def test_every_attribute_and_field_exists_in_pytorch() -> None:
    assert [name for name in ATTRIBUTES if not hasattr(torch.Tensor, name)] == []
    results = [result for result in vars(torch.return_types).values() if isinstance(result, type)]
    fields = {field for result in results for field in getattr(result, "__match_args__", ())}
    assert RESULT_FIELDS - fields == set()
    assert {"values", "indices", "U", "S", "Vh", "Q", "R", "eigenvalues", "logabsdet", "solution"} <= RESULT_FIELDS


# --- signatures against PyTorch's own --------------------------------------------------------------------------------

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


# --- elementwise, by experiment --------------------------------------------------------------------------------------


def reals(shape: tuple[int, ...], start: float = 0.2) -> torch.Tensor:
    """Different numbers between 0.2 and 0.8, in no order."""
    count = torch.Size(shape).numel()
    return (start + 0.6 * ((torch.arange(count, dtype=torch.float64) * 7 + 3) % count) / count).reshape(shape)


SHAPE = (3, 3)
INTEGERS = torch.tensor([[5, 3, 7], [6, 1, 2], [4, 9, 8]])
TRUTHS = torch.tensor([[True, False, True], [False, False, True], [True, True, False]])
COMPLEX = torch.complex(reals(SHAPE), reals(SHAPE, -0.3))
SIGNED = (4 * reals(SHAPE) - 2).roll(1, 0)
WILD = torch.tensor([[torch.nan, 1.0, torch.inf], [-torch.inf, 2.0, torch.nan], [torch.inf, -torch.inf, 3.0]])
DEGREES: dict[str, object] = {"x": reals(SHAPE), "n": INTEGERS - 1}
VALUES: dict[str, object] = {
    "number": 0.5,
    "int": 1,
    "ints": [1],
    "sizes": [1],
    "float": 0.5,
    "str": "mean",
    "bool": True,
    "tensors": [reals(SHAPE), reals(SHAPE)],
    "dim": 0,
    "dim0": 0,
    "axis0": 0,
    "n": 2,
    "source": 0,
}
"""A value for each required argument, by its name or else by its kind."""

INTEGRAL = {
    *("bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor"),
    *("gcd", "lcm"),
}
LOGICAL = {"condition", "mask"}

ARGUMENTS: dict[str, dict[str, object]] = {
    **{name: {"input": SIGNED} for name in ["ceil", "floor", "trunc", "sgn", "sign_", "signbit", "angle"]},
    **{name: {"input": 90 * reals(SHAPE) - 50} for name in ["bool", "byte", "char", "int", "long", "short"]},
    **{name: {"input": WILD} for name in ["isfinite", "isinf", "isnan", "isneginf", "isposinf"]},
    **{name: {"input": TRUTHS, "other": TRUTHS.T} for name in ["logical_and", "logical_or", "logical_xor"]},
    **{
        f"special.{kind}": DEGREES
        for kind in (
            *(f"{shift}chebyshev_polynomial_{letter}" for shift in ("", "shifted_") for letter in "tuvw"),
            *("hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p"),
        )
    },
    "acosh": {"input": 1 + reals(SHAPE)},
    "bool": {"input": 2 * (INTEGERS % 2)},
    "clamp": {"input": reals(SHAPE), "min": reals(SHAPE, 0), "max": reals(SHAPE, 0.4)},
    "div": {"input": reals(SHAPE), "other": reals(SHAPE)},
    "conj": {"input": COMPLEX},
    "dropout1d": {"input": reals((1, 9, 1))},
    "dropout2d": {"input": reals((1, 9, 1, 1))},
    "dropout3d": {"input": reals((1, 9, 1, 1, 1))},
    "feature_alpha_dropout": {"input": reals((1, 9, 1, 1, 1)), "training": True},
    "fill_": {"input": reals(SHAPE), "value": torch.tensor(0.5)},
    "float_power": {"input": reals(SHAPE), "exponent": reals(SHAPE)},
    "imag": {"input": COMPLEX},
    "heaviside_": {"input": SIGNED, "values": reals(SHAPE)},
    "isreal": {"input": COMPLEX.real + 1j * torch.eye(3)},
    "logical_not": {"input": TRUTHS},
    "logit": {"input": reals(SHAPE)},
    "masked_fill": {"input": reals(SHAPE), "mask": TRUTHS, "value": torch.tensor(9.0)},
    "mvlgamma": {"input": 2 + reals(SHAPE), "p": 2},
    "randint_like": {"input": reals(SHAPE), "high": 9},
    "random_": {"input": reals(SHAPE), "from": 1, "to": 9},
    "round": {"input": reals(SHAPE), "decimals": 1},
    "type": {"input": reals(SHAPE), "dtype": torch.float32},
    "special.zeta": {"input": 2 + reals(SHAPE), "other": 1 + reals(SHAPE)},
    "to": {"input": reals(SHAPE), "dtype": torch.float32},
}
"""Arguments for what cannot be called with numbers between 0.2 and 0.8."""

for _row in ELEMENTWISE:
    if _row.name.endswith("_") and _row.name[:-1] in ARGUMENTS:
        ARGUMENTS.setdefault(_row.name, ARGUMENTS[_row.name[:-1]])


ROWS_OF_INDICES = torch.tensor([0, 2])
PLACES = torch.tensor([[0, 2, 1], [1, 1, 0], [2, 0, 2]])
PLACED: dict[str, dict[str, object]] = {
    "addbmm": {"input": reals(SHAPE), "batch1": reals((2, 3, 3)), "batch2": reals((2, 3, 3), 0.1)},
    "addmv": {"input": reals((3,)), "mat": reals(SHAPE), "vec": reals((3,))},
    "addr": {"input": reals(SHAPE), "vec1": reals((3,)), "vec2": reals((3,))},
    "baddbmm": {name: reals((2, 3, 3)) for name in ("input", "batch1", "batch2")},
    "index_add": {"input": reals(SHAPE), "dim": 0, "index": ROWS_OF_INDICES, "source": reals((2, 3))},
    "index_copy": {"input": reals(SHAPE), "dim": 0, "index": ROWS_OF_INDICES, "source": reals((2, 3))},
    "index_fill": {"input": reals(SHAPE), "dim": 0, "index": ROWS_OF_INDICES, "value": torch.tensor(9.0)},
    "index_put": {"input": reals(SHAPE), "indices": [ROWS_OF_INDICES], "values": reals((2, 3))},
    "index_reduce": {
        "input": reals(SHAPE),
        "dim": 0,
        "index": ROWS_OF_INDICES,
        "source": reals((2, 3)),
        "reduce": "prod",
    },
    "put": {"input": reals(SHAPE), "index": ROWS_OF_INDICES, "source": reals((2,))},
    "scatter": {"input": reals(SHAPE), "dim": 0, "index": PLACES, "src": reals(SHAPE, 0.1)},
    "scatter_add": {"input": reals(SHAPE), "dim": 0, "index": PLACES, "src": reals(SHAPE, 0.1)},
    "scatter_reduce": {
        "input": reals(SHAPE),
        "dim": 0,
        "index": PLACES,
        "src": reals(SHAPE, 0.1),
        "reduce": "sum",
    },
}
"""Operations that also exist in place."""

ARGUMENTS |= {
    **{f"{name}{tail}": arguments for tail in ("", "_") for name, arguments in PLACED.items()},
    "batch_norm": {"input": reals(SHAPE), "running_mean": None, "running_var": None, "training": True},
    "avg_pool1d": {"input": reals((1, 3, 4)), "kernel_size": [3], "stride": [1], "padding": [1]},
    "binomial": {"count": torch.full(SHAPE, 20.0), "prob": 0.4 * TRUTHS},
    "group_norm": {"input": reals((1, 4, 2)), "num_groups": 2},
    "instance_norm": {"input": reals((1, 3, 3))},
    "isin": {"elements": INTEGERS, "test_elements": INTEGERS.T},
    "gather": {"input": reals(SHAPE), "dim": 0, "index": PLACES},
    "layer_norm": {"input": reals(SHAPE), "normalized_shape": [3]},
    "linalg.cholesky": {"input": reals(SHAPE) + 3 * torch.eye(3)},
    "local_response_norm": {"input": reals((1, 3, 3)), "size": 2},
    "max_pool1d": {"input": reals((1, 3, 4)), "kernel_size": 3, "stride": 1, "padding": 1},
    "permute": {"input": reals(SHAPE), "dims": [1, 0]},
    "rms_norm": {"input": reals(SHAPE), "normalized_shape": [3]},
    "slice_scatter": {"input": reals(SHAPE), "src": reals((2, 3)), "dim": 0, "start": 1},
    "take": {"input": reals(SHAPE), "index": PLACES},
    "tensor": {"obj": reals(SHAPE)},
    "take_along_dim": {"input": reals(SHAPE), "indices": PLACES, "dim": 0},
}


def arguments_for(row: Row) -> dict[str, object]:
    """Values for the required arguments of the first overload, tensors all of one shape."""
    if row.name in ARGUMENTS:
        return ARGUMENTS[row.name]
    integral = row.name in INTEGRAL or row.name.removesuffix("_") in INTEGRAL
    arguments: dict[str, object] = {}
    for parameter in signatures_of(row)[0].parameters:
        if parameter.kind == "tensor" and parameter.required:
            arguments[parameter.name] = TRUTHS if parameter.name in LOGICAL else INTEGERS if integral else reals(SHAPE)
        elif parameter.required:
            arguments[parameter.name] = VALUES.get(parameter.name, VALUES[parameter.kind])
    return arguments


def copied(arguments: dict[str, object]) -> dict[str, object]:
    return {name: value.clone() if isinstance(value, torch.Tensor) else value for name, value in arguments.items()}


def called(row: Row, arguments: dict[str, object]) -> list[torch.Tensor]:
    """The tensors that a call with these keywords answers; methods take their tensor by position, as people type it."""
    torch.manual_seed(0)
    given = copied(arguments)
    positional = [given.pop(next(iter(given)))] if row.torch.startswith("torch.Tensor.") else []
    places = [p.name for p in signatures_of(row)[0].positional]
    if "from" in given:  # a keyword of Python: nobody can name it
        positional += [given.pop(name) for name in places[1:] if name in given]
    answer = resolved(row.torch)(*positional, **given)
    answers = answer if isinstance(answer, tuple | list) else (answer,)
    return [value for value in answers if isinstance(value, torch.Tensor)]


def moved(tensor: torch.Tensor, index: int) -> torch.Tensor:
    """The tensor with another value in one place, within the same domain."""
    flat = tensor.clone().reshape(-1)
    if tensor.dtype is torch.bool:
        flat[index] = ~flat[index]
    elif not tensor.is_complex() and not (tensor >= 0).all():
        flat[index] = torch.inf if flat[index] == 1 else 1 if not flat[index].isfinite() else -flat[index] + 0.3
    elif tensor.is_complex():
        flat[index] = flat[index].real.clone() if flat[index].imag else flat[index] + 1j
    elif tensor.is_floating_point():
        flat[index] = 1 - flat[index] if 0 < flat[index] < 1 else flat[index] + 0.3
    else:
        flat[index] = (flat[index] + 1) % 3
    return flat.reshape(tensor.shape)


def touched(row: Row, arguments: dict[str, object]) -> Iterator[tuple[str, int, set[int]]]:
    """For each tensor argument and element: which elements of the answers change with it."""
    before = called(row, arguments)
    for name, value in arguments.items():
        if not isinstance(value, torch.Tensor) or value.ndim == 0:
            continue
        for index in range(value.numel()):
            after = called(row, {**arguments, name: moved(value, index)})
            pairs = itertools.chain.from_iterable(
                enumerate(zip(a.reshape(-1), b.reshape(-1), strict=True)) for a, b in zip(before, after, strict=True)
            )
            yield name, index, {place for place, (a, b) in pairs if not torch.equal(a.nan_to_num(), b.nan_to_num())}


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_an_element_of_a_elementwise_result_depends_on_its_own_place_alone(row: Row) -> None:
    arguments = arguments_for(row)
    count = max(value.numel() for value in arguments.values() if isinstance(value, torch.Tensor))
    answers = called(row, arguments)
    assert answers
    assert [answer.numel() for answer in answers] == [count] * len(answers)
    assert [place for place in touched(row, arguments) if place[2] - {place[1]}] == []


DRAWN = {"cauchy_", "exponential_", "geometric_", "log_normal_", "normal_", "random_", "uniform_"}
CONSTANT = {"fill_", "full_like", "ones_like", "rand_like", "randint_like", "randn_like", "zero_", "zeros_like"}


def test_the_experiment_moves_every_elementwise_result_but_those_that_ignore_their_tensor() -> None:
    still = {row.name for row in ELEMENTWISE if not any(place[2] for place in touched(row, arguments_for(row)))}
    assert still == DRAWN | CONSTANT


@pytest.mark.parametrize("name", ["cumsum", "flip", "msort", "matrix_exp", "logcumsumexp", "fliplr", "inverse"])
def test_the_experiment_would_notice_a_row_that_is_not_elementwise(name: str) -> None:
    arguments = {**arguments_for(NAMES[name])}
    assert [place for place in touched(NAMES[name], arguments) if place[2] - {place[1]}] != []


RELUCTANT = (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError)
"""What PyTorch raises where two 3 by 3 matrices are no sensible arguments."""

NOT_ELEMENTWISE_BECAUSE = {
    "tensor": "it makes a tensor of anything, numbers included",
    **dict.fromkeys(
        ["chunk", "expand_as", "lp_pool1d", "reshape_as", "squeeze", "squeeze_", "tile", "view_as"],
        "it keeps the shape only where there is nothing to do",
    ),
}


def mixing(row: Row) -> bool | None:
    """Whether some element reaches another place; None where the answers have another shape, or there are none."""
    arguments = arguments_for(row)
    shapes = {value.shape for value in arguments.values() if isinstance(value, torch.Tensor)}
    try:
        answers = called(row, arguments)
    except RELUCTANT:
        return None
    if shapes.isdisjoint(answer.shape for answer in answers):
        return None
    return any(place[2] - {place[1]} for place in touched(row, arguments))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_row_that_keeps_the_shape_and_is_not_elementwise_mixes_elements() -> None:
    seen = {row.name: mixing(row) for row in MIXING}
    assert {name for name, mixes in seen.items() if mixes is False} == set(NOT_ELEMENTWISE_BECAUSE)
    assert sum(mixes is True for mixes in seen.values()) > 100
