"""Text that others wrote, made safe to show; and how wide text is on a terminal."""

from __future__ import annotations

import re
import unicodedata

from gradcli.exceptions import Span

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters, escapes, invisible and direction-changing characters, halves of surrogates, what XML has not."""

_PLACES_OF_THE_BUILD = re.compile(r" ?(\(Triggered internally at .*?\)|Traceback of forward call.*)", re.DOTALL)
_PIECE = re.compile(r".+?(?:[(\[,_]+|(?=\.[A-Za-z])|$)")

_PLAINER = str.maketrans(
    {"…": "...", "—": "-", "–": "-", "·": "*", "│": "|", "┤": "|", "┬": "+", "└": "+", "─": "-", "┊": ":", "′": "'"}
    | {"“": '"', "”": '"', "‘": "'", "’": "'", "≤": "<=", "≥": ">=", "−": "-", "×": "x", "\u2800": " "}
    | {"░": "~", "▓": "="}
    | {chr(code): "*" for code in range(0x2801, 0x2900)}
    | {"\u2805": ":", "\u2828": ":", "├": "+"}
)
"""Stand-ins for a stream that cannot hold the character; all braille dots become one star, a dotted line colons."""


def visible(text: str) -> str:
    """One line of text in which nothing moves the cursor, changes colours or hides."""
    return _UNSEEN.sub(_escape, text.replace("\t", " "))


def in_units(match: re.Match[str]) -> str:
    """Characters as JSON escapes them."""
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))


def harmless(text: str) -> str:
    """A machine's format on a terminal: lines stay lines, what would move the cursor or hide is escaped."""
    return "\n".join(_UNSEEN.sub(in_units, line) for line in text.split("\n"))


def without_places(text: str) -> str:
    """A warning of PyTorch's without the files that it was built from."""
    return _PLACES_OF_THE_BUILD.sub("", text).strip()


def one_line(text: str) -> str:
    """The statements of an expression on one line, made visible."""
    return visible("; ".join(line.strip().rstrip(";") for line in text.split("\n") if line.strip()))


def visible_lines(text: str) -> list[str]:
    """The lines of a text, each made visible; tabs become four spaces."""
    return [visible(line.expandtabs(4)) for line in text.split("\n")]


def escaped(text: str) -> str:
    """One line of text for an element or an attribute: nothing in it is markup, hides or turns what follows."""
    from html import escape  # only for pictures and pages

    return escape(visible(text))


def encodable(text: str, charset: str = "utf-8") -> str:
    """The text with escapes for what the charset lacks.

    UTF-8 lacks the halves of surrogate pairs, which undecodable bytes of a command line become.
    """
    if text.isascii():  # which every charset has
        return text
    return text.encode(charset, "backslashreplace").decode(charset)


def as_charset(text: str, charset: str) -> str:
    """The text in characters that `charset` has: plainer ones, or escapes such as \\u03b1."""
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return encodable(text.translate(_PLAINER), charset)
    return text


def width_of(text: str) -> int:
    """Columns on a terminal: two for wide characters, none for combining ones."""
    return len(text) if text.isascii() else sum(map(_character_width, text))


def first_columns(text: str, columns: int) -> str:
    """As much of the beginning as fits."""
    used = 0
    for place, character in enumerate(text):
        used += _character_width(character)
        if used > columns:
            return text[:place]
    return text


def last_columns(text: str, columns: int) -> str:
    """As much of the end as fits."""
    used = 0
    for place in range(len(text), 0, -1):
        used += _character_width(text[place - 1])
        if used > columns:
            return text[place:]
    return text


def shortened(text: str, columns: int) -> str:
    """The text, or its beginning and its end around an ellipsis."""
    if width_of(text) <= columns:
        return text
    half = max(1, (columns - 1) // 2)
    return f"{first_columns(text, half)}…{last_columns(text, half)}"


def shortened_end(text: str, columns: int, ellipsis: str) -> str:
    """The text, or its beginning with an ellipsis behind it."""
    return text if width_of(text) <= columns else first_columns(text, columns - len(ellipsis)) + ellipsis


def wrapped(text: str, width: int | None) -> list[str]:
    """Lines broken at spaces, and in words longer than a line behind brackets, commas and underscores.

    A number is never cut. Leading spaces are kept on every line.
    """
    if width is None or width_of(text) <= width:
        return [text]
    indent = text[: len(text) - len(text.lstrip(" "))]
    room = width - len(indent)
    lines: list[str] = []
    line = ""
    for word in text.split():
        pieces = pieces_of(word) if width_of(word) > room else [word]
        for number, piece in enumerate(pieces):
            longer = f"{line}{' ' if line and number == 0 else ''}{piece}"
            if line and width_of(longer) > room:
                lines.append(line)
                longer = piece
            line = longer
    return [indent + line for line in (*lines, line)]


def pieces_of(word: str) -> list[str]:
    """The parts of a word that must stay together: an identifier, a number, with the punctuation behind it."""
    return _PIECE.findall(word)


def _character_width(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 0 if unicodedata.category(character) in ("Mn", "Me") else 1


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\u{code:04x}" if code > 0xFF else f"\\x{code:02x}"


def excerpt(text: str, span: Span, width: int, charset: str = "utf-8") -> tuple[str, str]:
    """The line of `text` in which the span begins, and carets under the span; both at most `width` columns.

    What does not fit is replaced by an ellipsis. An empty span has one caret.
    """
    before, marked, after = (as_charset(part, charset) for part in line_around(text, span))
    before, marked, after = _fitted(before, marked, after, width, as_charset("…", charset))
    return before + marked + after, " " * width_of(before) + "^" * max(1, width_of(marked))


def line_around(text: str, span: Span) -> tuple[str, str, str]:
    """The line of `text` in which the span begins, made visible: before the span, what it marks, and behind it."""
    start = min(max(span[0], 0), len(text))
    end = min(max(span[1], start), len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    stop = min(end, line_end)
    return visible(text[line_start:start]), visible(text[start:stop]), visible(text[stop:line_end])


def _fitted(before: str, marked: str, after: str, width: int, ellipsis: str) -> tuple[str, str, str]:
    if width_of(before + marked + after) <= width:
        return before, marked, after
    dots = len(ellipsis)
    marked_room = max(1, width - 2 * dots)
    if width_of(marked) > marked_room:
        marked = first_columns(marked, max(1, marked_room - dots)) + ellipsis
    room = max(0, width - width_of(marked))
    room_before = max(room // 2, room - width_of(after))
    if width_of(before) > room_before:
        before = ellipsis + last_columns(before, max(0, room_before - dots))
    room_after = max(0, room - width_of(before))
    if width_of(after) > room_after:
        after = first_columns(after, max(0, room_after - dots)) + ellipsis
    return before, marked, after
