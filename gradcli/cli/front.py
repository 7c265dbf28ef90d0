"""What is asked of gradcli itself, and not of a command: help, the version, completion for a shell."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.cli.own_commands import HELP_OPTIONS, is_command
from gradcli.version import __version__

HELP = ("help", *HELP_OPTIONS)
SHELL_OPTIONS = ("--install-completion", "--show-completion")
VERSION = ("version", "--version", "-V")


def answers(words: Sequence[str]) -> bool:
    """Whether the words ask gradcli itself."""
    return words[0].partition("=")[0] in SHELL_OPTIONS or words[0] in (*HELP, *VERSION)


def answer(words: Sequence[str]) -> int:
    """Print what is asked for; the exit code.  Raises UsageError for the help of what is no command."""
    if words[0] in VERSION:
        print(f"gradcli {__version__}")
        return 0
    option, equals, shell = words[0].partition("=")
    if option in SHELL_OPTIONS:
        from gradcli.cli.shells import install, shell_named

        name = shell if equals else next(iter(words[1:]), None)
        print(install(name) if option == "--install-completion" else shell_named(name)[1].script)
        return 0
    from gradcli.cli import help_pages

    about = next((word for word in words[1:] if word not in HELP), None)
    if about is None:
        help_pages.show_overview()
        return 0
    if not is_command(about):
        from gradcli.cli.lead_ons import no_page

        raise no_page(about)
    help_pages.show_page(about, everything="--help-all" in words)
    return 0
