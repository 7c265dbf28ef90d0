"""Which entry of the catalogue an exception is: by known wordings, by likeness, and in the answers of the commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import captured, failed
from each import each

from gradcli.diagnose.explain import match_error
from gradcli.diagnose.explain.failure import explain
from gradcli.diagnose.explain.match_error import matching_entry
from gradcli.language.catalogue.errors import AutogradError, all_errors
from gradcli.numerics.capture import TorchError
from gradcli.numerics.programs import run

ROWS = [row for row in all_errors() if not row.needs]
CASES = json.loads((Path(__file__).parents[1] / "data" / "gradient_cases.json").read_text())
RAISING = [case for case in CASES if case["kind"] == "autograd_error"]

SIBLINGS = {
    "argmax-output": "no-grad-fn",  # PyTorch sees only that the output has no graph
    "comparison-output": "no-grad-fn",
    "detached-output": "no-grad-fn",
    "gradient-without-graph": "no-grad-fn",
    "no-grad-leak": "no-grad-fn",
    "checkpoint-without-grad": "no-grad-fn",  # what tells it apart is the warning before
    "freed-saved-tensor": "second-backward",  # the message names both itself
    "shared-trunk": "second-backward",
    "optimizer-step-between": "in-place-saved-tensor",  # an optimizer's step is a change in place
}
"""Errors that PyTorch words as another one, with the entry that owns the wording."""

ALIKE = {
    "grad-of-non-leaf": "grad-is-none",  # Python's own words about None; the types are masked
    "optimizer-step-between": "optimizer-step-between",  # it leaves out which operation saved the tensor
}
"""What likeness cannot, or can better, tell apart."""

PYTHONS_OWN = "item-output"
"""`'float' object has no attribute 'backward'`: without its names it is the message of any wrong attribute."""


def named(row: AutogradError) -> str:
    return row.id


def error_of(row: AutogradError) -> Exception:
    error = run(row.program).error
    assert error is not None
    return error


@pytest.fixture
def without_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PyTorch that words everything differently from what is written in the catalogue."""
    monkeypatch.setattr(match_error, "known_entry", lambda message: None)


@each("row", ROWS, ids=named)
def test_a_known_wording_is_recognised(row: AutogradError) -> None:
    found = matching_entry(error_of(row))
    assert found is not None
    assert found.id == SIBLINGS.get(row.id, row.id)


def test_an_entry_has_signs_unless_a_sibling_owns_its_wording() -> None:
    assert {row.id for row in ROWS if not row.patterns} <= set(SIBLINGS)
    assert {row.id for row in ROWS if row.words_of} == set(SIBLINGS)


@pytest.mark.parametrize("row", ROWS, ids=named)
@pytest.mark.usefixtures("without_signs")
def test_an_unknown_wording_is_recognised_by_what_the_programs_raise(row: AutogradError) -> None:
    found = matching_entry(error_of(row), anywhere=True)
    if row.id == PYTHONS_OWN:
        assert found is None
        return
    assert found is not None
    assert found.id == ALIKE.get(row.id, SIBLINGS.get(row.id, row.id))


@pytest.mark.parametrize("row", [row for row in ROWS if row.hint and row.patterns and row.id not in ALIKE], ids=named)
@pytest.mark.usefixtures("without_signs")
def test_the_commands_look_among_the_entries_that_they_can_end_up_at(row: AutogradError) -> None:
    assert matching_entry(error_of(row)) is row


@each("row", ROWS, ids=named)
@pytest.mark.usefixtures("without_signs")
def test_the_commands_end_up_at_no_entry_without_a_hint_and_a_wording(row: AutogradError) -> None:
    found = matching_entry(error_of(row))
    assert found is None or (found.hint and found.patterns)


def test_no_program_is_run_that_this_machine_may_not_survive(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program raises nothing for is like no message."""
    ran: list[str] = []
    monkeypatch.setattr(match_error, "run", lambda program: ran.append(program) or run("1"))
    for type_ in {row.type for row in all_errors()}:
        assert {message for _, message in match_error._messages.__wrapped__(type_, anywhere=True)} <= {""}
    assert {row.program for row in ROWS if row.id != PYTHONS_OWN} == set(ran)


@pytest.mark.usefixtures("without_signs")
def test_other_names_numbers_and_shapes_make_no_difference_and_another_class_does() -> None:
    message = "mat1 and mat2 shapes cannot be multiplied (17x4 and 5x9)"
    found = matching_entry(RuntimeError(message))
    assert found is not None
    assert found.id == "matmul-shapes"
    assert matching_entry(ValueError(message)) is None


@each(
    "message",
    [
        "stack expects each tensor to be equal size, but got [2] at entry 0 and [3] at entry 1",
        "Given groups=1, weight of size [1, 1, 3], expected input[1, 2, 5] to have 1 channels, but got 2 channels",
        "Dimension out of range (expected to be in range of [-1, 0], but got 3)",
        "The moon is made of green cheese.",
        "",
    ],
)
@each("error", [RuntimeError, ValueError, TypeError, KeyError])
def test_an_error_that_is_not_in_the_catalogue_is_none_of_it(message: str, error: type[Exception]) -> None:
    assert matching_entry(error(message), anywhere=True) is None


# --- in the answers ---------------------------------------------------------------------------------------------------

EXPECTED = {
    "examples-779": "in-place-leaf",
    "pytorch-45805": "singular-matrix",
    "nn-zero-to-hero-31": "second-backward",
    "pytorch-36608": "in-place-multi-view",
    "pytorch-1339": "argmax-output",
    "jax-faq-sort": "comparison-output",
    "pytorch-135097": "qr-mode-r",
}
NOT_RAISED = {
    "pytorch-73697": "the commands allow unused inputs, and report them as disconnected",
}


def words(case: dict[str, Any]) -> list[str]:
    return [case["expr"], *(f"{name}:{given['dtype']}={given['value']}" for name, given in case["inputs"].items())]


def test_the_table_of_real_cases_is_complete() -> None:
    assert {case["id"] for case in RAISING} == set(EXPECTED) | set(NOT_RAISED)


@pytest.mark.parametrize("case", [case for case in RAISING if case["id"] in EXPECTED], ids=lambda case: case["id"])
def test_a_real_case_comes_out_as_measured_with_its_entry_and_a_hint(case: dict[str, Any]) -> None:
    if case["procedure"] == "twice":
        _, out, _ = captured(["retain-demo", *words(case), "--json"])
        error = json.loads(out)["error"]
    else:
        error = failed(["grad", *words(case)], 1)
    assert f"{error['type']}: {error['message']}" == case["observed"]["error"]
    assert error["id"] == EXPECTED[case["id"]]
    assert error["hint"]


HINTS = [
    (["y = exp(a); y += 2 * b + 1; sum(y)", "a=1", "b=2"], "write 'y = exp(a); y = y + (2 * b + 1); sum(y)'"),
    (["y = exp(a); y *= b; sum(y)", "a=1", "b=2"], "write 'y = exp(a); y = y*b; sum(y)'"),
    (["exp(q).add_(1)", "q=1,2"], "write 'exp(q).add(1)'."),
    (["y = sigmoid(q); y.mul_(tanh(q)); y", "q=1,2"], "write 'y = sigmoid(q); y = y*tanh(q); y'"),
    (["y = exp(q); y[0] = 1; y", "q=1,2"], "write 'y = exp(q); y = y.clone(); y[0] = 1; y'"),
    (["y = exp(q); y[0] *= 3; y", "q=1,2"], "write 'y = exp(q); y = y.clone(); y[0] *= 3; y'"),
    (["w += 1; w", "w=1"], "write 'w = w + 1; w'."),
    (["w[0] = 5; w", "w=1,2"], "write 'w = w.clone(); w[0] = 5; w'."),
    (["q**2", "q=1,2", "--vjp", "1,2,3"], "which is [2]: --vjp 1,1."),
    (["q**2", "q=ones(2, 3)", "--vjp", "none"], "--vjp 'ones(2, 3)'"),
    (["heaviside(q - 1, 0.5)", "q=1"], "no derivative of 'heaviside(q - 1, 0.5)'"),
    (["q[i]", "q=1,2", "i=0.0,1.0"], "i:int64=0,1"),
    (["nll_loss(log_softmax(s, 1), t, weight=w)", "s=[[1, 2]]", "t:int64=[1]", "w=1,1"], "--frozen w"),
    (["linalg.inv(m)", "m=[[1, 2], [2, 4]]"], "m + 1e-3 * eye(2)"),
    (["q * 2", "q:int64=1,2"], "q:float32=..."),
    (["cat([a, b])", "a=ones(2, 2)", "b=ones(2, 3)"], "a is [2, 2] and b is [2, 3]."),
    (["stack([a, b])", "a=1,2", "b=1,2,3"], "a is [2] and b is [3]."),
    (["kthvalue(a, 5)[0]", "a=1,2"], "a is [2]."),
    (["sigmoid(q)", "q=1", "--frozen", "q"], "Take --frozen q away, leave 'detach'"),
    (["a * b", "a=1", "b=2", "--wrt", "a,b", "--frozen", "b"], "Take --frozen b away, or leave it out of --wrt."),
    (["sum((q > 0).float())", "q=1"], "sigmoid(4 * q)"),
]


@pytest.mark.parametrize(("argv", "hint"), HINTS, ids=lambda value: value[0] if isinstance(value, list) else "")
def test_a_hint_speaks_of_the_users_own_names(argv: list[str], hint: str) -> None:
    assert hint in failed(["grad", *argv], 1)["hint"]


def test_a_long_statement_is_not_repeated_in_the_hint() -> None:
    long = " + ".join(["sin(a)"] * 40)
    hint = failed(["grad", f"y = exp(a); y += {long}; sum(y)", "a=1"], 1)["hint"]
    assert "write 'y = exp(a).clone()' for 'y = exp(a)'" in hint
    assert f"y + ({long})" not in hint


@pytest.mark.parametrize(
    "argv",
    [
        ["y = exp(a); y = y + (2 * b + 1); sum(y)", "a=1", "b=2"],
        ["exp(q).add(1)", "q=1,2"],
        ["y = sigmoid(q); y = y.mul(tanh(q)); y", "q=1,2"],
        ["y = exp(q); y = y.clone(); y[0] = 1; y", "q=1,2"],
        ["w = w + 1; w", "w=1"],
        ["w = w.clone(); w[0] = 5; w", "w=1,2"],
        ["q**2", "q=1,2", "--vjp", "1,1"],
        ["q**2", "q=ones(2, 3)", "--vjp", "ones(2, 3)"],
        ["q[i]", "q=1,2", "i:int64=0,1"],
        ["linalg.inv(m + 1e-3 * eye(2))", "m=[[1, 2], [2, 4]]"],
    ],
)
def test_what_a_hint_says_works(argv: list[str]) -> None:
    assert captured(["grad", *argv])[0] == 0


@pytest.mark.parametrize("command", ["grad", "trace", "check"])
def test_the_entry_is_named_below_the_hint(command: str) -> None:
    code, out, err = captured([command, "linalg.inv(m)", "m=[[1, 2], [2, 4]]"])
    assert code == 1
    assert "'gradcli errors singular-matrix' shows it alone." in (out + err).splitlines()


def test_an_error_outside_of_the_catalogue_names_no_entry() -> None:
    _, _, err = captured(["grad", "stack([a, b])", "a=1,2", "b=1,2,3"])
    assert "gradcli errors" not in err
    assert failed(["grad", "stack([a, b])", "a=1,2", "b=1,2,3"], 1)["id"] is None


def test_an_error_without_expression_names_and_shapes_has_a_hint_without_gaps() -> None:
    for row in ROWS:
        failure = explain(TorchError(error_of(row), stage="backward"), "")
        assert row.hint or SIBLINGS.get(row.id) or failure.hint == row.fix
        assert failure.id == SIBLINGS.get(row.id, row.id)
        assert failure.hint is None or not {"{", "}", "?"} & set(failure.hint)
        assert "None" not in (failure.hint or "") or "None" in row.fix


@each(
    "argv, code, hint",
    [
        (["linalg.inv(m)", "m=[[1, 2], [2, 4]]"], "pytorch", True),
        (["m.detach()", "m=1"], "autograd", True),
        (["bernoulli(m)", "m=2"], "pytorch", False),  # of which nothing is known, and shapes do not matter
    ],
)
def test_an_operation_raises_an_error_of_pytorch_and_a_derivative_one_of_autograd(
    argv: list[str], code: str, hint: bool
) -> None:
    error = failed(["grad", *argv], 1)
    assert (error["code"], error["hint"] is not None) == (code, hint)


@each(
    "argv",
    [
        ["x", "x=ones(1,3) @ ones(1,3)"],
        ["x.exp().T + x.exp().T", "x=[[1,2,3]]", "--vjp", "ones(1,3) @ ones(1,3)"],  # whose words stand elsewhere
    ],
)
def test_an_error_in_the_value_of_an_input_stands_there(argv: list[str]) -> None:
    error = failed(["grad", *argv], 1)
    assert (error["expression"], error["span"]) == ("ones(1,3) @ ones(1,3)", [0, 21])
    assert "Try" not in (error["hint"] or "")


@each(
    "text, words",
    [
        ("stack(split(x, 2))", ["x=1,2,3"]),  # neither piece is x
        ("stack([*x.unbind(0), y])", ["x=[[1,2],[3,4]]", "y=1,2,3"]),  # y is the third, and what is before it is no x
    ],
)
def test_no_shape_is_told_of_pieces(text: str, words: list[str]) -> None:
    assert failed(["grad", text, *words], 1)["hint"] is None


@each("names, said", [(["a", "b"], "Use a and b in the expression."), ([], "Use the input in the expression.")])
def test_the_inputs_are_named_where_they_are_known(names: list[str], said: str) -> None:
    row = next(row for row in ROWS if "{inputs}" in row.hint)
    assert explain(TorchError(error_of(row), stage="backward"), "a + b", inputs=names).hint == said


def test_a_mistake_in_the_call_has_no_entry() -> None:
    assert failed(["grad", "sigmod", "1"], 2)["id"] is None


@each("sign", ["<", "<=", ">", ">=", "==", "!="])
def test_each_comparison_ends_the_graph(sign: str) -> None:
    assert failed(["grad", f"sum((x {sign} 2).float())", "x=1"], 1)["id"] == "comparison-output"
