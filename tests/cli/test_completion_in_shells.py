"""Completion where it is used: in bash, zsh and fish, each in a terminal of its own under tmux."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import clean_environment

PATIENCE = 30
"""Seconds for a shell to start, or for the names behind TAB."""
PROMPT = "> "
SETTINGS = {
    "bash": (".bashrc", f"PS1='{PROMPT}'\nbind 'set bell-style none'\n"),
    "zsh": (".zshrc", f"PS1='{PROMPT}'\nunsetopt beep\n"),
    "fish": (".config/fish/config.fish", f"set fish_greeting\nfunction fish_prompt; echo -n '{PROMPT}'; end\n"),
}

COMPLETED = [
    ("gradcli sof", "gradcli softmax"),
    ("gradcli grad leaky", "gradcli grad leaky_relu"),
    ("gradcli grad 'x * leaky", "gradcli grad 'x * leaky_relu"),
    ("gradcli loss cross", "gradcli loss cross_entropy"),
    ("gradcli errors second-b", "gradcli errors second-backward"),
    ("gradcli explain nan-b", "gradcli explain nan-backward"),
    ("gradcli schema ret", "gradcli schema retain-demo"),
    ("gradcli grad sigmoid --form", "gradcli grad sigmoid --format"),
    ("gradcli grad sigmoid --dtype bfl", "gradcli grad sigmoid --dtype bfloat16"),
    ("gradcli grad sigmoid --device xp", "gradcli grad sigmoid --device xpu"),
    ("gradcli grad sigmoid --fail-on dead,nan-b", "gradcli grad sigmoid --fail-on dead,nan-backward"),
    ("gradcli grad sigmoid x=@du", "gradcli grad sigmoid x=@dump.pt"),
    ("gradcli grad sigmoid @two", r"gradcli grad sigmoid @two\ words.npy"),
    ("gradcli grad sigmoid @ru", "gradcli grad sigmoid @runs/"),
    ("gradcli loss mse 1 tar", "gradcli loss mse 1 target="),
    ("gradcli watch tra", "gradcli watch train.py"),
]
SILENT = [
    "gradcli frob --dty",
    "gradcli grad --dtype zz",
    "gradcli grad sigmoid @no/su",
    "gradcli grad sigmoid --dvice x zz",
    "gradcli grad '(((",
]


class Typist:
    """A shell in a terminal of 100 by 30."""

    def __init__(self, name: str, folder: Path) -> None:
        self._server = f"gradcli-{os.getpid()}-{name}"
        self._environment = {
            **clean_environment(),
            "HOME": str(folder),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TMUX_TMPDIR": str(folder),
            "LC_ALL": "C.UTF-8",
        }
        self._environment.pop("TMUX", None)
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", f"exec {name} -i")

    def tmux(self, *words: str) -> str:
        words = ("tmux", "-L", self._server, *words)
        ran = subprocess.run(words, env=self._environment, capture_output=True, text=True, timeout=60, check=True)
        return ran.stdout

    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.tmux("capture-pane", "-p").splitlines() if line.strip()]

    def type(self, text: str, *keys: str) -> None:
        self.tmux("send-keys", "-l", text)
        for key in keys:
            self.tmux("send-keys", key)

    def line_that_begins(self, text: str) -> str:
        """The prompt's line, once it begins so; what it is instead after a while."""
        until = time.monotonic() + PATIENCE
        while not (line := self.line()).startswith(text) and time.monotonic() < until:
            time.sleep(0.05)
        return line

    def line(self) -> str:
        shown = [line for line in self.lines() if line.startswith(PROMPT.strip())]
        return shown[-1].removeprefix(PROMPT.strip()).strip() if shown else "no prompt"

    def clear(self) -> None:
        """An empty prompt alone; keys may be lost while a shell still completes, and are pressed again."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.tmux("send-keys", "C-c")
            self.tmux("send-keys", "C-l")
            for _ in range(20):
                if self.lines() == [PROMPT.strip()]:
                    return
                time.sleep(0.05)


@pytest.fixture(scope="module", params=[*SETTINGS])
def typist(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typist]:
    name = request.param
    for program in ("tmux", name):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    home = tmp_path_factory.mktemp(name)
    for file in ("dump.pt", "two words.npy", "train.py", "notes.txt"):
        (home / file).touch()
    (home / "runs").mkdir()
    file, settings = SETTINGS[name]
    (home / file).parent.mkdir(parents=True, exist_ok=True)
    (home / file).write_text(f"{settings}cd {home}\n")
    install = [sys.executable, "-m", "gradcli", "--install-completion", name]
    subprocess.run(install, env={**os.environ, "HOME": str(home)}, check=True, capture_output=True)
    shell = Typist(name, home)
    try:
        shell.line_that_begins("")
        shell.type("echo ready", "Enter")
        until = time.monotonic() + PATIENCE
        while "ready" not in shell.lines() and time.monotonic() < until:
            time.sleep(0.05)
        yield shell
    finally:
        shell.tmux("kill-server")


@pytest.mark.parametrize(("typed", "shown"), COMPLETED)
def test_what_has_a_name_is_completed(typed: str, shown: str, typist: Typist) -> None:
    typist.clear()
    typist.type(typed, "Tab")
    assert typist.line_that_begins(shown).startswith(shown), typist.lines()


@pytest.mark.parametrize("typed", SILENT)
def test_nothing_is_printed_into_the_prompt(typed: str, typist: Typist) -> None:
    typist.clear()
    typist.type(typed, "Tab")
    typist.type("END")
    assert typist.line_that_begins(f"{typed}END").startswith(f"{typed}END")
    assert len(typist.lines()) == 1


def test_several_names_are_listed(typist: Typist) -> None:
    typist.clear()
    typist.type("gradcli s", "Tab", "Tab")
    until = time.monotonic() + PATIENCE
    while len(typist.lines()) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    shown = " ".join(typist.lines())
    assert "schema" in shown
    assert "softmax" in shown
