"""What is said about an option that there is not: the one that was meant, or what does the same here."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from difflib import get_close_matches

from gradcli.exceptions import listed
from gradcli.language.dtypes import FLOATING, SHORT
from gradcli.render import FORMATS

_QUIET = "Nothing but the answer is printed; '> /dev/null' drops it, and the exit code stays."
_VERBOSE = "Everything is told already: 'gradcli trace' shows every step, GRADCLI_DEBUG=1 an error's traceback."
_COLOUR = "NO_COLOR=1 turns colours off, FORCE_COLOR=1 turns them on."
HABITS = {
    **dict.fromkeys(("-q", "--quiet", "--silent"), _QUIET),
    **dict.fromkeys(("--verbose", "--debug"), _VERBOSE),
    **dict.fromkeys(("-v", "-vv"), f"{_VERBOSE} -V is the version."),
    **dict.fromkeys(("--color", "--colour", "--no-color", "--no-colour"), _COLOUR),
    **dict.fromkeys(("-?", "-help", "--usage", "--man"), "Write --help."),
    **dict.fromkeys(("--width", "--columns"), "COLUMNS=60 says how wide a table may be."),
    **dict.fromkeys(("--gpu", "--cuda"), "Write --device cuda."),
    **dict.fromkeys(("--lr-rate", "--learning-rate"), "Write --lr."),
    "--cpu": "Write --device cpu.",
    "--no-pager": "PAGER=cat turns the pager off.",
}
"""Options of other programs, and what does the same here."""


_OPTION = re.compile(r"--[a-z][a-z-]*")


def habit(word: str, options: Container[str] | None = None) -> str | None:
    """What does here what an option of that name does elsewhere; by these options, if any are given."""
    bare = word.lstrip("-")
    if word in HABITS:
        hint = HABITS[word]
    elif word == f"--{bare}" and bare in FORMATS:
        hint = f"Write --format {bare}."
    elif word == f"--{bare}" and bare in (*FLOATING, *SHORT):
        hint = f"Write --dtype {bare}."
    else:
        return None
    return hint if options is None or all(named in options for named in _OPTION.findall(hint)) else None


def nearest_option(word: str, options: Mapping[str, bool]) -> str | None:
    """A hint with the option that was most likely meant, else with all of them."""
    if (instead := habit(word, options)) is not None:
        return instead
    bare = word.lstrip("-").lower()
    known = {name.lstrip("-"): name for name in options if name.startswith("--")}
    begins = [name for name in known if name.startswith(bare)] if len(bare) > 1 else []
    if not known.keys() - {"help", "help-all"}:
        return "There is '--help' alone; '>' puts what is printed into a file."
    match = (get_close_matches(bare, known, n=1, cutoff=0.5) or begins[:1]) if len(bare) > 1 else []
    return f"Did you mean '{known[match[0]]}'?" if match else f"There are {listed(known.values(), most=30)}."


def option_in_front(word: str) -> str:
    """The hint for an option that stands where a command should."""
    meant = get_close_matches(word, ["--help", "--version"], n=1, cutoff=0.75)
    if meant:
        return f"Did you mean '{meant[0]}'?"
    return "Options stand behind the command: gradcli grad sigmoid 0 --json."
