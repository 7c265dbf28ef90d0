"""What may follow on a line that is being typed, and that a shell hears nothing else."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
from command_line import captured, in_process_of_its_own
from each import each

from gradcli import commands
from gradcli.cli.completing import split
from gradcli.cli.completion import replies
from gradcli.cli.completion_names import names_of
from gradcli.cli.own_commands import OWN

BREAKS = " \t\n\"'@><=;|&(:"


def words_for(line: str) -> list[str]:
    """What may stand for the last word of a line."""
    before, current = split(line, "")
    return [reply.word for reply in replies(before, current.text)]


@each(
    "line, words",
    [
        ("gradcli g", ["grad"]),
        ("gradcli s", ["schema", "softmax"]),
        ("gradcli --v", ["--version"]),
        ("gradcli help gr", ["grad"]),
        ("gradcli --install-completion ", ["bash", "fish", "zsh"]),
        ("gradcli grad --d", ["--device", "--dtype"]),
        ("gradcli grad --help", ["--help", "--help-all"]),
        ("gradcli grad leaky", ["leaky_relu"]),
        ("gradcli grad 'x * leaky", ["x * leaky_relu"]),
        ("gradcli activate sigmoid,leaky", ["sigmoid,leaky_relu"]),
        ("gradcli loss mse", ["mse", "mse_loss"]),
        ("gradcli loss mse 1 t", ["target="]),
        ("gradcli grad 'x @ w' x=1 ", ["w="]),
        ("gradcli grad sigmoid x:bf", ["x:bfloat16="]),
        ("gradcli errors second-b", ["second-backward"]),
        ("gradcli explain nan-b", ["nan-backward"]),
        ("gradcli retain-demo twi", ["twice"]),
        ("gradcli retain-demo leaky", ["leaky_relu"]),
        ("gradcli retain-demo 'exp(a) + leaky", ["exp(a) + leaky_relu"]),
        ("gradcli retain-demo --retain ", ["all", "none"]),
        ("gradcli explain second-b", ["second-backward"]),
        ("gradcli functions leaky", ["leaky_relu"]),
        ("gradcli functions --category act", ["activation"]),
        ("gradcli schema ret", ["retain-demo"]),
        ("gradcli grad sigmoid --dtype bf", ["bf16", "bfloat16"]),
        ("gradcli grad sigmoid --dtype=bf", ["--dtype=bf16", "--dtype=bfloat16"]),
        ("gradcli grad sigmoid -t bf", ["bf16", "bfloat16"]),
        ("gradcli grad sigmoid --device x", ["xpu"]),
        ("gradcli grad sigmoid --format m", ["markdown"]),
        ("gradcli grad sigmoid --via b", ["backward"]),
        ("gradcli loss mse 1 2 --reduction s", ["sum"]),
        ("gradcli grad sigmoid --emit ", ["torch"]),
        ("gradcli grad sigmoid --fail-on dead,nan-b", ["dead,nan-backward"]),
        ("gradcli grad sigmoid --fail-on w", ["warning"]),
        ("gradcli watch --fail-on nan-b", ["nan-backward"]),
        ("gradcli zzz", []),
        ("gradcli frob ", []),
        ("gradcli grad sigmoid --seed ", []),
        ("gradcli grad sigmoid -- --d", []),
    ],
)
def test_what_has_a_name_is_completed(line: str, words: list[str]) -> None:
    assert words_for(line) == words


def test_every_kind_that_is_declared_has_names() -> None:
    for name in (*commands.NAMES, *OWN):
        command = OWN[name] if name in OWN else commands.load(name)
        for parameter in command.on_command_line.values():
            kind = parameter.declared.completes.removeprefix("some ")
            if kind not in ("", "numbers", "program", "file", "folder"):
                assert len(list(names_of(kind))) >= 1, kind
                assert all(reply.word for reply in names_of(kind))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("data.npy", "dump.pt", "data.txt", "data.png", "train.py", ".hidden.npy", "two words.npy"):
        (tmp_path / name).touch()
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "last.npz").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@each(
    "line, words",
    [
        ("gradcli grad sigmoid @d", ["@data.npy", "@data.txt", "@dump.pt"]),
        ("gradcli grad sigmoid x=@r", ["x=@runs/"]),
        ("gradcli grad sigmoid x=@runs/", ["x=@runs/last.npz"]),
        ("gradcli grad sigmoid x:half=@du", ["x:half=@dump.pt"]),
        ("gradcli grad sigmoid @./du", ["@./dump.pt"]),
        ("gradcli grad sigmoid @.h", ["@.hidden.npy"]),
        ("gradcli grad sigmoid @missing/", []),
        ("gradcli softmax @du", ["@dump.pt"]),
        ("gradcli grad sigmoid --vjp @du", ["@dump.pt"]),
        ("gradcli grad sigmoid -o data.p", ["data.png"]),
        ("gradcli watch ", ["runs/", "train.py"]),
        ("gradcli watch train.py --data da", ["data.npy", "data.png", "data.txt"]),
        ("gradcli watch --save ", ["runs/"]),
        ("gradcli batch data.t", ["data.txt"]),
    ],
)
def test_files_are_completed_where_they_may_stand(line: str, words: list[str], folder: Path) -> None:
    if words:
        assert words_for(line) == words
    else:
        with pytest.raises(OSError, match="missing"):
            words_for(line)


@each(
    "line, answer",
    [
        ("gradcli sof", ["softmax "]),
        ("cd=1 gradcli sof", ["softmax "]),
        ("gradcli grad sigmoid x=@tw", [r"@two\ words.npy "]),
        ("gradcli grad sigmoid 'x=@tw", ["x=@two words.npy"]),
        (r"gradcli grad sigmoid @two\ ", [r"@two\ words.npy "]),
        ("gradcli grad sigmoid x=@r", ["@runs/"]),
        ("gradcli grad sigmoid x:bf", ["bfloat16="]),
        ("gradcli grad sigmoid --dtype=bfl", ["bfloat16 "]),
        ("gradcli grad sigmoid @missing/", []),
        ("gradcli grad '", None),
        ("gradcli grad sigmoid --dvice x --d", ["--device ", "--dtype "]),
    ],
)
def test_bash_is_told_its_own_part_of_the_word(line: str, answer: list[str] | None, folder: Path) -> None:
    env = {"_GRADCLI_COMPLETE": "bash", "COMP_WORDBREAKS": BREAKS}
    code, out, err = in_process_of_its_own([line], env=env)
    assert (code, err) == (0, "")
    if answer is not None:
        assert out.splitlines() == answer


@each(
    "shell, words, answer",
    [
        ("zsh", ["gradcli", "errors", "second-b"], "second-backward\t"),
        ("fish", ["gradcli", "grad", "'x * leaky"], "x * leaky_relu\n"),
        ("zsh", ["gradcli", "grad", "x * leaky"], "x * leaky_relu\n"),
        ("fish", ["gradcli", "zzz"], ""),
        ("zsh", [], ""),
        ("bash", [], ""),
        ("tcsh", ["gradcli", "zzz"], ""),
        ("fish", ["gradcli", "grad", "\udcff"], ""),
    ],
)
def test_a_shell_hears_names_or_nothing(shell: str, words: list[str], answer: str) -> None:
    code, out, err = in_process_of_its_own(words, env={"_GRADCLI_COMPLETE": shell})
    assert (code, err) == (0, "")
    assert out.startswith(answer)
    assert bool(out) == bool(answer)


def test_completion_imports_neither_typer_nor_arrays() -> None:
    program = """
import sys
from gradcli.cli.completing import complete
for line in sys.argv[1:]:
    complete("bash", [line])
    complete("fish", line.split(" "))
print([name for name in ("numpy", "torch", "typer", "rich") if name in sys.modules])
"""
    lines = [
        "gradcli g",
        "gradcli grad s",
        "gradcli loss m",
        "gradcli errors s",
        "gradcli grad x --fail-on d",
        "gradcli schema g",
    ]
    lines += ["gradcli grad x*w ", "gradcli grad x @", "gradcli retain-demo t"]
    code, out, err = in_process_of_its_own(lines, python=program)
    assert (code, out.splitlines()[-1]) == (0, "[]"), err


# --- scripts ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (["--install-completion", "bash"], [".bash_completions/gradcli.sh", ".bashrc"]),
        (["--install-completion", "zsh"], [".zfunc/_gradcli", ".zshrc"]),
        (["--install-completion=fish"], [".config/fish/completions/gradcli.fish"]),
    ],
)
def test_the_shell_that_is_named_gets_its_script(words: list[str], files: list[str], home: Path) -> None:
    code, out, err = captured(words)
    assert (code, err) == (0, "")
    assert sorted(str(f.relative_to(home)) for f in home.rglob("*") if f.is_file()) == sorted(files)
    assert f"completion for {words[-1].rpartition('=')[2]} is in" in out
    before = {f: f.read_text() for f in home.rglob("*") if f.is_file()}
    assert captured(words)[0] == 0
    assert before == {f: f.read_text() for f in home.rglob("*") if f.is_file()}
    shown = captured(["--show-completion", words[-1].rpartition("=")[2]])[1]
    assert shown.rstrip("\n") == (home / files[0]).read_text().rstrip("\n")


def test_what_stands_in_a_shells_own_file_stays(home: Path) -> None:
    (home / ".bashrc").write_text("alias x=y")
    captured(["--install-completion", "bash"])
    assert (home / ".bashrc").read_text().splitlines() == ["alias x=y", "source ~/.bash_completions/gradcli.sh"]


def test_a_shell_without_completion_is_refused_with_those_that_have_one(home: Path) -> None:
    code, out, err = captured(["--install-completion", "tcsh"])
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == "there is no completion for 'tcsh'"
    assert "'bash', 'fish', 'zsh'" in err
    assert list(home.iterdir()) == []


def test_without_a_name_the_shell_is_the_one_that_asks(home: Path) -> None:
    line = f"{shlex.quote(sys.executable)} -m gradcli --show-completion"
    import subprocess

    ran = subprocess.run(["bash", "-c", f"{line}; true"], capture_output=True, text=True, check=False)
    assert "complete -o nospace -F _gradcli gradcli" in ran.stdout


def test_a_home_that_cannot_be_written_is_told(home: Path) -> None:
    (home / ".zfunc").write_text("a file where a folder should be")
    code, _, err = captured(["--install-completion", "zsh"])
    assert code == 2
    assert "cannot write" in err
    assert "--show-completion zsh" in err
