"""Sentences about options of the command line as sentences about keywords: `--wrt x` becomes `wrt="x"`."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import TypeVar

from gradcli import commands
from gradcli.exceptions import GradcliError
from gradcli.results import Failure

E = TypeVar("E", bound=GradcliError)

_NO_VALUES = frozenset(
    (
        *("a", "alone", "and", "away", "begins", "by", "does", "draws", "ends", "for", "gives", "go", "goes", "has"),
        *("have", "is", "keeps", "leads", "lists", "looks", "makes", "means", "must", "names", "needs", "of", "or"),
        *("out", "prints", "raises", "says", "shows", "stands", "takes", "walk", "with", "writes"),
    )
)
"""Words of a sentence that stand behind an option and are no value of it."""
_VALUE = r"(?:[\[(][^\])]*[\])]|[^\s,.;'\"\[(]|(?<=\w)\([^)]*\)|(?<=\w)[\[(][^\])]*[\])]|[.,](?=\S))+"
_OPTION = re.compile(rf"(?<![\w-])--(?P<name>[a-z][a-z-]*)(?:(?P<gap>[ =])(?P<value>{_VALUE}))?")
_REPEATED = re.compile(r'\b(?P<name>\w+)=(?P<first>"[^"]*")(?P<others>(?: (?P=name)="[^"]*")+)')
_QUOTED_CALL = re.compile(r"'gradcli (?P<command>[a-z-]+)(?P<words>(?: [^' ]+)*)'")
_CALL = re.compile(r"(?<!')\bgradcli (?P<command>[a-z-]+)(?P<words>(?: (?:'[^']*'|\"[^\"]*\"|[^\s'\"]|[^\s'\"]+)+)*)")
_SENTENCE = re.compile(r"\.(?= [A-Z']|$)")
_BINDING = re.compile(r"(?P<name>[^\W\d]\w*)=(?P<value>.*)", re.DOTALL)
_NUMBER = r"-?\d[\d_]*(\.\d*)?(e-?\d+)?"
_LITERAL = re.compile(rf"{_NUMBER}|\[[-\d.,e \[\]]*\]|[A-Z]+")
"""What stands in Python as it does on the command line; a word in capitals is a name."""
_NUMBERS = re.compile(rf"{_NUMBER}(,{_NUMBER})+")
_GIVEN = re.compile(rf"(?<![\w\"'.-])(?P<name>[^\W\d]\w*)=(?P<value>{_NUMBERS.pattern})(?![\w\"'])")


def in_python(error: E) -> E:
    """The error with keywords in the place of options."""
    error.message = sentence(error.message)
    error.hint = None if error.hint is None else sentence(error.hint)
    error.args = (error.message,)
    return error


def failure_in_python(failure: Failure) -> Failure:
    """The failure with keywords in the hint, which is ours; the message is PyTorch's."""
    return failure if failure.hint is None else replace(failure, hint=sentence(failure.hint))


def sentence(text: str) -> str:
    """The text with Python's names for options and calls."""
    text = _QUOTED_CALL.sub(_called, text)
    text = _CALL.sub(_called, text)
    text = _OPTION.sub(_keyword, text)
    text = _GIVEN.sub(lambda found: f"{found['name']}={_literal(found['value'])}", text)
    return _REPEATED.sub(_list, text)


@cache
def _names() -> dict[str, tuple[str, bool]]:
    """Each long option: its name in Python, and whether it takes a value."""
    found = {}
    for command in map(commands.load, commands.NAMES):
        for parameter in command.in_python.values():
            is_flag = parameter.type in (bool, bool | None)
            found[parameter.python_name.replace("_", "-")] = parameter.python_name, not is_flag
    return found


def _keyword(found: re.Match[str]) -> str:
    name, takes_value = _names().get(found["name"], ("", False))
    if not name:
        return found[0]
    value, behind = found["value"], (found["gap"] or "") + (found["value"] or "")
    if not takes_value:
        return f"{name}=True{behind}"
    if value is None or value in _NO_VALUES:
        return f"{name}={behind}"
    return f"{name}={_literal(value)}"


def _list(found: re.Match[str]) -> str:
    """`jvp="x=1" jvp="y=2"` as `jvp=["x=1", "y=2"]`."""
    values = found[0].replace(f"{found['name']}=", "").replace('" "', '", "')
    return f"{found['name']}=[{values}]"


def _called(found: re.Match[str]) -> str:
    """`gradcli grad 'x * y' x=1 y=2` as `gradcli.grad("x * y", x=1, y=2)`."""
    if found["command"] not in commands.NAMES:
        return found[0]
    end = _SENTENCE.search(found["words"])
    words, rest = (found["words"], "") if end is None else (end.string[: end.start()], end.string[end.start() :])
    try:
        parts = shlex.split(words)
    except ValueError:
        return found[0]
    arguments = [*_arguments(parts)]
    if parts and parts[0].startswith("--") and commands.load(found["command"]).takes_expressions:
        arguments.insert(0, "...")
    return f"gradcli.{found['command'].replace('-', '_')}({', '.join(arguments)}){rest}"


def _arguments(words: Iterable[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        name, takes_value = _names().get(word.removeprefix("--"), ("", False)) if word.startswith("--") else ("", False)
        if name:
            yield f"{name}={_literal(next(rest, '')) if takes_value else True}"
        elif binding := _BINDING.fullmatch(word):
            yield f"{binding['name']}={_literal(binding['value'])}"
        else:
            yield _literal(word)


def _literal(text: str) -> str:
    """A word of the command line as Python writes it."""
    if _LITERAL.fullmatch(text):
        return text
    if _NUMBERS.fullmatch(text):
        return f"[{text.replace(',', ', ')}]"
    return json.dumps(text, ensure_ascii=False)
