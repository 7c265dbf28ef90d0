"""A piece of the user's text with carets under the place in question."""

from __future__ import annotations

from gradcli.errors import Span
from gradcli.render.text import as_charset, first_columns, last_columns, visible, width_of


def excerpt(text: str, span: Span, width: int, charset: str = "utf-8") -> tuple[str, str]:
    """The line of `text` in which the span begins, and carets under the span; both at most `width` columns.

    What does not fit is replaced by an ellipsis. An empty span has one caret.
    """
    start = min(max(span[0], 0), len(text))
    end = min(max(span[1], start), len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end

    def shown(first: int, last: int) -> str:
        return as_charset(visible(text[first:last]), charset)

    marked_end = min(end, line_end)
    before, marked, after = shown(line_start, start), shown(start, marked_end), shown(marked_end, line_end)
    before, marked, after = _fitted(before, marked, after, width, as_charset("…", charset))
    return before + marked + after, " " * width_of(before) + "^" * max(1, width_of(marked))


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
