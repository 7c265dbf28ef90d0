"""The manual page `gradcli.1`, made from the help (`make docs`); the wheel installs it.

    python -m tools.man_page [--check]

--check writes nothing and exits with 1 if the page would change.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Iterable, Iterator

from gradcli import commands
from gradcli.cli.help_pages import FOLDED, Row, option_row, panels, usage
from gradcli.cli.overview import ABOUT, EXAMPLES, GROUPS
from gradcli.cli.own_commands import OWN
from gradcli.version import __version__
from tools.transcripts import ROOT

PAGE = ROOT / "docs" / "gradcli.1"
_WITH_ALL = "grad"
"""A command that has every option that several share."""
_EXIT_CODES = (
    ("0", "The answer was computed; a NaN, or a gradient that is 0, is an answer."),
    ("1", "PyTorch raised, and its error is shown; --fail-on matched a finding; or --timeout ended the computation."),
    ("2", "The call was wrong: usage, syntax, an unknown function, an unreadable file."),
    ("130, 143", "Interrupted (Ctrl-C), asked to end (SIGTERM)."),
)
_VARIABLES = (
    ("GRADCLI_DEVICE, GRADCLI_DTYPE, GRADCLI_FORMAT", "Defaults of --device, --dtype and --format."),
    ("GRADCLI_LEAN", "0 imports all of PyTorch at once."),
    ("GRADCLI_DEBUG", "1 shows the traceback of an error as well."),
    ("NO_COLOR, FORCE_COLOR, COLUMNS", "Colour and width, as other programs understand them."),
    ("PAGER", "Shows long pages on a terminal; empty for none."),
)


def page() -> str:
    """The manual page in the macros of man(7)."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f'.TH GRADCLI 1 "" "gradcli {__version__}" "User Commands"'
    yield from (".SH NAME", f"gradcli \\- {_escaped(ABOUT.rstrip('.'))}", ".SH SYNOPSIS")
    yield from (".B gradcli", ".I COMMAND SUBJECT", "[\\fIPOINT\\fR | \\fINAME\\fR=\\fIVALUE\\fR]... [\\fIOPTIONS\\fR]")
    yield from (".SH EXAMPLES", *_entries((text, line) for line, text in EXAMPLES))
    yield ".SH COMMANDS"
    for title, group in GROUPS.items():
        yield from (f".SS {title}", *_entries(group.items()))
    for group in GROUPS.values():
        for name in group:
            yield from _command(name)
    yield ".SH OPTIONS OF MOST COMMANDS"
    yield "Each command has those of them that mean something for it."
    for title, options in panels(commands.load(_WITH_ALL), everything=True)[0].items():
        if title in FOLDED:
            yield from (f".SS {title}", *_entries(map(option_row, options)))
    yield from (".SH ENVIRONMENT", *_entries(_VARIABLES))
    yield from (".SH EXIT STATUS", *_entries(_EXIT_CODES))


def _command(name: str) -> Iterator[str]:
    command = OWN[name] if name in OWN else commands.load(name)
    line, arguments = usage(name, command)
    yield from (f".SH GRADCLI {name.upper()}", f".B {_escaped(line)}")
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        yield from (".PP", _escaped(" ".join(paragraph.split())))
    yield from _entries(arguments)
    for title, options in panels(command, everything=False)[0].items():
        yield from (f".SS {title}", *_entries(map(option_row, options)))
    yield from (".SS Examples", ".nf", *map(_escaped, command.examples), ".fi")


def _entries(rows: Iterable[Row]) -> Iterator[str]:
    for name, text in rows:
        yield from (".TP", f".B {_escaped(name)}", _escaped(text))


def _escaped(text: str) -> str:
    """A line of text: hyphens that can be copied, and no macro where it begins with a dot or a quote."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    written = page()
    changed = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != written
    if changed and not options.check:
        PAGE.write_text(written, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {'changed' if changed else 'as it was'}")
    return 1 if changed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
