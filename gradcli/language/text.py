"""A user's text and the places in it: from Python's lines and UTF-8 columns to spans of characters."""

from __future__ import annotations

import ast
import re
import warnings
from itertools import accumulate

from gradcli.exceptions import BoundError, ExpressionError, Span
from gradcli.language.numerals import PLACEHOLDER, long_lists

MAX_CHARACTERS = 10_000
MAX_DEPTH = 100
DEFAULT_MAX_ELEMENTS = 2**28
"""Elements of a tensor, unless --max-elements says otherwise."""
_OPENING, _CLOSING = "([{", ")]}"
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_MARK = re.compile(r"[\[\](){}'\"#\n]")


class ExpressionText:
    """One expression's text, and the same text as it is handed to `ast`."""

    def __init__(self, text: str, *, words: bool = True) -> None:
        """words: nan and inf are numbers in this text, and no names of the user's."""
        self.text = text
        self.lists = {f"{PLACEHOLDER}{place}": found for place, found in enumerate(long_lists(text, words=words))}
        # same length, so that columns stay true: other line ends and form feeds shift Python's columns
        unified = self._shortened().replace("\r\n", " \n").replace("\r", "\n").replace("\f", " ")
        self._indent = len(unified) - len(unified.lstrip())
        self.python = unified[self._indent :]
        self._lines = self.python.split("\n")
        self._starts = list(accumulate((len(line) + 1 for line in self._lines), initial=self._indent))

    def _shortened(self) -> str:
        """The text, of the same length, with a name in the place of each long list of numbers."""
        text, done = "", 0
        for name, found in self.lists.items():
            start, end = found.span
            text += self.text[done:start] + name.ljust(end - start)
            done = end
        return text + self.text[done:]

    def statements(self) -> list[ast.stmt]:
        """The text as Python's own nodes; raises ExpressionError or BoundError: syntax, length, depth."""
        length = len(self.text) - sum(found.span[1] - found.span[0] for found in self.lists.values())
        if length > MAX_CHARACTERS:
            raise BoundError(
                f"the expression has {length:,} characters; at most {MAX_CHARACTERS:,} are read",
                hint="Lists of plain numbers do not count: [1, 2, ...]. Large values can come from a file, or on "
                "standard input.",
            )
        self.check_characters()
        deepest = self.bracket_deeper_than(MAX_DEPTH)
        if deepest is not None:
            raise too_deep((deepest, deepest + 1))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # hints for programmers, about text that we refuse or read ourselves
                return ast.parse(self.python, mode="exec").body
        except SyntaxError as error:
            raise self.syntax_error(error) from None
        except (RecursionError, MemoryError):
            raise BoundError(
                "the expression is nested or chained deeper than Python can read",
                hint="Name the parts: h = tanh(x); sum(h**2).",
            ) from None

    def check_characters(self) -> None:
        """Raises ExpressionError at the first character that no expression can hold."""
        found = _NO_TEXT.search(self.text)
        if found is not None:
            raise ExpressionError(
                f"character {found.start() + 1} is not text (U+{ord(found[0]):04X})",
                span=found.span(),
                hint="Type the expression in UTF-8.",
            )

    def bracket_deeper_than(self, limit: int) -> int | None:
        """Where the brackets outside of strings and comments nest deeper than `limit`, None if nowhere."""
        depth = 0
        quote: str | None = None
        comment = False
        for mark in _MARK.finditer(self.python):
            position, character = mark.start() + self._indent, mark[0]
            if comment:
                comment = character != "\n"
            elif quote is not None:
                quote = None if character == quote else quote
            elif character in "'\"":
                quote = character
            elif character == "#":
                comment = True
            elif character in _OPENING:
                depth += 1
                if depth > limit:
                    return position
            elif character in _CLOSING:
                depth -= 1
        return None

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> Span:
        """The node's place in the text, in characters."""
        start = self._offset(node.lineno, node.col_offset)
        if node.end_lineno is None or node.end_col_offset is None:
            return (start, start + 1)
        return (start, self._offset(node.end_lineno, node.end_col_offset))

    def after(self, before: ast.expr, whole: Span) -> Span:
        """What follows `before` within `whole`, without the dot: the name of a method."""
        start = self.span(before)[1]
        text = self.text[start : whole[1]]
        return (start + len(text) - len(text.lstrip(". \n\t\r\f\\)")), whole[1])

    def syntax_error(self, error: SyntaxError) -> ExpressionError:
        """Python's syntax error in our words and with our span."""
        message = (error.msg or "invalid syntax").removesuffix(" (<unknown>)")
        line = min(max(error.lineno or 1, 1), len(self._lines))
        column = min(max((error.offset or 1) - 1, 0), len(self._lines[line - 1]))
        start = min(self._starts[line - 1] + column, max(len(self.text) - 1, 0))
        hint = _hint(message) or _prompt(self.text) or notation_hint(self.text)
        return ExpressionError(f"cannot read the expression: {message}", span=(start, start + 1), hint=hint)

    def _offset(self, line: int, column: int) -> int:
        text = self._lines[line - 1]
        if not text.isascii():  # ast counts UTF-8 bytes
            column = len(text.encode()[:column].decode(errors="ignore"))
        return self._starts[line - 1] + column


def notation_hint(text: str) -> str | None:
    """A hint for what is written as in mathematics, such as 2x."""
    from gradcli.language.notation import in_python  # only needed once something went wrong

    meant = in_python(text)
    return None if meant is None else f"Write {meant}"


def _prompt(text: str) -> str | None:
    """A hint where the prompt of a session was pasted with what was typed behind it."""
    return "Leave the prompt >>> out." if text.lstrip().startswith(">>>") else None


def _hint(message: str) -> str | None:
    if "never closed" in message:
        return "Close the bracket."
    if "forgot a comma" in message:
        return "Put an operator or a comma between the two."
    if "unexpected indent" in message:
        return "Start every line at the same column."
    if "Maybe you meant '=='" in message:
        return "Compare with ==; name the parts with 'h = ...;' before the last expression."
    return None


def too_deep(span: Span) -> BoundError:
    """The error of an expression that nests deeper than MAX_DEPTH."""
    return BoundError(
        f"the expression is nested more than {MAX_DEPTH} deep",
        span=span,
        hint="Name the parts: h = tanh(x); sum(h**2).",
    )
