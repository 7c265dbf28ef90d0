"""What a shell is told behind TAB, and that it hears nothing else."""

from __future__ import annotations

import pytest
from command_line import captured


def completed(monkeypatch: pytest.MonkeyPatch, line: str) -> tuple[int, str, str]:
    """What bash gets for a line with the cursor at its end."""
    monkeypatch.setenv("_GRADCLI_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    return captured([])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("gradcli g", ["grad"]),
        ("gradcli grad --d", ["--device", "--dtype"]),
        ("gradcli s", ["schema", "softmax"]),
        ("gradcli zzz", []),
    ],
)
def test_commands_and_options_are_completed(line: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = completed(monkeypatch, line)
    assert (code, out.split(), err) == (0, words, "")


@pytest.mark.parametrize("line", ["gradcli frob ", "gradcli grad sigmoid --dvice x --d", "gradcli grad --dtype "])
def test_a_line_that_is_wrong_so_far_is_completed_with_nothing(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = completed(monkeypatch, line)
    assert (code, out.split(), err) == (0, [], "")


def test_a_shell_that_does_not_say_where_the_cursor_is_hears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_GRADCLI_COMPLETE", "complete_bash")
    monkeypatch.delenv("COMP_WORDS", raising=False)
    assert captured([]) == (0, "", "")
