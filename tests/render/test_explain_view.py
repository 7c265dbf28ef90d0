"""Pages of findings and errors as text, from results written by hand."""

from __future__ import annotations

from dataclasses import replace

from answers_by_hand import EXPLAINED, EXPLAINED_ERRORS, EXPLAINED_LIST, ONE_ERROR
from showing import shown

from gradcli.results import Example


def page(place: int, **view: object) -> str:
    entry = EXPLAINED.entries[place]
    return shown(replace(EXPLAINED, asked=(entry.code,), entries=(entry,)), **view)


def test_a_finding_has_its_severities_its_cause_what_to_do_and_a_command_with_its_output() -> None:
    assert page(0) == (
        "dead  an input's whole gradient is zero\n"
        "\n"
        "severity  warning or note\n"
        "cause     Something arrives, and nothing goes on.\n"
        "fix       Take `elu` for `relu`.\n"
        "\n"
        "  $ cat > a.py <<'END'\n"
        "  > x\n"
        "  > END\n"
        "  $ gradcli grad relu -1\n"
        "  relu(x)\n"
        "\n"
        "  warning[dead]: nothing goes on\n"
        "\n"
        "related  saturated, flat\n"
    )


def test_on_a_narrow_terminal_sentences_of_the_output_are_broken_and_commands_and_tables_are_not() -> None:
    entry = EXPLAINED.entries[0]
    output = "a  table of two cells, longer\n\nwarning[dead]: nothing of it goes on to the input\n  x"
    example = (Example("gradcli grad 'relu(x)' x=-1,-2,-3", output),)
    text = shown(replace(EXPLAINED, asked=("dead",), entries=(replace(entry, example=example),)), width=30)
    assert (
        "  $ gradcli grad 'relu(x)' x=-1,-2,-3\n"
        "  a  table of two cells, longer\n"
        "\n"
        "  warning[dead]: nothing of it\n"
        "  goes on to the input\n"
        "    x\n"
    ) in text


def test_an_error_has_the_page_of_errors_and_what_is_beside_it() -> None:
    assert page(1) == shown(ONE_ERROR) + "\nrelated  cotangent-count, cotangent-dtype\n"


def test_related_names_stay_on_one_line_of_a_terminal() -> None:
    assert page(1, width=36).endswith("\nrelated  cotangent-count, … 1 more\n")
    assert page(1, width=37).endswith("\nrelated  cotangent-count, … 1 more\n")
    assert page(1, width=41).endswith("\nrelated  cotangent-count, cotangent-dtype\n")
    assert "- related: cotangent-count, cotangent-dtype\n" in page(1, format="markdown", width=20)


def test_several_pages_follow_each_other() -> None:
    assert shown(EXPLAINED) == page(0) + "\n" + page(1)


def test_all_findings_are_names_by_severity() -> None:
    assert shown(EXPLAINED_LIST) == (
        "warnings  dead\nnotes     kink\ngradcli explain CODE shows one, gradcli errors lists what PyTorch raises\n"
    )


def test_errors_that_were_found_are_a_table() -> None:
    assert shown(EXPLAINED_ERRORS) == (
        "code             meaning\n"
        "cotangent-shape  the cotangent has another shape\n"
        "\n"
        "1 error. 'gradcli explain ID' raises one.\n"
    )


def test_rows_have_the_command_of_the_example() -> None:
    header, *rows = shown(EXPLAINED, format="csv").splitlines()
    assert header == "code,of,meaning,severities,cause,fix,example,related"
    assert len(rows) > 1
    assert "gradcli grad relu -1" in shown(EXPLAINED, format="csv")
