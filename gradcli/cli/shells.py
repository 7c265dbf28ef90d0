"""Completion in a shell: the script that asks gradcli, where each shell looks for it, and how it wants the replies."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gradcli.exceptions import OutputError, UsageError, did_you_mean, listed

VARIABLE = "_GRADCLI_COMPLETE"
"""Of the environment: the shell that asks."""

_BASH = f"""\
_gradcli() {{
    local reply
    COMPREPLY=()
    while IFS= read -r reply; do
        COMPREPLY+=("$reply")
    done < <({VARIABLE}=bash COMP_WORDBREAKS="$COMP_WORDBREAKS" "$1" "${{COMP_LINE:0:COMP_POINT}}" 2>/dev/null)
}}
complete -o nospace -F _gradcli gradcli
"""

_ZSH = f"""\
#compdef gradcli
_gradcli() {{
    local reply
    local -a finished unfinished
    while IFS= read -r reply; do
        case "${{reply%%$'\\t'*}}" in
            *[/=:]) unfinished+=("${{${{reply//:/\\\\:}}/$'\\t'/:}}") ;;
            *) finished+=("${{${{reply//:/\\\\:}}/$'\\t'/:}}") ;;
        esac
    done < <({VARIABLE}=zsh "${{(Q)words[1]}}" "${{(@Q)words[1,CURRENT-1]}}" "${{(Q)PREFIX}}" 2>/dev/null)
    (( $#finished )) && _describe gradcli finished
    (( $#unfinished )) && _describe gradcli unfinished -S ''
}}
if [[ "$funcstack[1]" == _gradcli ]]; then
    _gradcli "$@"
else
    compdef _gradcli gradcli
fi
"""

_FISH = f"""\
complete --command gradcli --no-files \\
    --arguments '(env {VARIABLE}=fish gradcli (commandline -opc) (commandline -ct) 2>/dev/null)'
"""


@dataclass(frozen=True)
class Shell:
    """A shell: its script, the file of the home folder where that goes, and the line that its own file needs for it."""

    script: str
    file: str
    own_file: str = ""
    line: str = ""


SHELLS: Mapping[str, Shell] = {
    "bash": Shell(_BASH, ".bash_completions/gradcli.sh", ".bashrc", "source ~/.bash_completions/gradcli.sh"),
    "zsh": Shell(_ZSH, ".zfunc/_gradcli", ".zshrc", "fpath+=~/.zfunc; autoload -Uz compinit; compinit"),
    "fish": Shell(_FISH, ".config/fish/completions/gradcli.fish"),
}


def shell_named(name: str | None) -> tuple[str, Shell]:
    """The shell of that name, or the one that runs gradcli.  Raises UsageError."""
    found = name or _running()
    if found not in SHELLS:
        raise UsageError(
            f"there is no completion for '{found}'" if found else "it cannot be seen which shell this is",
            hint=did_you_mean(found, SHELLS) or f"Choose one of {listed(SHELLS)}: --install-completion bash.",
        )
    return found, SHELLS[found]


def install(name: str | None) -> str:
    """Write the script where the shell finds it; what was done.  Raises UsageError, OutputError."""
    found, shell = shell_named(name)
    file = Path.home() / shell.file
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(shell.script)
        if shell.own_file:
            _add_line(Path.home() / shell.own_file, shell.line)
    except OSError as error:
        raise OutputError(
            f"cannot write {error.filename or file}: {error.strerror}",
            hint=f"'gradcli --show-completion {found}' prints the script.",
        ) from None
    return f"completion for {found} is in {file}; a new {found} has it"


def _add_line(file: Path, line: str) -> None:
    text = file.read_text() if file.exists() else ""
    if line not in text.splitlines():
        end = "\n" if text and not text.endswith("\n") else ""
        file.write_text(f"{text}{end}{line}\n")


def _running() -> str:
    """The shell that started gradcli where the system tells, else the user's own."""
    try:
        parent = Path(f"/proc/{os.getppid()}/comm").read_text().strip()
    except OSError:
        parent = ""
    return parent if parent in SHELLS else Path(os.environ.get("SHELL", "")).name
