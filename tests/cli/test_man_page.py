"""The manual page: made from the help, and one that man(1) can show."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from gradcli import commands
from gradcli.cli.own_commands import OWN
from gradcli.commands.parameters import Option
from tools.man_page import PAGE, page


def test_the_page_is_what_the_help_says_now() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_command_and_each_of_its_options_stands_on_it() -> None:
    words = set(re.findall(r"[\w-]+", PAGE.read_text(encoding="utf-8").replace("\\-", "-")))
    for name in (*commands.NAMES, *OWN):
        command = OWN[name] if name in OWN else commands.load(name)
        declared = [p.declared for p in command.on_command_line.values() if isinstance(p.declared, Option)]
        assert {name, *(word for one in declared for word in one.names.replace("/", " ").split())} <= words, name


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff")
def test_groff_shows_it_without_a_warning() -> None:
    shown = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-rLL=72n", "-P-cbou", str(PAGE)], capture_output=True, text=True, check=True
    )
    assert shown.stderr == ""
    assert "gradcli grad 'sum((x @ w - 1)**2)' x='[1,2]' w='[3,4]'" in shown.stdout
    assert "\\" not in shown.stdout
