"""Errors on demand as text, from results written by hand."""

from __future__ import annotations

from dataclasses import replace

from answers_by_hand import ALL_ERRORS, ERROR_LIST, ONE_ERROR, SECOND_TIME
from showing import shown

from gradcli.render.views import table_of


def test_all_of_them_are_ids_by_family_as_many_as_fit() -> None:
    entry = ERROR_LIST.entries[0]
    several = replace(ERROR_LIST, entries=(entry, replace(entry, id="cotangent-count"), replace(entry, family="vmap")))
    said = "3 errors: gradcli errors ID raises one, a family or a word lists some, --all raises all\n"
    assert shown(several) == "cotangents  cotangent-shape, cotangent-count\nvmap        cotangent-shape\n" + said
    assert shown(several, width=37).startswith("cotangents  cotangent-shape, … 1 more\nvmap        cotangent-shape\n")


def test_a_list_that_was_searched_has_ids_classes_and_titles_by_family() -> None:
    assert shown(replace(ERROR_LIST, searched="shape")) == (
        "cotangents\n"
        "id               type          title\n"
        "cotangent-shape  RuntimeError  the cotangent has another shape\n"
        "\n"
        "1 error. 'gradcli errors ID' raises one, --all raises all.\n"
    )


def test_one_error_has_the_program_the_message_the_cause_and_the_fix_that_ran() -> None:
    assert shown(ONE_ERROR) == (
        "cotangent-shape  the cotangent has another shape\n"
        "\n"
        "  -> 1  y.backward(torch.ones(3))\n"
        "\n"
        "PyTorch raised RuntimeError:\n"
        "  Mismatch in shape:\n"
        "  grad_output[0] has a shape of [3].\n"
        "\n"
        "PyTorch warned:\n"
        "  This is a demonstration.\n"
        "\n"
        "cause  It needs one number for each element.\n"
        "fix    Give it the output's shape.\n"
        "\n"
        "  1  y.backward(torch.ones(2))\n"
        "  2  x.grad\n"
        "\n"
        "result  [2, 4]\n"
    )


def test_the_outcome_of_all_says_which_did_not_hold() -> None:
    assert shown(ALL_ERRORS) == (
        "id               raised                       fix                     message\n"
        "cotangent-shape  RuntimeError                 ok                      Mismatch in shape:\n"
        "second-backward  nothing, not RuntimeError    failed: ValueError: no  -\n"
        "integer-leaf     TypeError, not RuntimeError  ok                      Mismatch in shape:\n"
        "\n"
        "1 of 3 raised, 2 of 3 fixes ran (PyTorch 2.13.0)\n"
    )


def test_an_error_that_cannot_be_raised_here_says_so_and_counts_as_neither() -> None:
    absent = replace(
        ALL_ERRORS.entries[0], needs="a CUDA device", raised=None, ok=None, message=None, warnings=(), line=None
    )
    page = shown(replace(ONE_ERROR, entries=(absent,)))
    assert "Not raised here: it needs a CUDA device. PyTorch would raise RuntimeError.\n" in page
    assert page.endswith("result  [2, 4]\n")
    both = shown(replace(ALL_ERRORS, entries=(ALL_ERRORS.entries[0], absent)))
    assert "cotangent-shape  not raised here  ok   -\n" in both
    assert both.endswith("1 raised, 1 not raised here, 2 fixes ran (PyTorch 2.13.0)\n")


def test_a_failure_ends_with_its_entry_where_it_has_one() -> None:
    named = replace(SECOND_TIME, id="second-backward")
    assert shown(named) == shown(SECOND_TIME) + "'gradcli errors second-backward' shows it alone.\n"
    assert "\x1b[2m'gradcli errors" in shown(named, color=True)


def test_a_program_that_reads_rows_gets_every_field() -> None:
    table = table_of(ALL_ERRORS)
    assert [column.name for column in table.columns][:6] == ["id", "family", "title", "type", "raised", "ok"]
    rows = shown(ALL_ERRORS, format="csv").splitlines()
    assert rows[0].startswith("id,family,title,type,raised,ok,message,warnings,program,line,")
    assert shown(ERROR_LIST, format="ndjson").count("\n") == 1
    assert '"ok":null' in shown(ERROR_LIST, format="ndjson")
