"""Every error of the catalogue is raised by this PyTorch, and every fix gives the numbers that it should."""

from __future__ import annotations

import json
import subprocess
import textwrap
from functools import cache

import numpy as np
import pytest
import torch
from command_line import answered, captured, failed, numbers
from each import each
from errors_by_hand import BY_HAND

import gradcli
from gradcli.inspections.errors import NO_NUMBER, NO_TENSOR, errors, program
from gradcli.language.catalogue.errors import AutogradError, all_errors
from gradcli.numerics import programs
from gradcli.results.errors import ErrorEntry
from tools import warm

ROWS = all_errors()
RAISED = [row for row in ROWS if not row.needs]


@cache
def entries() -> dict[str, ErrorEntry]:
    """Every error, raised and mended."""
    return {entry.id: entry for entry in errors(run=True).entries}


def named(row: AutogradError) -> str:
    return row.id


@pytest.mark.parametrize("row", RAISED, ids=named)
def test_pytorch_raises_it_on_a_line_of_the_program(row: AutogradError) -> None:
    entry = entries()[row.id]
    assert entry.raised == row.type
    assert entry.ok is True
    assert entry.message
    assert entry.line is not None
    assert 1 <= entry.line <= len(row.program.splitlines())


@each("row", RAISED, ids=named)
def test_what_comes_before_the_line_that_raised_does_not_raise(row: AutogradError) -> None:
    lines = row.program.splitlines()
    line = entries()[row.id].line or 0
    before = "\n".join(lines[: line - 1])
    if not before or before.rstrip().endswith(":"):
        return  # the line is alone, or in a block of its own
    assert programs.run(before).error is None


@each("row", ROWS, ids=named)
def test_the_fix_gives_the_numbers_worked_out_by_hand(row: AutogradError) -> None:
    entry = entries()[row.id]
    assert entry.fix_error is None
    assert entry.fix_ok is True
    assert entry.result is not None
    expected = np.asarray(BY_HAND[row.id])
    assert entry.result.shape == expected.shape
    assert np.allclose(entry.result.values, expected, rtol=1e-5, atol=1e-7)


def test_the_messages_are_those_of_the_emitted_programs_to_the_letter() -> None:
    """All of them in one process that has never heard of gradcli."""
    runner = """
import json, sys, warnings
found = {}
for name, text in json.load(sys.stdin).items():
    try:
        with warnings.catch_warnings(record=True):
            exec(compile(text, "program.py", "exec"), {"__name__": "program"})
        found[name] = None
    except Exception as error:
        found[name] = [type(error).__name__, str(error)]
assert "gradcli" not in sys.modules
print(json.dumps(found))
"""
    texts = json.dumps({row.id: program([row.id]).program for row in RAISED})
    ran = subprocess.run(
        [*warm.python_without_gradcli(), runner], input=texts, capture_output=True, check=True, text=True
    )
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found == {entry.id: [entry.raised, entry.message] for entry in entries().values() if not entry.needs}


@pytest.mark.parametrize("name", ["second-backward", "function-gradient-shape", "anomaly", "singular-matrix"])
def test_an_emitted_program_ends_in_pytorchs_own_traceback(name: str) -> None:
    code, out, _ = captured(["errors", name, "--emit", "torch"])
    assert code == 0
    versions = f"# written by gradcli {gradcli.__version__}, torch {torch.__version__}, Python 3."
    assert out.splitlines()[1].startswith(versions)
    ran = subprocess.run([*warm.python_without_gradcli(), out], capture_output=True, check=False, text=True)
    assert ran.returncode == 1
    assert ran.stderr.rstrip().endswith(f"{entries()[name].raised}: {entries()[name].message}")
    assert "Traceback (most recent call last)" in ran.stderr


def test_running_all_of_them_leaves_pytorch_as_it_was() -> None:
    torch.manual_seed(7)
    torch.set_default_dtype(torch.float64)
    try:
        before = torch.get_rng_state()
        entry = errors(["anomaly"]).entries[0]
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert entry.message == entries()["anomaly"].message  # float64 outside changes no program
    assert not torch.is_anomaly_enabled()
    assert torch.is_grad_enabled()
    with torch.no_grad():
        assert errors(["second-backward"]).entries[0].ok
        assert not torch.is_grad_enabled()


def test_a_program_that_changes_the_process_is_put_back() -> None:
    ran = programs.run(
        "torch.set_default_dtype(torch.float64)\ntorch.autograd.set_detect_anomaly(True)\ntorch.ones(1)\n"
    )
    assert ran.value is not None
    assert ran.value.dtype == "float64"
    assert torch.get_default_dtype() == torch.float32
    assert not torch.is_anomaly_enabled()


def test_the_line_is_the_innermost_one_of_the_program() -> None:
    assert programs.run("def inner():\n    torch.ones(2).backward()\n\ninner()\n").line == 2
    assert programs.run("torch.ones(2)\ntorch.ones(2).backward()\n").line == 2
    assert programs.run("torch.ones(2)\n").line is None


def test_the_names_of_one_program_are_unknown_to_the_next() -> None:
    programs.run("leak = torch.ones(1)\n")
    with pytest.raises(NameError):
        programs.run("leak\n")


def test_random_numbers_are_the_same_each_time() -> None:
    first, second = (programs.run("torch.rand(3)\n").value for _ in range(2))
    assert first is not None
    assert second is not None
    assert np.array_equal(first.values, second.values)


def test_pytorchs_warning_is_kept_where_there_is_one() -> None:
    assert "not a leaf Tensor" in entries()["grad-of-non-leaf"].warnings[0]
    assert entries()["second-backward"].warnings == ()
    assert all("Triggered internally" not in text for entry in entries().values() for text in entry.warnings)


def broken(row: AutogradError, **changes: str) -> AutogradError:
    known = {name: getattr(row, name) for name in row.__slots__}
    return AutogradError(**(known | changes))


@pytest.mark.parametrize(
    ("changes", "ok", "fix_ok", "why"),
    [
        ({}, True, True, None),
        ({"program": "torch.ones(2)\n"}, False, True, None),
        ({"type": "ValueError"}, False, True, None),
        ({"repaired": "torch.ones(2).backward()\n"}, True, False, "RuntimeError: "),
        ({"repaired": "torch.tensor(0.0) / 0\n"}, True, False, NO_NUMBER),
        ({"repaired": "x = 1\n"}, True, False, NO_TENSOR),
    ],
)
def test_an_entry_that_does_not_hold_makes_the_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], ok: bool, fix_ok: bool, why: str | None
) -> None:
    row = broken(ROWS[0], **changes)
    monkeypatch.setattr("gradcli.inspections.errors.all_errors", lambda: (row,))
    code, out, _ = captured(["errors", "--all", "--json"])
    (entry,) = json.loads(out)["entries"]
    assert (entry["ok"], entry["fix_ok"]) == (ok, fix_ok)
    assert (entry["fix_error"] or "").startswith(why or "")
    assert code == (0 if ok and fix_ok else 1)


# --- the command ------------------------------------------------------------------------------------------------------


def test_all_of_them_end_in_a_line_with_the_count() -> None:
    code, out, err = captured(["errors", "--all"])
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith(
        f"{len(RAISED)} raised, {len(ROWS) - len(RAISED)} not raised here, {len(ROWS)} fixes ran"
    )


def test_without_an_id_nothing_is_run_and_no_key_is_missing() -> None:
    listed = answered(["errors"])
    raised = answered(["errors", "second-backward"])
    assert [entry["id"] for entry in listed["entries"]] == [row.id for row in ROWS]
    assert all(entry["message"] is None and entry["ok"] is None for entry in listed["entries"])
    assert list(listed["entries"][0]) == list(raised["entries"][0])
    assert (listed["torch"], raised["torch"]) == (None, torch.__version__)


def test_one_error_is_shown_with_the_line_that_raised_and_the_result_of_the_fix() -> None:
    code, out, _ = captured(["errors", "second-backward"])
    assert code == 0
    assert "  -> 4  y.backward()" in out
    assert "\n     3  y.backward()" in out
    assert str(entries()["second-backward"].message) in out
    assert out.rstrip().endswith("result  [4, 8]")


def test_several_ids_are_answered_in_their_order_each_once() -> None:
    asked = ["second-backward", "integer-leaf", "second-backward"]
    assert [e["id"] for e in answered(["errors", *asked])["entries"]] == ["second-backward", "integer-leaf"]


def test_a_search_looks_into_texts_and_can_be_run() -> None:
    found = answered(["errors", "--search", "MULTIPLE VIEWS"])["entries"]
    assert [entry["id"] for entry in found] == ["in-place-multi-view"]
    (entry,) = answered(["errors", "--all", "--search", "unbind"])["entries"]
    assert numbers(entry["result"]["values"]) == [2, 2, 1, 1]


@each("row", [row for row in RAISED if row.patterns], ids=named)
def test_a_message_finds_its_error(row: AutogradError) -> None:
    message = entries()[row.id].message
    assert message is not None
    assert row.id in [entry.id for entry in errors(search=message).entries]


@each("row", RAISED, ids=named)
def test_a_message_finds_its_error_after_a_terminal_has_wrapped_it(row: AutogradError) -> None:
    message = " ".join((entries()[row.id].message or "").split())
    for wrapped in (
        "\n".join(textwrap.wrap(message, 70)),
        "\n".join(message[i : i + 70] for i in range(0, len(message), 70)),
    ):
        assert row.id in [entry.id for entry in errors(search=wrapped).entries]


def test_a_message_finds_every_error_that_is_worded_so() -> None:
    message = entries()["shared-trunk"].message
    assert message == entries()["second-backward"].message
    found = {entry.id for entry in errors(search=message).entries}
    same = {entry.id for entry in entries().values() if entry.message == message}
    assert {"shared-trunk", "second-backward"} <= same <= found
    assert "no-grad-fn" not in found


def test_a_message_that_another_pytorch_words_differently_finds_its_error() -> None:
    message = (
        "gave mismatch in the shape: grad_output[0] has a shape of torch.Size([3]) and output[0] has torch.Size([2])."
    )
    assert [entry.id for entry in errors(search=message).entries] == ["cotangent-shape"]


def test_an_error_that_is_asked_for_twice_is_asked_for_once() -> None:
    assert answered(["errors", "anomaly", "anomaly", "--json"])["asked"] == ["anomaly"]


@each(
    "argv, message, hint",
    [
        (["second-backwards"], "there is no error 'second-backwards'", "Did you mean 'second-backward'?"),
        (["secnd"], "there is no error 'secnd'", "There is 'second-backward'."),
        (
            ["leafs"],
            "there is no error 'leafs'",
            "There are 'deepcopy-of-non-leaf', 'grad-of-non-leaf', 'in-place-leaf'",
        ),
        (["nope"], "there is no error 'nope'", "'gradcli errors' lists them"),
        (["second-backward", "--search", "foo"], "--search looks among all errors", "Leave the ids out, or --search."),
        (["--search", "zzzzz"], "no error mentions 'zzzzz'", "'gradcli errors' lists them all."),
        (["--search", "zzzzz", "--all"], "no error mentions 'zzzzz'", "'gradcli errors' lists them all."),
        (["--search", "unbnd"], "no error mentions 'unbnd'", "Did you mean 'unbind'?"),
        (["--search", "the moon is made of green cheese"], "no error mentions", "lists them all"),
        (["second-backward", "-t", "float64"], "unknown option '-t'", "'--search'"),
        (["second-backward", "-json"], "unknown option '-json'", "Did you mean '--json'?"),
        (["qqq"], "there is no error 'qqq'", "'gradcli errors' lists them"),
        (["second-backward", "--emit", "trch"], "--emit writes torch, not 'trch'", "Did you mean 'torch'?"),
        (["second-backward", "--emit", "jax"], "--emit writes torch, not 'jax'", "Write --emit torch."),
        (["--emit", "torch"], "--emit torch prints one program", "Name one error"),
        (["anomaly", "eig-phase", "--emit", "torch"], "one program, there are 2 ids", "Name one error"),
        (["anomaly", "--all"], "--all raises every error", "Leave the ids out"),
    ],
)
def test_a_wrong_call_is_refused_with_what_would_work(argv: list[str], message: str, hint: str) -> None:
    error = failed(["errors", *argv], 2)
    assert message in error["message"]
    assert hint in error["hint"]


def test_from_python_the_same() -> None:
    (entry,) = gradcli.errors("second-backward").entries  # type: ignore[attr-defined]
    assert entry.message == entries()["second-backward"].message
    assert gradcli.errors().torch is None  # type: ignore[attr-defined]
