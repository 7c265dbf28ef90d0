"""Signatures: parsed, checked against a call, bound to values. No PyTorch here: a stand-in plays the tensor."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from each import each
from hypothesis import given
from hypothesis import strategies as st
from texts import texts

from gradcli.exceptions import ArgumentError
from gradcli.language.catalogue.binding import Bound, bind, check_call
from gradcli.language.catalogue.rows import OperationRow
from gradcli.language.catalogue.signature import parse_signature, signatures_of


@dataclass(frozen=True)
class Stand:
    """Plays a tensor."""

    name: str


X, Y = Stand("x"), Stand("y")

ROWS = {
    "exp": ("(input)",),
    "softmax": ("(input, dim: int, dtype: dtype? = None)",),
    "sum": ("(input, *, dtype: dtype? = None)", "(input, dim: ints?, keepdim: bool = False, *, dtype: dtype? = None)"),
    "max": ("(input)", "(input, other)", "(input, dim: int, keepdim: bool = False)"),
    "add": ("(input, other, *, alpha: number = 1)", "(input, other: number, *, alpha: number = 1)"),
    "clamp": ("(input, min: number? = None, max: number? = None)", "(input, min: tensor? = None, max: tensor? = None)"),
    "view": ("(input, size: ints)",),
    "ones": ("(size: ints, *, dtype: dtype? = None)",),
    "cat": ("(tensors: tensors, dim: int = 0)",),
    "einsum": ("(equation: str, *operands)",),
    "meshgrid": ("(*tensors, indexing: str? = None)",),
    "tensordot": ("(a, b, dims: any = 2)",),
    "interpolate": ("(input, size: ints? = None, scale_factor: floats? = None)",),
    "fftfreq": ("(n: int, d: float = 1.0)",),
    "rot90": ("(input, k: int = 1, dims: ints = [0, 1])",),
}


def row(name: str) -> OperationRow:
    return OperationRow(name=name, torch=f"torch.{name}", category="any", signatures=ROWS[name])


def bound(name: str, *positional: object, **keywords: object) -> Bound:
    return bind(row(name), positional, keywords, name=name, is_tensor=lambda value: isinstance(value, Stand))


def refusal(name: str, *positional: object, **keywords: object) -> ArgumentError:
    with pytest.raises(ArgumentError) as caught:
        bound(name, *positional, **keywords)
    return caught.value


def values(name: str, *positional: object, **keywords: object) -> tuple[list[object], dict[str, object]]:
    answer = bound(name, *positional, **keywords)
    return [(p.name, value) for p, value in answer.positional], {key: value for key, _, value in answer.keywords}


def test_a_signature_keeps_names_kinds_defaults_and_the_star() -> None:
    dim, keepdim, dtype = parse_signature(ROWS["sum"][1]).parameters[1:]
    assert (dim.name, dim.kind, dim.optional, dim.default, dim.keyword_only) == ("dim", "ints", True, None, False)
    assert (keepdim.kind, keepdim.optional, keepdim.default) == ("bool", False, "False")
    assert (dtype.kind, dtype.optional, dtype.default, dtype.keyword_only) == ("dtype", True, "None", True)


def test_a_parameter_without_a_kind_is_a_tensor_that_must_be_given() -> None:
    (parameter,) = parse_signature("(input)").parameters
    assert (parameter.kind, parameter.optional, parameter.default, parameter.variadic) == ("tensor", False, None, False)


def test_commas_inside_a_default_do_not_split_it() -> None:
    assert [p.default for p in parse_signature(ROWS["rot90"][0]).parameters] == [None, "1", "[0, 1]"]


def test_what_stands_behind_varargs_is_keyword_only() -> None:
    tensors, indexing = parse_signature(ROWS["meshgrid"][0]).parameters
    assert tensors.variadic
    assert not tensors.keyword_only
    assert indexing.keyword_only


def test_signatures_are_parsed_once() -> None:
    assert signatures_of(row("max"))[0] is parse_signature("(input)")


@pytest.mark.parametrize("text", ["(input, dim: integer)", "(input, 3)", "(input, : int)"])
def test_a_kind_or_name_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a parameter"):
        parse_signature(text)


@pytest.mark.parametrize(
    ("name", "positional", "keywords"),
    [
        ("exp", 1, ()),
        ("exp", 0, ("input",)),
        ("softmax", 2, ()),
        ("softmax", 1, ("dim",)),
        ("softmax", 1, ("axis",)),
        ("sum", 1, ("dtype",)),
        ("sum", 3, ()),
        ("view", 4, ()),
        ("ones", 3, ("dtype",)),
        ("einsum", 5, ()),
        ("meshgrid", 2, ("indexing",)),
    ],
)
def test_a_call_that_some_overload_takes_is_let_through(name: str, positional: int, keywords: tuple[str, ...]) -> None:
    check_call(row(name), positional, keywords, name=name)


@each(
    "name, positional, keywords, message",
    [
        ("exp", 2, (), "exp() takes 1 argument, 2 were given"),
        ("exp", 0, (), "exp() needs 'input'"),
        ("exp", 1, ("input",), "exp() was given 'input' twice"),
        ("softmax", 1, ("dmi",), "softmax() has no argument 'dmi'"),
        ("softmax", 1, (), "softmax() needs 'dim'"),
        ("softmax", 0, (), "softmax() needs 'input' and 'dim'"),
        ("softmax", 4, (), "softmax() takes 3 arguments, 4 were given"),
        ("softmax", 1, ("dim", "axis"), "softmax() was given 'dim' twice"),
        ("sum", 4, (), "sum() takes 3 arguments by position, 4 were given"),
        ("sum", 1, ("keepdim",), "sum() needs 'dim'"),
        ("ones", 2, ("size",), "ones() was given 'size' twice"),
        ("ones", 1, ("out",), "ones() has no argument 'out'"),
        ("meshgrid", 0, ("tensors",), "meshgrid() has no argument 'tensors' beside the others"),
        ("max", 2, ("other",), "max() was given 'other' twice"),
    ],
)
def test_a_call_that_no_overload_takes_is_refused_in_words(
    name: str, positional: int, keywords: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        check_call(row(name), positional, keywords, name=name)
    assert caught.value.message == message


def test_a_misspelt_argument_gets_the_nearest_name() -> None:
    assert refusal("softmax", X, dmi=0).hint == "Did you mean 'dim'?"


def test_an_argument_like_no_other_gets_the_signature() -> None:
    assert refusal("softmax", X, qqqq=0).hint == "Usage: softmax(input, dim, dtype=None)"


def test_the_usage_shows_each_overload_with_its_star() -> None:
    hint = refusal("sum").hint
    assert hint == "Usage: sum(input, *, dtype=None) or sum(input, dim, keepdim=False, *, dtype=None)"


@each(
    "call, positional, keywords",
    [
        (("sum", X), [("input", X)], {}),
        (("sum", X, 0), [("input", X), ("dim", 0)], {}),
        (("sum", X, (0, 1), True), [("input", X), ("dim", (0, 1)), ("keepdim", True)], {}),
        (("max", X, 0), [("input", X), ("dim", 0)], {}),
        (("max", X, Y), [("input", X), ("other", Y)], {}),
        (("max", X, 0.5), [("input", X), ("other", 0.5)], {}),
        (("add", X, 2), [("input", X), ("other", 2)], {}),
        (("add", 2, X), [("input", 2), ("other", X)], {}),
        (("add", [[1, 2], [3, Y]], True), [("input", [[1, 2], [3, Y]]), ("other", True)], {}),
        (("clamp", X, None, 1.5), [("input", X), ("min", None), ("max", 1.5)], {}),
        (("clamp", X, Y, 1), [("input", X), ("min", Y), ("max", 1)], {}),
        (("view", X, 2, -1), [("input", X), ("size", [2, -1])], {}),
        (("view", X, 6), [("input", X), ("size", [6])], {}),
        (("view", X, (2, 3)), [("input", X), ("size", (2, 3))], {}),
        (("ones", 2, 3), [("size", [2, 3])], {}),
        (("cat", [X, [1, 2]], 1), [("tensors", [X, [1, 2]]), ("dim", 1)], {}),
        (("einsum", "i,i->", X, Y), [("equation", "i,i->"), ("operands", X), ("operands", Y)], {}),
        (("einsum", "i,i->", [X, Y]), [("equation", "i,i->"), ("operands", X), ("operands", Y)], {}),
        (("einsum", "i->", [1, 2]), [("equation", "i->"), ("operands", [1, 2])], {}),
        (("meshgrid", X, Y), [("tensors", X), ("tensors", Y)], {}),
        (("tensordot", X, Y, ([0], [1])), [("a", X), ("b", Y), ("dims", ([0], [1]))], {}),
        (("fftfreq", 4, 1), [("n", 4), ("d", 1)], {}),
        (("interpolate", X, None, [2, 0.5]), [("input", X), ("size", None), ("scale_factor", [2, 0.5])], {}),
    ],
)
def test_values_go_to_the_parameters_they_are_meant_for(
    call: tuple[str, object], positional: list[object], keywords: dict[str, object]
) -> None:
    assert values(*call) == (positional, keywords)


def test_keywords_stay_keywords_and_positional_values_stay_positional() -> None:
    assert values("max", X, dim=0) == ([("input", X)], {"dim": 0})
    assert values("max", dim=0, input=X) == ([], {"dim": 0, "input": X})


def test_numpys_name_for_an_argument_becomes_pytorchs() -> None:
    assert values("sum", X, axis=0, keepdims=True) == ([("input", X)], {"dim": 0, "keepdim": True})


def test_an_exact_overload_is_preferred_to_one_that_converts() -> None:
    (_, other) = bound("add", X, 2).positional
    assert other[0].kind == "number"
    (_, other) = bound("add", X, Y).positional
    assert other[0].kind == "tensor"
    (_, other) = bound("add", X, [1, 2]).positional
    assert other[0].kind == "tensor"


@each(
    "call, message",
    [
        (("softmax", X, 0.5), "dim of softmax() must be an integer, not 0.5"),
        (("softmax", X, True), "dim of softmax() must be an integer, not True"),
        (("softmax", X, Y), "dim of softmax() must be an integer, not a tensor"),
        (("softmax", X, None), "dim of softmax() must be an integer, not None"),
        (("softmax", X, [0]), "dim of softmax() must be an integer, not [0]"),
        (("softmax", X, 0, "float64"), "dtype of softmax() must be a dtype or None, not 'float64'"),
        (("sum", X, 0, 1), "keepdim of sum() must be True or False, not 1"),
        (("exp", "x"), "input of exp() must be a tensor, not 'x'"),
        (("exp", None), "input of exp() must be a tensor, not None"),
        (("exp", [1, "x"]), "input of exp() must be a tensor, not [1, 'x']"),
        (("exp", [X, "x"]), "input of exp() must be a tensor, not this list"),
        (("view", X, 2, 0.5), "size of view() must be an integer or a list of integers, not [2, 0.5]"),
        (("view", X, [2], 3), "size of view() must be an integer or a list of integers, not this list"),
        (("cat", X), "tensors of cat() must be a list of tensors, not a tensor"),
        (("einsum", X, Y), "equation of einsum() must be a text, not a tensor"),
        (("add", X, "2"), "other of add() must be a tensor, not '2'"),
        (("softmax", X, [10**5000]), "dim of softmax() must be an integer, not [this large integer]"),
        (("fftfreq", 2, "9" * 50), f"d of fftfreq() must be a number, not '{'9' * 35} ..."),
    ],
)
def test_a_value_that_fits_no_overload_is_named_with_what_was_wanted(call: tuple[str, object], message: str) -> None:
    assert refusal(*call).message == message


def test_a_torch_dtype_is_a_dtype_and_a_type_of_another_name_is_not() -> None:
    given = type("dtype", (), {})()
    assert values("softmax", X, 0, given)[0][-1] == ("dtype", given)
    assert refusal("softmax", X, 0, float).message == "dtype of softmax() must be a dtype or None, not a type"


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | texts() | st.just(X)
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner), max_leaves=8)
names = st.sampled_from(
    sorted({p.name for texts in ROWS.values() for t in texts for p in parse_signature(t).parameters})
)


@given(
    name=st.sampled_from(sorted(ROWS)),
    positional=st.lists(anything, max_size=5),
    keywords=st.dictionaries(names | texts(max_size=4), anything, max_size=3),
)
def test_binding_answers_or_raises_an_argument_error_and_loses_no_value(
    name: str, positional: list[object], keywords: dict[str, object]
) -> None:
    message = None
    try:
        answer = bind(row(name), positional, keywords, name=name, is_tensor=lambda value: isinstance(value, Stand))
    except ArgumentError as error:
        message = error.message
    if message is None:
        assert len(answer.keywords) == len(keywords)
        assert bool(answer.positional) == bool(positional)
    else:
        assert f"{name}()" in message
        assert len(message) < 400
