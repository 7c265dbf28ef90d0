"""The tape: values and gradients of every sub-expression, mapped from PyTorch's nodes to the text."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch
from each import each

from gradcli.language.parser import parse
from gradcli.language.properties import changes_in_place
from gradcli.model.place import Place, Source
from gradcli.numerics.evaluate import evaluate
from gradcli.numerics.literals import Context
from gradcli.recording.from_expression import ExpressionRecorder
from gradcli.recording.operation import ITEM, LEAF, Operation
from gradcli.recording.paths import paths
from gradcli.recording.program.operations import UnseenLeaf
from gradcli.recording.recorder import Recorder, record_backward
from gradcli.recording.tape import Step, Tape


def taped(text: str, **leaves: torch.Tensor) -> Tape:
    program = parse(text, bound=list(leaves))
    recorder = ExpressionRecorder(program, changes_in_place(program))
    output = evaluate(program, leaves, Context(), recorder)
    wanted = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    return record_backward(recorder, output, wanted, torch.ones_like(output))


def x(*values: float) -> torch.Tensor:
    return torch.tensor(values if len(values) != 1 else values[0], dtype=torch.float32).requires_grad_()


def step(tape: Tape, text: str) -> Step:
    (only,) = [one for one in tape.steps if one.text == text]
    return only


def numbers(tensor: object) -> object:
    assert isinstance(tensor, torch.Tensor)
    return tensor.tolist()


def test_each_sub_expression_is_a_step_with_its_value_and_the_gradient_that_reached_it() -> None:
    tape = taped("2 * sqrt(x)", x=x(4, 16))
    assert [(one.text, one.name) for one in tape.steps] == [
        ("x", LEAF),
        ("sqrt(x)", "sqrt"),
        ("2 * sqrt(x)", "mul"),
    ]
    root = step(tape, "sqrt(x)")
    assert root.value is not None
    assert root.value.tolist() == [2, 4]
    arriving = tape.arriving(root)
    assert arriving is not None
    assert arriving.tolist() == [2, 2]
    assert root.graph_node == "SqrtBackward0"


def test_an_operation_in_place_keeps_what_it_was_given() -> None:
    squared = step(taped("y = t * 1; y.mul_(y); sum(y) + x", t=torch.tensor([2.0, 3.0]), x=x(1)), "y.mul_(y)")
    assert [numbers(one) for one in squared.arguments] == [[2, 3], [2, 3]]
    assert numbers(squared.value) == [4, 9]


def test_an_operation_in_place_on_a_number_has_no_step_before_it() -> None:
    rounded = step(taped("(2.5).round_() * x", x=x(1)), "(2.5).round_()")
    assert numbers(rounded.value) == 2
    assert rounded.operands == ()


@each(
    "text, arguments",
    [
        ("y = x * 1; r = y[0]; r.mul_(2); y.mul_(3)", [[[2, 4], [3, 4]], 3]),  # a part was changed before
        ("y = x * 1; r = y.T; r.mul_(2); y.mul_(3)", [[[2, 4], [6, 8]], 3]),
        ("y = x * 1; r = y[0]; y.mul_(3); r.mul_(2)", [[3, 6], 2]),  # or all of it
        ("y = x * 1; y *= 2; y.mul_(3)", [[[2, 4], [6, 8]], 3]),
        ("relu(inplace=True, input=x * -1)", [True, [[-1, -2], [-3, -4]]]),
        ("y = x * 1; y.T.t_()", [[[1, 3], [2, 4]]]),
        ("[1.0, 3.0].mul_(x[0])", [[1, 3], [1, 2]]),
    ],
)
def test_an_operation_in_place_keeps_what_stood_there_before_it(text: str, arguments: list[object]) -> None:
    last = taped(text, x=torch.tensor([[1.0, 2], [3, 4]], requires_grad=True)).steps[-1]
    assert [numbers(one) if isinstance(one, torch.Tensor) else one for one in last.arguments] == arguments


def test_a_name_that_is_read_again_is_no_new_step() -> None:
    tape = taped("y = x * x; y + y * x", x=x(3))
    assert [one.text for one in tape.steps] == ["x", "x * x", "y * x", "y + y * x"]
    assert [one.operands for one in tape.steps] == [(), (0, 0), (1, 0), (1, 2)]
    assert tape.result is tape.steps[-1]


def test_an_input_is_known_by_its_name_and_comes_from_nothing() -> None:
    tape = taped("x * y + 0 * w", x=x(3), y=x(5), w=torch.tensor(1.0))
    for name in ("x", "y", "w"):
        leaf = tape.leaf(name)
        assert leaf is step(tape, name)
        assert (leaf.operands, leaf.graph_node, leaf.elementwise, leaf.changes_memory) == ((), None, False, False)
    assert tape.leaf("z") is None


def test_a_node_belongs_to_the_step_that_made_it() -> None:
    tape = taped("2 * sqrt(x) - exp(x)", x=x(4))
    owners = {node.name(): owner.text for node in tape.passages if (owner := tape.owner_of(node)) is not None}
    assert owners == {
        "SqrtBackward0": "sqrt(x)",
        "MulBackward0": "2 * sqrt(x)",
        "ExpBackward0": "exp(x)",
        "SubBackward0": "2 * sqrt(x) - exp(x)",
    }


def test_a_step_is_called_by_what_is_written_or_by_its_variable_or_by_its_name() -> None:
    recorder, nowhere = Recorder(in_place=False), Place(Source(""), 0, 0)
    for operation, place, variable, text in (
        (UnseenLeaf(name=LEAF, title="weight"), Place(Source("f(x)"), 0, 4), "w", "weight"),
        (Operation(name="mul"), Place(Source("a*b"), 0, 3), None, "a*b"),
        (Operation(name=LEAF), nowhere, "w", "w"),
        (Operation(name="mul"), nowhere, None, "mul"),
    ):
        recorder.add(operation, place, torch.tensor(1.0), variable=variable)
        assert recorder.steps[-1].text == text


def test_a_gradient_of_an_embedding_is_told_with_all_of_its_elements() -> None:
    weight = torch.ones(3, 2, requires_grad=True)
    output = torch.nn.functional.embedding(torch.tensor([2, 0]), weight, sparse=True).sum()
    found = record_backward(Recorder(in_place=False), output, {"w": weight}, None).gradients["w"]
    assert found is not None
    assert found.layout is torch.strided
    assert found.tolist() == [[1, 1], [0, 0], [1, 1]]


def test_what_no_gradient_comes_to_has_no_node() -> None:
    tape = taped("x * (x > 0)", x=x(4, -1))
    assert step(tape, "x > 0").graph_node is None
    assert tape.arriving(step(tape, "x > 0")) is None


def test_a_size_is_no_step() -> None:
    tape = taped("sum(x) / x.shape[0]", x=x(4, 16))
    assert [one.text for one in tape.steps] == ["x", "sum(x)", "sum(x) / x.shape[0]"]


def test_an_operation_that_gives_its_input_back_is_reached_by_what_reaches_the_input() -> None:
    tape = taped("x.contiguous() * 3 + 2 * x.contiguous()", x=x(4))
    assert float(tape.arriving(tape.steps[1])) == 5  # type: ignore[arg-type]


def test_the_result_may_be_a_name() -> None:
    tape = taped("y = x * x; z = exp(x); y", x=x(3))
    assert tape.result is step(tape, "x * x")


def test_contributions_at_a_fan_in_add_up_to_the_gradient() -> None:
    tape = taped("x * x + 3 * x", x=x(2))
    (leaf,) = tape.leaves
    (edge,) = leaf.edges
    assert sorted(float(tensor) for _, tensor in tape.contributions[edge]) == [2, 2, 3]
    assert float(tape.gradients["x"]) == 7  # type: ignore[arg-type]


def test_contributions_are_gradients_on_their_way_to_a_node() -> None:
    tape = taped("sum(stack([x * 2, y, x * z]))", x=x(2), y=torch.tensor(1.0), z=x(3))
    sent = [(node, gradient) for (node, _), sources in tape.contributions.items() for _, gradient in sources]
    assert len(sent) == 6, "to stack, both products, twice to x, to z, but not to y"
    assert all(node is not None and gradient is not None for node, gradient in sent)


class First(torch.autograd.Function):
    """Sends its gradient to the first operand, and nothing to the second."""

    @staticmethod
    def forward(ctx: object, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return first + 0 * second

    @staticmethod
    def backward(ctx: object, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradients[0], None


def test_nothing_that_is_sent_is_no_contribution() -> None:
    leaf = x(3)
    tape = record_backward(Recorder(in_place=False), First.apply(leaf, 2 * leaf), {"x": leaf}, None)
    assert [float(gradient) for sent in tape.contributions.values() for _, gradient in sent] == [1]


def test_a_way_leads_through_nodes_that_no_step_made() -> None:
    recorder, leaf = Recorder(in_place=False), x(3)
    recorder.add(Operation(name=LEAF), Place(Source("x"), 0, 1), leaf, variable="x")
    (way,) = paths(record_backward(recorder, 2 * leaf, {"x": leaf}, None, retain_graph=True), "x")
    assert (way.steps, float(way.gradient)) == ((), 2)


def test_one_call_may_make_several_nodes_and_owns_them_all() -> None:
    tape = taped("kl_div(log(p), q, reduction='sum')", p=torch.tensor([0.5, 0.5]), q=x(0.5, 0.5))
    owners = {node.name(): owner.text for node in tape.passages if (owner := tape.owner_of(node)) is not None}
    assert "XlogyBackward0" in owners
    assert set(owners.values()) == {"kl_div(log(p), q, reduction='sum')"}


def test_several_results_are_one_step_and_items_of_it() -> None:
    tape = taped("sum(linalg.svd(x)[1])", x=torch.tensor([[1.0, 2.0], [3.0, 4.0]]).requires_grad_())
    call, item = step(tape, "linalg.svd(x)"), step(tape, "linalg.svd(x)[1]")
    assert (call.value, len(call.values), item.name) == (None, 3, ITEM)
    assert torch.equal(call.values[1], item.values[0])
    arriving = tape.arriving(call)
    assert arriving is not None
    assert arriving.tolist() == [1, 1]


def test_what_several_results_go_into_is_no_item_of_them() -> None:
    tape = taped("sum(stack(unbind(x)))", x=x(1, 2))
    assert [one.name for one in tape.steps] == [LEAF, "unbind", "stack", "sum"]


def test_a_value_is_kept_as_it_was_before_it_was_changed_in_place() -> None:
    tape = taped("y = x * 1; y += 1; z = y[0]; z.mul_(2); sum(y)", x=x(1, 2))
    values = {one.text: one.values[0].tolist() for one in tape.steps}
    assert values["x * 1"] == [1, 2]
    assert values["y += 1"] == [2, 3]
    assert values["z.mul_(2)"] == 4
    (total,) = (one for one in tape.steps if one.text == "sum(y)")
    assert [one.text for one in tape.inputs(total)] == ["z.mul_(2)"], "the view changed the memory of y"


def test_a_list_is_kept_as_it_was_before_its_tensors_were_changed_in_place() -> None:
    tape = taped("y = x * 1; s = stack([y, y]); y += 1; sum(s)", x=x(1, 2))
    (given,) = step(tape, "stack([y, y])").arguments
    assert isinstance(given, list)
    assert [one.tolist() for one in given] == [[1, 2], [1, 2]]


def test_what_is_read_of_a_list_is_what_changed_its_tensors_last() -> None:
    tape = taped("y = x * 1; v = y[:]; l = [v, 2 * x]; y += 1; sum(stack(l))", x=x(1, 2))
    assert [one.text for one in tape.inputs(step(tape, "stack(l)"))] == ["y += 1", "2 * x"]


@each(
    "text, expected",
    [
        ("y = x * 1; y += 1; y", "y += 1"),
        ("y = x * 1; y[0] = 1; y", "y[0] = 1"),
        ("y = x * 1; y.mul_(2)", "y.mul_(2)"),
        ("y = x * 1; relu(y, inplace=True)", "relu(y, inplace=True)"),
        ("y = x * 1; relu(y, True)", "relu(y, True)"),
        ("y = x * 1; relu(y, inplace=False)", None),
        ("y = x * 1; relu(y)", None),
    ],
)
def test_a_step_that_changes_memory_is_told_apart(text: str, expected: str | None) -> None:
    changing = [one.text for one in taped(text, x=x(1, 2)).steps if one.changes_memory]
    assert changing == ([] if expected is None else [expected])


def test_a_view_that_changes_nothing_stands_between_no_steps() -> None:
    tape = taped("y = x * 1; v = y[:]; w = y * 2; v += 1; sum(w) + sum(v)", x=x(1, 2))
    assert [one.text for one in tape.inputs(step(tape, "y * 2"))] == ["x * 1"]


def test_an_assigned_element_depends_on_what_it_changed() -> None:
    tape = taped("y = x * 1; y[0] = 5; sum(y)", x=x(1, 2))
    assert [one.text for one in tape.inputs(step(tape, "y[0] = 5"))] == ["x * 1"]


def test_an_input_may_be_the_output() -> None:
    tape = taped("x", x=x(1, 2))
    (leaf,) = tape.leaves
    assert tape.result is leaf
    arriving = tape.arriving(leaf)
    assert arriving is not None
    assert arriving.tolist() == [1, 1]


def test_a_list_of_tensors_is_no_step() -> None:
    tape = taped("y = [x, 2 * x]; sum(stack(y))", x=x(1, 2))
    assert [one.text for one in tape.steps] == ["x", "2 * x", "stack(y)", "sum(stack(y))"]
    assert [one.text for one in tape.inputs(step(tape, "stack(y)"))] == ["x", "2 * x"]


@pytest.mark.parametrize(
    ("text", "leaf"),
    [
        ("sum(x)", torch.zeros(0)),
        ("abs(x)", torch.tensor(1 + 2j)),
        ("sum(x[x > 0])", torch.tensor([1.0, -1.0])),
        ("max(x, dim=0)[0]", torch.tensor([[1.0, 2.0]])),
        ("sum(stack(unbind(x)))", torch.tensor([[1.0], [2.0]])),
        ("x * 2", torch.tensor(1.0, dtype=torch.bfloat16)),
        ("sum(x, dim=0)", torch.ones(2, 3, dtype=torch.float16)),
    ],
)
def test_shapes_and_dtypes_of_all_kinds_are_taped(text: str, leaf: torch.Tensor) -> None:
    tape = taped(text, x=leaf.requires_grad_())
    gradient = tape.gradients["x"]
    assert gradient is not None
    assert gradient.shape == leaf.shape
    assert tape.result is not None


def test_a_chain_of_a_thousand_statements_is_taped() -> None:
    tape = taped("h = x; " + "h = h * 1; " * 850 + "sum(h)", x=x(1, 2))
    assert len(tape.steps) == 852
    assert len(tape.passages) == 851


def test_a_graph_of_twenty_thousand_nodes_is_walked_without_recursion() -> None:
    program = parse("sum(x)", bound=["x"])
    leaf = x(1, 2)
    output = leaf
    for _ in range(20_000):
        output = output * 1
    tape = record_backward(ExpressionRecorder(program, in_place=False), output.sum(), {"x": leaf}, torch.tensor(1.0))
    assert len(tape.passages) == 20_001
    assert tape.gradients["x"] is not None
    assert tape.gradients["x"].tolist() == [1, 1]


def test_a_tape_is_freed_with_its_graph() -> None:
    tape = taped("sum(exp(x))", x=x(1, 2))
    held_by_a_hook = weakref.ref(next(iter(tape.passages.values())).outgoing[0])  # type: ignore[arg-type]
    del tape
    gc.collect()
    assert held_by_a_hook() is None


def test_the_leaves_nodes_keep_no_hooks() -> None:
    leaf = x(1, 2)
    first = taped("sum(x * x)", x=leaf)
    again = taped("sum(x * x)", x=leaf)
    assert len(first.passages) == len(again.passages) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + 1", False),
        ("y = x + 1; y", False),
        ("y = x + 1; y += 1; y", True),
        ("y = x + 1; y[0] = 1; y", True),
        ("x.add_(1)", True),
        ("relu(x, inplace=True)", True),
        ("relu(x)", False),
    ],
)
def test_programs_that_change_tensors_in_place_are_told_apart(text: str, expected: bool) -> None:
    assert changes_in_place(parse(text, bound=["x"])) is expected


def twins(text: str, **leaves: torch.Tensor) -> list[tuple[str, str]]:
    """The texts of the steps that compute what an earlier one has computed, each beside that one's."""
    tape = taped(text, **leaves)
    pairs = ((one, tape.steps[first]) for one, first in zip(tape.steps, tape.twins, strict=True))
    return [(one.text, first.text) for one, first in pairs if one is not first]


def test_the_same_operation_on_the_same_values_is_a_twin_however_it_is_written() -> None:
    assert twins("log(x) + log( x )", x=x(2)) == [("log( x )", "log(x)")]
    assert twins("x.sum(0) + sum(exp(x), 0) - sum(exp(x), 0)", x=x(1, 2)) == [
        ("exp(x)", "exp(x)"),
        ("sum(exp(x), 0)", "sum(exp(x), 0)"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "h = x - 3; y = log(h); h = x - 5; y + log(h)",  # the same words over other values
        "sum(x, 0) + sum(x, dim=0, keepdim=True)",
        "x.clamp(0.5) + x.clamp(0.25)",
        "x * (rand_like(x) + rand_like(x))",
        "y = x * 1; a = y.exp(); y += 1; a + y.exp()",
        "b = x.detach() + 0.5; x * bucketize(x, b, out_int32=True) + x * bucketize(x, b, right=True)",
        "y = x[None]; max_pool1d(y, 2, return_indices=True)[0] + max_pool1d(y, 2, ceil_mode=True)",
    ],
)
def test_what_computes_something_else_is_no_twin(text: str) -> None:
    assert twins(text, x=x(1, 2)) == []


def test_an_argument_is_known_by_the_step_that_made_it_and_not_by_its_numbers() -> None:
    tape = taped("y = x + 0; dist(x, y)", x=x(1, 2))
    distance = tape.steps[-1]
    assert [tape.argument(distance, position) for position in (0, 1)] == [step(tape, "x"), step(tape, "x + 0")]
