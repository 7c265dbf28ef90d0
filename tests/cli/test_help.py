"""Pages of help: what they open with, how wide they are, and what they leave to others."""

from __future__ import annotations

import json
import shlex

import pytest
from command_line import captured, in_process_of_its_own

from gradcli import commands
from gradcli.cli.overview import EXAMPLES, GROUPS
from gradcli.cli.own_commands import OWN

COMMANDS = [*commands.NAMES, *OWN]
NOT_ASKED = ["rich", "typer", "pydantic", "torch", "numpy", "gradcli.commands.grad"]
IMPORTED = """
import json, sys
from gradcli.cli import main
code = main(json.loads(sys.argv[1]))
print(code, [name for name in json.loads(sys.argv[2]) if name in sys.modules])
"""


def page(*words: str) -> list[str]:
    code, out, err = captured(words)
    assert (code, err) == (0, "")
    return out.splitlines()


def test_every_command_has_its_line_in_one_group() -> None:
    assert sorted(name for group in GROUPS.values() for name in group) == sorted(COMMANDS)


def test_the_first_page_opens_with_three_examples_and_gives_each_command_one_line() -> None:
    lines = page("--help")
    assert [line.split("  ")[1] for line in lines[2:5]] == [example for example, _ in EXAMPLES]
    for name in COMMANDS:
        assert sum(line.startswith(f"  {name} ") for line in lines) == 1, name
    assert [title for title in GROUPS if title in lines] == ["Look", "Debug", "Reference", "Scripting"]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_opens_with_three_examples(name: str) -> None:
    lines = page(name, "--help")
    first = lines.index("") + 1
    assert all(line.startswith("  ") and "gradcli " in line for line in lines[first : first + 3])
    assert lines[first + 3] == ""


@pytest.mark.parametrize("width", [40, 80, 100])
def test_no_line_of_a_page_is_wider_than_the_terminal_but_examples(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for name in COMMANDS:
        for line in page(name, "--help-all"):
            assert len(line) <= width or "gradcli" in line, line
    assert [line for line in page("--help") if len(line) > width] == []


def test_a_page_has_no_tags_of_types() -> None:
    for name in COMMANDS:
        text = "\n".join(page(name, "--help-all"))
        assert not any(tag in text for tag in ("<str>", "<bool>", "<int>", "<float>", "list[")), name


@pytest.mark.parametrize("name", commands.NAMES)
def test_options_of_all_commands_are_folded_into_one_sentence(name: str) -> None:
    short, whole = page(name, "--help"), page(name, "--help-all")
    assert not any(line.startswith("  -f, --format") for line in short)
    assert "--format" in " ".join(short[short.index("") :]).partition("--help-all shows")[2]
    assert any(line.startswith("  -f, --format") for line in whole)
    assert not any("--help-all" in line for line in whole)


def test_an_option_that_a_command_has_in_its_own_way_is_not_folded() -> None:
    assert any("Check this dtype only. [" in line for line in page("check", "--help"))
    assert not any("--dtype DTYPE" in line for line in page("grad", "--help"))


def test_a_default_and_a_variable_stand_behind_a_text() -> None:
    whole = " ".join(" ".join(page("grad", "--help-all")).split())
    assert "(double). [$GRADCLI_DTYPE or float32]" in whole
    assert "Significant digits in tables; JSON and CSV are exact. [6]" in whole


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        (["help"], ["--help"]),
        (["-h"], ["--help"]),
        (["help", "grad"], ["grad", "--help"]),
        (["--help", "grad"], ["grad", "--help"]),
        (["grad", "sigmoid", "0", "-h"], ["grad", "--help"]),
        (["help", "grad", "--help-all"], ["grad", "--help-all"]),
        (["version"], ["--version"]),
        (["-V"], ["--version"]),
    ],
)
def test_two_ways_to_ask_are_answered_alike(asked: list[str], same: list[str]) -> None:
    assert page(*asked) == page(*same)


def test_the_value_of_an_option_asks_for_no_help() -> None:
    code, out, err = captured(["grad", "sigmoid", "0", "--dtype", "--help"])
    assert (code, out, err.splitlines()[0]) == (2, "", "unknown dtype '--help'")


def test_a_call_without_words_shows_the_page_and_fails() -> None:
    code, out, err = captured([])
    assert (code, out.splitlines(), err) == (2, page("--help"), "")


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in captured(["grad", "--help"])[1]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" in captured(["grad", "--help"])[1]


def test_the_first_page_imports_no_command() -> None:
    code, out, err = in_process_of_its_own([json.dumps(["--help"]), json.dumps(NOT_ASKED)], python=IMPORTED)
    assert (code, out.splitlines()[-1]) == (0, "0 []"), err


def test_the_page_of_a_command_imports_that_one() -> None:
    """The nearest neighbour of the above: the question can be answered otherwise."""
    code, out, err = in_process_of_its_own([json.dumps(["grad", "--help"]), json.dumps(NOT_ASKED)], python=IMPORTED)
    assert (code, out.splitlines()[-1]) == (0, "0 ['typer', 'gradcli.commands.grad']"), err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_a_line_that_the_command_takes(name: str) -> None:
    from gradcli.cli.app import read

    command = OWN[name] if name in OWN else commands.load(name)
    for example in command.examples:
        words = shlex.split(example)
        words = words[words.index("gradcli") + 1 :]
        words = words[: next((at for at, word in enumerate(words) if word in ("|", ">")), None)]
        given = read(words)
        assert not isinstance(given, int), example
        assert given.name == name, example
