"""The pictures of screens in the documents show what the commands answer."""

from __future__ import annotations

import pytest

from tools.screens import FOLDER, SCREENS, picture, screen, text_of
from tools.transcripts import ROOT, agree

RED = "\x1b[1;31m"
PLAIN = "\x1b[0m"


@pytest.mark.parametrize("name", SCREENS)
def test_a_picture_shows_what_its_command_answers_now(name: str):
    drawn = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert agree(text_of(drawn), text_of(picture(name, screen(SCREENS[name]))))


def test_every_picture_is_of_a_command_and_stands_in_a_document():
    documents = [*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")]
    texts = "\n".join(path.read_text(encoding="utf-8") for path in documents)
    assert {path.stem for path in FOLDER.glob("*.svg")} == {*SCREENS}
    assert [name for name in SCREENS if f"screens/{name}.svg" not in texts] == []


def test_a_picture_keeps_columns_and_colours():
    drawn = picture("hand", f"$ gradcli x\n  {RED}error[a<b]{PLAIN}: 1 < 2\n\n    ^ here\n")
    assert text_of(drawn) == "$ gradcli x\n  error[a<b]: 1 < 2\n    ^ here\n"
    assert "#b02020" in drawn


def test_a_picture_needs_nothing_from_elsewhere():
    drawn = picture("hand", "$ gradcli x\nanswer\n").replace("http://www.w3.org/2000/svg", "")
    assert "http" not in drawn
    assert "@font-face" not in drawn


def test_another_answer_is_another_picture():
    drawn = picture("hand", "$ gradcli x\nvalue  0.25\n")
    assert not agree(text_of(drawn), text_of(picture("hand", "$ gradcli x\nvalue  0.35\n")))
    assert agree(text_of(drawn), text_of(picture("hand", "$ gradcli x\nvalue  0.2500001\n")))
