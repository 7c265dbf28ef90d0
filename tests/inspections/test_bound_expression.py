"""What a request becomes: the dtypes of its values, what is differentiated, what is read again, where it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from each import each
from test_fixes import bound

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection, bind
from gradcli.diagnose.targets import index_names, is_integer_literal
from gradcli.diagnose.values import bound_value, default_dtype, points_of, tensor_of
from gradcli.exceptions import GradcliError, UsageError
from gradcli.language.parser import parse
from gradcli.language.request import Binding, Value, read, read_value
from gradcli.numerics.capture import TorchError
from gradcli.numerics.evaluate import Context

WIDE, HALF = Context(torch.float64), Context(torch.float16)


def numbers(*given: Any, array: str | None = None, dtype: str | None = None) -> Value:
    """Numbers that were read from a file."""
    return Value("file", numbers=np.array(given, dtype=array), dtype=dtype)


# --- values -----------------------------------------------------------------------------------------------------------


@each("dtype", [torch.float64, torch.float16, torch.complex64, torch.int64])
def test_what_an_expression_creates_has_the_dtype_for_a_while_if_it_is_floating(dtype: torch.dtype) -> None:
    with default_dtype(dtype):
        assert torch.ones(1).dtype is (dtype if dtype.is_floating_point else torch.float32)
    assert torch.get_default_dtype() is torch.float32


@each(
    "value, context, dtype, expected",
    [
        (read_value("1, 2"), WIDE, None, torch.tensor([1.0, 2.0], dtype=torch.float64)),
        (read_value("1, 2"), WIDE, torch.int64, torch.tensor([1, 2])),
        (read_value("0.1"), HALF, torch.float64, torch.tensor(0.1, dtype=torch.float64)),
        (read_value("257"), HALF, torch.int64, torch.tensor(257)),  # which float16 has, and bfloat16 has not
        (read_value("0.1"), HALF, None, torch.tensor(0.1, dtype=torch.float16)),
        (read_value("h = 0.1; h*1"), WIDE, None, torch.tensor(0.1, dtype=torch.float64)),
        (read_value("ones(2)"), WIDE, None, torch.ones(2, dtype=torch.float64)),
        (read_value("1j"), WIDE, torch.complex128, torch.tensor(1j, dtype=torch.complex128)),
        (numbers(1, 2), WIDE, None, torch.tensor([1.0, 2.0], dtype=torch.float64)),
        (numbers(1, 2), WIDE, torch.int32, torch.tensor([1, 2])),
        (numbers(1.5, 2), WIDE, torch.int64, torch.tensor([1.5, 2.0], dtype=torch.float64)),  # nothing is cut off here
        (numbers(1, 2), WIDE, torch.float16, torch.tensor([1.0, 2.0], dtype=torch.float16)),
        (numbers(1, 2), WIDE, torch.complex64, torch.tensor([1.0, 2.0], dtype=torch.complex64)),
        (numbers(1, 2, array="float32", dtype="bfloat16"), WIDE, None, torch.tensor([1.0, 2.0], dtype=torch.bfloat16)),
        (numbers(0.1, array="float64", dtype="float64"), HALF, None, torch.tensor([0.1], dtype=torch.float64)),
        (numbers(0.1, array="float64", dtype="float16"), WIDE, torch.float64, torch.tensor([0.1]).half().double()),
        (numbers(True, False), WIDE, None, torch.tensor([True, False])),
        (numbers(True, False), WIDE, torch.float64, torch.tensor([1.0, 0.0], dtype=torch.float64)),
        (numbers(3, array="int32", dtype="int32"), WIDE, None, torch.tensor([3], dtype=torch.int32)),
    ],
)
def test_a_value_is_a_tensor_in_the_dtype_it_is_wanted_in(
    value: Value, context: Context, dtype: torch.dtype | None, expected: torch.Tensor
) -> None:
    found = tensor_of(value, context, dtype)
    assert found.dtype is expected.dtype
    assert torch.equal(found, expected)


@each("text", ["[1, 2][5]", "ones(2) @ ones(3)", "ones(10**12)"])
def test_an_error_names_the_value_that_it_stands_in(text: str) -> None:
    with pytest.raises((GradcliError, TorchError)) as raised:
        tensor_of(read_value(text), WIDE)
    assert text == (raised.value.text if isinstance(raised.value, TorchError) else raised.value.expression)


@each(
    "dtype, text, expected",
    [
        (None, "1", torch.tensor(1.0)),
        ("int64", "1", torch.tensor(1)),
        ("bool", "2", torch.tensor(True)),
        ("complex64", "2", torch.tensor(2 + 0j)),
        ("bfloat16", "0.1", torch.tensor(0.1).bfloat16()),
        ("float16", "0.1 * ones(1, dtype=torch.float64)", torch.tensor([0.1], dtype=torch.float64).half()),
        ("int8", "127", torch.tensor(127, dtype=torch.int8)),
        ("int8", "128", None),
        ("int64", "1.5", None),
    ],
)
def test_a_value_is_converted_to_the_dtype_of_its_name_where_it_fits(
    dtype: str | None, text: str, expected: torch.Tensor | None
) -> None:
    binding = Binding("n", read_value(text), dtype)
    if expected is None:
        with pytest.raises(UsageError, match="does not fit into it"):
            bound_value(binding, Context())
        return
    found = bound_value(binding, Context())
    assert found.dtype is expected.dtype
    assert torch.equal(found, expected)
    assert not found.requires_grad


@each(
    "texts, expected",
    [
        (["3"], torch.tensor([3.0])),
        (["1", "2"], torch.tensor([1.0, 2.0])),
        (["[[1, 2]]"], torch.tensor([[1.0, 2.0]])),
        (["[1, 2]", "3"], torch.tensor([1.0, 2.0, 3.0])),
        (["2j"], torch.tensor([2j])),
        (["ones(2) > 0"], torch.tensor([True, True])),
        (["tensor([1, 2])"], torch.tensor([1.0, 2.0])),  # a point is a number to differentiate by
        (["[[1, 2]]", "3"], None),
    ],
)
def test_points_are_one_tensor(texts: list[str], expected: torch.Tensor | None) -> None:
    points = [read_value(text) for text in texts]
    if expected is None:
        with pytest.raises(UsageError, match="cannot stand beside other points"):
            points_of(points, Context())
        return
    found = points_of(points, Context())
    assert found.dtype is expected.dtype
    assert torch.equal(found, expected)


def test_points_that_were_read_keep_their_dtype() -> None:
    assert points_of([numbers(0.1, array="float64", dtype="float64")], Context()).dtype is torch.float64


def test_numbers_that_were_read_are_not_copied_and_those_of_an_expression_are_its_own() -> None:
    given = numbers(1.0, 2.0, array="float32")
    assert given.numbers is not None
    assert points_of([given], Context()).data_ptr() == given.numbers.ctypes.data
    assert bound_value(Binding("x", given, None), Context()).data_ptr() == given.numbers.ctypes.data
    assert bound_value(Binding("x", read_value("ones(1).expand(3)"), None), Context()).stride() == (1,)


# --- class indices ----------------------------------------------------------------------------------------------------


@each(
    "value, integers",
    [
        (read_value("1"), True),
        (read_value("[1, 2]"), True),
        (read_value("1, 2"), True),
        (read_value("[1, 2.0]"), False),
        (read_value("[]"), False),
        (read_value("True"), False),
        (read_value("1 + 1"), False),
        (read_value("h = 1; 2"), False),
        (read_value(",".join(["7"] * 3000)), True),
        (read_value(",".join(["7"] * 3000 + ["0.5"])), False),
        (numbers(1, 2), True),
        (numbers(1, 2, array="uint8", dtype="uint8"), True),
        (numbers(1.0, 2.0), True),  # of a text, which has no dtype
        (numbers(1.0, 2.0, dtype="float64"), False),
        (numbers(1.5, 2.0), False),
        (numbers(*[1.0] * 1000, 1.5), False),
        (numbers(1 + 0j), False),
        (numbers(True), False),
        (Value("none"), False),
    ],
    ids=lambda case: case[0].text[:40],
)
def test_what_is_written_with_whole_numbers_only_is_an_integer_literal(value: Value, integers: bool) -> None:
    assert is_integer_literal(value) == integers


@each(
    "text, words, dtype",
    [
        ("nll_loss(s, t)", ["s=[[1, 2]]", "t=[1]"], torch.int64),
        ("nll_loss(s, target=t)", ["s=[[1, 2]]", "t=[1]"], torch.int64),
        ("cross_entropy(s, t)", ["s=[[1, 2]]", "t=[1]"], torch.int64),
        ("cross_entropy(s, t)", ["s=[[1, 2]]", "t=[[0, 1]]"], torch.float32),  # probabilities: one for each score
        ("cross_entropy(s, t)", ["s=[[1, 2]]", "t:float32=[1]"], torch.float32),
        ("cross_entropy(s, t)", ["s=[[1, 2]]", "t=[1.0]"], torch.float32),
        ("cross_entropy(2*s, target=t)", ["s=[[1, 2]]", "t=[[0, 1]]"], torch.float32),
        ("h = 2*s; cross_entropy(h, t)", ["s=[[1, 2]]", "t=[1]"], torch.int64),
        ("h = 2*s; cross_entropy(h, t)", ["s=[[1, 2]]", "t=[[0, 1]]"], torch.float32),
        ("cross_entropy(dropout(s), t)", ["s=[[1, 2]]", "t=[[0, 1]]"], torch.float32),
        ("cross_entropy(s @ s, t)", ["s=[[1, 2]]", "t=[[0, 1]]"], torch.int64),  # which cannot be computed
        ("mse_loss(s, t)", ["s=[[1, 2]]", "t=[[0, 1]]"], torch.float32),
        ("mse_loss(s, t)", ["s=[[1, 2]]", "t=1"], torch.float32),
        ("multilabel_margin_loss(s, t)", ["s=[[1, 2, 3]]", "t=[[2, 0, 1]]"], torch.int64),  # one for each score
        ("nll_loss(s, [1]) + t", ["s=[[1, 2]]", "t=1"], torch.float32),
        ("nll_loss(s, 1*t)", ["s=[[1, 2]]", "t=[1]"], torch.float32),
        ("sum(s)*t", ["s=[[1, 2]]", "t=1"], torch.float32),
    ],
)
def test_a_loss_reads_whole_numbers_as_class_indices_where_it_takes_such(
    text: str, words: list[str], dtype: torch.dtype
) -> None:
    assert bound(text, *words).leaves["t"].dtype is dtype


def test_a_class_index_is_not_rounded_on_its_way() -> None:
    asked = bound("nll_loss(s, t)", "s=zeros(1, 300)", "t=[257]", dtype="bfloat16")
    assert asked.leaves["t"].tolist() == [257]


def test_to_tell_class_indices_changes_no_input_and_draws_nothing() -> None:
    changed = bound("s.mul_(3); cross_entropy(s, t)", "s=[[1, 2]]", "t=[[0, 1]]")
    assert changed.leaves["s"].tolist() == [[1, 2]]
    drawn = bound("h = s*rand(1); cross_entropy(h, t)", "s=[[1, 2]]", "t=[1]").evaluate()
    first = torch.rand(1, generator=torch.Generator().manual_seed(0))
    scores = torch.tensor([[1.0, 2.0]])
    assert drawn.item() == torch.nn.functional.cross_entropy(scores * first, torch.tensor([1])).item()


def test_only_candidates_are_class_indices() -> None:
    program = parse("nll_loss(s, t) + nll_loss(s, u)", bound=["s", "t", "u"])
    values = {"s": torch.zeros(1, 2), "t": torch.zeros(1), "u": torch.zeros(1)}
    assert list(index_names(program, ["u"], values, Context())) == ["u"]


# --- what is differentiated -------------------------------------------------------------------------------------------


def asked(text: str, *words: str, by_default: tuple[str, ...] | None = None, **selected: Any) -> BoundExpression:
    return bind(read(text, list(words), command="grad"), ComputeOptions(), Selection(**selected), by_default=by_default)


@each(
    "selected, by_default, wrt, required",
    [
        ({}, None, "xw", "xwz"),
        ({"wrt": ("w",)}, None, "w", "w"),
        ({"frozen": ("x",)}, None, "wz", "wz"),
        ({"frozen": ("x", "w", "z")}, None, "xwz", ""),
        ({}, ("w", "n"), "w", "w"),
        ({"frozen": ("x",)}, ("x", "w"), "x", ""),  # its missing gradient is the question
        ({"frozen": ("z",)}, ("x", "w"), "xw", "xw"),
        ({"wrt": ("x", "w"), "frozen": ("w",)}, None, "xw", "x"),
        ({"wrt": ("x",)}, ("w",), "x", "x"),
    ],
)
def test_every_floating_input_is_differentiated_or_those_that_were_chosen(
    selected: dict[str, Any], by_default: tuple[str, ...] | None, wrt: str, required: str
) -> None:
    found = asked("x*w*n*z", "x=1", "w=2", "n:int64=3", "z:complex64=4", by_default=by_default, **selected)
    assert set(found.wrt) == set(wrt if selected or by_default else "xwz")
    assert {name for name, leaf in found.leaves.items() if leaf.requires_grad} == set(required)
    assert set(found.differentiated) == set(found.wrt)
    assert found.elements == 4
    assert found.elements_differentiated == len(found.wrt)


@each("frozen, required", [((), {"x", "w"}), (("x",), {"w"})])
def test_what_a_derivative_inside_is_taken_by_is_in_its_graph(frozen: tuple[str, ...], required: set[str]) -> None:
    found = asked("grad(x**2, x)*w", "x=1", "w=2", wrt=("w",), frozen=frozen)
    assert {name for name, leaf in found.leaves.items() if leaf.requires_grad} == required


def test_whole_numbers_are_not_differentiated_though_a_derivative_inside_is_taken_by_them() -> None:
    found = asked("grad(w**2, w)*n + grad(n*w, n)", "n:int64=1", "w=2")
    assert {name for name, leaf in found.leaves.items() if leaf.requires_grad} == {"w"}


@each(
    "selected, message, hint",
    [
        ({"wrt": ("q",)}, "--wrt names 'q', which is no input", "The inputs are"),
        ({"frozen": ("xs",)}, "--frozen names 'xs', which is no input", "Did you mean 'x'?"),
        ({"wrt": ("n",)}, "'n' is int64 and has no gradient", "Only floating inputs have one: n:float32=..."),
    ],
)
def test_a_choice_that_cannot_be_is_refused(selected: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        asked("x*n", "x=1", "n:int64=2", **selected)
    assert raised.value.message == message
    assert (raised.value.hint or "").startswith(hint)


def test_where_there_are_no_inputs_that_is_said() -> None:
    with pytest.raises(UsageError) as raised:
        asked("ones(2)", wrt=("x",))
    assert raised.value.hint == "There are no inputs."


# --- what else is known -----------------------------------------------------------------------------------------------


@each(
    "text, words, draws",
    [
        ("x*1", ["x=1"], False),
        ("x*rand(1)", ["x=1"], True),
        ("x*w", ["x=1", "w=rand(1)"], True),
        ("tanh", ["rand(1)"], True),
        ("tanh", ["1", "2"], False),
    ],
)
def test_it_is_known_whether_numbers_were_drawn(text: str, words: list[str], draws: bool) -> None:
    assert bound(text, *words).setting.draws == draws


def test_numbers_that_were_read_draw_nothing() -> None:
    request = read("x*1", ["x=1"], command="grad")
    (binding,) = request.bindings
    given = replace(request, bindings=(replace(binding, value=numbers(1.0)),))
    assert not bind(given, ComputeOptions(), Selection()).setting.draws


@each(
    "text, words, written",
    [
        ("x*1", ["x=1e39,1"], {"x": [1e39, 1]}),
        ("x*1", ["x=1e-50,1"], {"x": [1e-50, 1]}),
        ("x*1", ["x=0,inf"], {}),  # it was written so
        ("x*1", ["x=1,2"], {}),
        ("x*1", ["x=0,1"], {}),
        ("x*1", ["x:float64=1e-50"], {}),
        ("x*n", ["x=1", "n:int64=0"], {}),
        ("x*z", ["x=1", "z:complex64=1e-50"], {}),
        ("x*1", ["x=cat([zeros(1), ones(3)[ones(3)*1e-50 > 0]])"], {}),  # four numbers in float64
        ("x*1", ["x=1e39*rand(1)/rand(1)*1e30"], {}),  # other numbers each time
        ("tanh", ["1e39"], {"x": [1e39]}),
        ("tanh", ["1e39", "1"], {"x": [1e39, 1]}),
        ("tanh", ["[1e39, 1]", "2"], {"x": [1e39, 1, 2]}),
        ("x*w", ["x=1", "w=1e-50"], {"w": [1e-50]}),
    ],
)
def test_what_the_dtype_has_no_number_for_is_known_as_it_was_written(
    text: str, words: list[str], written: dict[str, list[float]]
) -> None:
    found = bound(text, *words).written
    assert {name: wide.reshape(-1).tolist() for name, wide in found.items()} == written
    assert all(wide.shape == bound(text, *words).leaves[name].shape for name, wide in found.items())


@each("text, words", [("tanh", {"x": ("1", "2")}), ("x*w", {"x": ("1",), "w": ("2",)})])
def test_the_words_of_each_input_are_known(text: str, words: dict[str, tuple[str, ...]]) -> None:
    given = ["1", "2"] if text == "tanh" else ["x=1", "w=2"]
    assert {name: tuple(value.text for value in values) for name, values in bound(text, *given).values.items()} == words


# --- running it -------------------------------------------------------------------------------------------------------


def test_it_is_evaluated_at_its_leaves_or_at_others() -> None:
    found = bound("x*w", "x=2", "w=3")
    assert found.evaluate().item() == 6
    assert found.evaluate({"x": torch.tensor(5.0)}).item() == 15


def test_what_a_program_changes_in_place_is_a_copy() -> None:
    found = asked("x.mul_(2); x", "x=1,2", frozen=("x",))
    assert [found.evaluate().tolist() for _ in range(2)] == [[2, 4], [2, 4]]
    assert found.leaves["x"].tolist() == [1, 2]


def test_a_plain_run_and_the_first_observed_one_are_held_to_the_bound() -> None:
    request = read("sum(x.repeat(200))", ["x=1"], command="grad")
    found = bind(request, ComputeOptions(max_elements=100), Selection())
    with pytest.raises(GradcliError, match="at most"):
        found.evaluate()
    with pytest.raises(GradcliError, match="at most"):
        found.evaluate(observe=lambda *_: None, first=True)


def test_the_same_numbers_are_drawn_each_time() -> None:
    found = bound("x*rand(3)", "x=1")
    assert torch.equal(found.evaluate(), found.evaluate())


def test_no_device_is_looked_for_where_the_cpu_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def present() -> list[str]:
        raise AssertionError("a device was looked for")

    monkeypatch.setattr("gradcli.numerics.device.present", present)
    assert bound("x*1", "x=1").context.device == "cpu"
    with pytest.raises(AssertionError, match="looked for"):
        bind(read("x*1", ["x=1"], command="grad"), ComputeOptions(device="cuda"), Selection())


def test_inputs_are_moved_about_on_the_cpu_but_for_random_programs() -> None:
    for text, moved in (("x*2", True), ("x*rand(1)", False)):
        here = bound(text, "x=1")
        assert here.for_moved_inputs() is here
        there = replace(here, context=replace(here.context, device="cuda"))
        assert (there.for_moved_inputs().context.device == "cpu") == moved
        assert there.for_moved_inputs().leaves["x"].requires_grad
        assert (there.for_moved_inputs() is there) == (not moved)
