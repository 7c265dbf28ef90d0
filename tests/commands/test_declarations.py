"""A parameter is declared once and reaches the command line, the Python function, `batch` and the schemas."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import make_dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import pytest
from command_line import captured

import gradcli
from gradcli import api, commands, results
from gradcli.cli.app import click_command
from gradcli.cli.batch.answering import answer
from gradcli.cli.own_commands import OWN
from gradcli.commands import command as rows
from gradcli.commands import shared
from gradcli.commands.command import Command
from gradcli.commands.parameters import Option, parameter_of
from gradcli.exceptions import GradcliError
from gradcli.render.schema import kinds, schema_text
from gradcli.results.shown import keys_of

ROOT = Path(__file__).parents[2]
ROWS = [commands.load(name) for name in commands.NAMES]
COMPUTING = [row for row in ROWS if row.takes_expressions]
CALLS: dict[str, list[str]] = {
    "activate": ["sigmoid", "1"],
    "check": ["sigmoid", "1"],
    "compare": ["sigmoid", "1 / (1 + exp(-x))", "1"],
    "grad": ["sigmoid", "1"],
    "loss": ["mse", "1", "2"],
    "retain-demo": ["exp(x)", "x=1"],
    "softmax": ["2", "1"],
    "trace": ["sigmoid", "1"],
}

# --- a shared option that nobody has heard of -------------------------------------------------------------------------

TINT = Annotated[str, Option("--tint -T", "COLOUR", "A colour that only this test knows.", panel="Tints")]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the commands are told by a shared option that is declared for this test: one field and its name in a row."""
    told: list[str] = []
    planted = make_dataclass("Planted", [("tint", TINT, "none")], bases=(shared.SharedOptions,), frozen=True)
    parameter = parameter_of("tint", TINT, "none")
    assert parameter is not None

    def telling(row: Command) -> Command:
        def read(options: Any, *words: Any, **own: Any) -> Any:
            told.append(options.tint)
            return row.read(options, *words, **own)

        read.__name__, read.__doc__ = row.read.__name__, row.read.__doc__
        read.__signature__ = rows.inspect.signature(row.read)  # type: ignore[attr-defined]
        return replace(row, read=read, shared=(*row.shared, "tint"))

    declared = {**shared.shared_options(), "tint": parameter}
    monkeypatch.setattr(rows, "SharedOptions", planted)
    monkeypatch.setattr(rows, "shared_options", lambda: declared)
    tinted = {row.name: telling(row) for row in ROWS}
    monkeypatch.setattr(commands, "load", tinted.__getitem__)
    click_command.cache_clear()
    yield told
    click_command.cache_clear()


def test_a_shared_option_reaches_every_command_line(seen: list[str]) -> None:
    for name, words in CALLS.items():
        assert captured([name, *words, "--tint", "red", "--json"])[0] == 0, name
        assert captured([name, *words, "-T", "blue", "--json"])[0] == 0, name
        assert seen == ["red", "blue"], name
        seen.clear()


def test_a_shared_option_stands_on_every_page_of_help(seen: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    for row in ROWS:
        page = captured([row.name, "--help"])[1]
        assert "--tint" in page, row.name
        assert "A colour that only this test knows." in page, row.name
    assert seen == []


def test_a_shared_option_reaches_every_request_of_a_batch(seen: list[str]) -> None:
    for name, words in CALLS.items():
        assert answer(json.dumps([name, *words, "--tint", "red"]).encode()).code == 0, name
        assert seen == ["red"], name
        seen.clear()


def test_a_shared_option_reaches_every_python_function(seen: list[str]) -> None:
    for name, words in CALLS.items():
        getattr(gradcli, name.replace("-", "_"))(*words, tint="red")
        assert seen == ["red"], name
        seen.clear()


def test_without_its_declaration_the_option_is_refused_everywhere() -> None:
    for name, words in CALLS.items():
        code, _, told = captured([name, *words, "--tint", "red"])
        assert (code, told.splitlines()[0]) == (2, "unknown option '--tint'")
        assert answer(json.dumps([name, *words, "--tint", "red"]).encode()).code == 2
    with pytest.raises(GradcliError, match="no option 'tint'"):
        gradcli.softmax(2, 1, tint="red")


def test_what_an_answer_repeats_of_the_shared_options_has_their_names() -> None:
    repeated = set(keys_of(results.Setting)) - {"torch"}
    assert repeated == {"device", "dtype", "seed"} <= set(shared.shared_options())
    for row in COMPUTING:
        assert repeated <= set(json.loads(schema_text(row.name))["properties"]), row.name


# --- rows -------------------------------------------------------------------------------------------------------------


def test_what_a_row_names_is_there() -> None:
    for row in ROWS:
        for target in filter(None, (row.inspection, row.program, row.drawing, row.reproduction)):
            module, _, function = target.partition(":")
            assert callable(getattr(import_module(module), function)), target
        assert set(row.changed) <= set(row.shared) <= set(shared.shared_options()), row.name


def test_every_command_answers_with_a_record_of_its_own_kind_that_has_a_schema() -> None:
    assert [getattr(results, row.result).kind for row in ROWS] == list(commands.NAMES)
    assert {*kinds()} == {*commands.NAMES, "watch", "program", "error"}


def test_a_command_with_a_program_has_the_option_that_writes_it() -> None:
    assert all(bool(row.program) == ("emit" in row.shared) for row in ROWS)


def test_every_command_has_a_python_function() -> None:
    names = {name.replace("-", "_") for name in commands.NAMES}
    assert (
        {*names, "assert_gradient", "watch", "load", "plot", "GradcliError"}
        == set(api.__all__)
        == set(gradcli.__all__) - {"__version__"}
    )


def test_an_option_has_one_name_on_the_command_line_and_in_python() -> None:
    for row in ROWS:
        on_command_line = {
            re.split("[ /]", parameter.declared.names)[0].removeprefix("--").replace("-", "_")
            for parameter in row.parameters.values()
            if isinstance(parameter.declared, Option) and parameter.declared.names
        }
        assert set(row.in_python) <= on_command_line, row.name


def test_the_signature_of_a_function_has_the_options_of_its_row() -> None:
    for row in ROWS:
        signature = inspect.signature(getattr(gradcli, row.name.replace("-", "_")))
        named = {name for name, one in signature.parameters.items() if one.kind is one.KEYWORD_ONLY}
        assert named == set(row.in_python), row.name


def test_a_shared_option_that_no_command_has_would_be_dead() -> None:
    assert set(shared.shared_options()) == {name for row in ROWS for name in row.shared}


def test_every_command_and_every_parameter_has_a_help_text() -> None:
    for name in (*commands.NAMES, *OWN):
        command = OWN[name] if name in OWN else commands.load(name)
        assert command.help, name
        assert len(command.examples) == 3, name
        calls = [example.partition("gradcli ")[2] for example in command.examples if "| gradcli" not in example]
        assert {call.split()[0] for call in calls} == {name}
        for parameter in command.on_command_line.values():
            assert parameter.declared.help.endswith((".", "...")), (name, parameter.name)


def test_every_command_and_every_option_is_in_the_documents() -> None:
    texts = "\n".join(path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))
    for name in (*commands.NAMES, *OWN):
        command = OWN[name] if name in OWN else commands.load(name)
        assert f"gradcli {name}" in texts, name
        for parameter in command.on_command_line.values():
            if isinstance(parameter.declared, Option):
                option = re.split("[ /]", parameter.declared.names)[0]
                assert re.search(rf"{option}(?![\w-])", texts), (name, option)


def test_python_checks_all_dtypes_where_none_is_chosen() -> None:
    chosen: list[dict[str, Any]] = [{}, {"dtype": "half"}, {"dtype": ["half", "float64"]}]
    assert [len(gradcli.check("sigmoid", 1, **options).summary) for options in chosen] == [4, 1, 2]


def test_a_batch_asks_for_json_before_options_are_checked() -> None:
    code, line = answer(b"trace sigmoid 1 --tree")
    assert (code, json.loads(line)["error"]["message"]) == (2, "--tree draws a tree, which json has no place for")


def test_a_result_that_its_row_calls_bad_ends_with_1() -> None:
    code, line = answer(b"trace '(x * 2) @ y' x='[[1, 2]]' y='[[1, 2]]'")
    assert (code, json.loads(line)["schema"]) == (1, "gradcli/trace/1")
