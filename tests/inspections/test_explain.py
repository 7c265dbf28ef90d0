"""`explain`: from a code, an id or a pasted message to its page."""

from __future__ import annotations

import json

import pytest
from command_line import captured
from each import each

import gradcli
from gradcli.diagnose.findings.table import BY_CODE, CODES
from gradcli.exceptions import UsageError
from gradcli.language.catalogue.errors import all_errors, find

NO_GRADIENT = "element 0 of tensors does not require grad and does not have a grad_fn"


def hint_of(*words: str) -> str:
    with pytest.raises(UsageError) as raised:
        gradcli.explain(*words)
    return f"{raised.value.message} | {raised.value.hint}"


@each("code", CODES)
def test_a_code_has_its_meaning_its_cause_what_to_do_and_a_command_that_shows_it(code: str) -> None:
    (only,) = gradcli.explain(code).entries
    assert (only.code, only.of, only.error) == (code, "finding", None)
    assert (only.meaning, only.severities) == (BY_CODE[code].meaning, BY_CODE[code].severities)
    assert only.cause
    assert only.fix
    assert f"[{code}]" in only.example[-1].output or f"<- {code}" in only.example[-1].output
    assert set(only.related) <= {*CODES, *(row.id for row in all_errors())} - {code}
    assert only.related


def test_an_id_is_raised_and_has_the_words_of_pytorch() -> None:
    result = gradcli.explain("non-scalar-output")
    (only,) = result.entries
    assert (only.code, only.of, only.severities, only.example) == ("non-scalar-output", "error", (), ())
    assert only.error is not None
    assert only.error.message == "grad can be implicitly created only for scalar outputs"
    assert result.torch
    row = find("non-scalar-output")
    assert row is not None
    assert (only.cause, only.fix, only.meaning) == (row.cause, row.fix, row.title)
    assert "cotangent-shape" in only.related


def test_a_name_of_both_is_the_finding_which_says_how_to_raise_the_error() -> None:
    (only,) = gradcli.explain("second-backward").entries
    assert only.of == "finding"
    assert "`gradcli errors second-backward`" in only.fix


def test_several_are_shown_in_the_order_in_which_they_were_asked_for() -> None:
    result = gradcli.explain("vanishing", "dead", "vanishing")
    assert result.asked == ("vanishing", "dead")
    assert [one.code for one in result.entries] == ["vanishing", "dead"]
    assert result.torch is None


def test_a_line_of_a_screen_is_the_finding_that_it_tells_of() -> None:
    line = "error[nan-backward]: sqrt(x) at x[0] = 0: local derivative inf\nwarning[dead] step 3: nothing"
    assert gradcli.explain(line).asked == ("nan-backward", "dead")


def test_a_message_is_the_error_whose_words_it_has_also_where_others_raise_them() -> None:
    assert gradcli.explain(NO_GRADIENT).asked == ("no-grad-fn",)
    assert gradcli.explain(*NO_GRADIENT.split()).asked == ("no-grad-fn",)


def test_errors_that_mention_a_word_are_listed_and_not_run() -> None:
    result = gradcli.explain("view")
    assert (result.torch, result.asked) == (None, ())
    assert len(result.entries) > 1
    assert all(one.error is not None and one.error.raised is None for one in result.entries)


def test_a_word_of_several_codes_lists_them_and_of_one_code_shows_it() -> None:
    listed = gradcli.explain("NaN")
    assert [entry.code for entry in listed.entries] == [code for code in CODES if "nan" in code.split("-")]
    assert len(listed.entries) > 2
    assert [entry.code for entry in gradcli.explain("branch").entries] == ["masked-branch"]


def test_without_a_word_every_finding_is_listed() -> None:
    result = gradcli.explain()
    assert (result.asked, [one.code for one in result.entries]) == ((), list(CODES))


def test_a_wrong_name_is_told_the_nearest_or_those_that_begin_as_it_does() -> None:
    assert hint_of("nan-bakward") == "there is no finding or error 'nan-bakward' | Did you mean 'nan-backward'?"
    assert hint_of("nan-gradient") == (
        "there is no finding or error 'nan-gradient' | "
        "There are 'nan-accumulated', 'nan-backward', 'nan-forward', 'nan-input'."
    )
    assert hint_of("ded").endswith("Did you mean 'dead'?")  # though words end in these letters
    assert {one.code for one in gradcli.explain("amp").entries} > {"scaler-without-gradients"}
    assert hint_of("dead", "vanshing") == "there is no finding or error 'vanshing' | Did you mean 'vanishing'?"
    assert "gradcli.explain() lists the findings, gradcli.errors() the errors." in hint_of("qqqq")


def test_on_the_command_line_a_wrong_name_is_exit_code_2_and_a_right_one_0() -> None:
    code, out, _ = captured(["explain", "dead", "--json"])
    assert (code, json.loads(out)["entries"][0]["code"]) == (0, "dead")
    code, out, err = captured(["explain", "deda"])
    assert (code, out) == (2, "")
    assert "Did you mean 'dead'?" in err
