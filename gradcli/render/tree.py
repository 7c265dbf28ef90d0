"""A tree as lines of text: branches drawn once, numbers beside them where they fit and below them where not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradcli.render.blocks import Branch, Tree
from gradcli.render.layout import GAP, Line
from gradcli.render.summaries import summary
from gradcli.render.text import as_charset, shortened, visible, width_of
from gradcli.render.view import View

_DASH = "-"
_LONGEST = (40, 32, 24)
"""Columns of an expression; a longer one is shortened in the middle, the more the less room there is."""
_DEEPEST = 8
"""Levels below a root; what lies deeper is drawn below, as a tree of its own."""
_COLUMNS_A_LEVEL = 10
_UNBOUNDED = 100


@dataclass(frozen=True)
class _Row:
    """A line of the tree: what stands before the text, and before whatever comes below it."""

    branch: Branch
    before: str
    below: str
    label: str = ""
    drawn: bool = True


def tree_lines(tree: Tree, view: View) -> list[Line]:
    """The tree at the width of the terminal, and how many rows of it were left out."""
    deepest = max(2, min(_DEEPEST, (view.width or _UNBOUNDED) // _COLUMNS_A_LEVEL))
    rows = list(_rows(tree, deepest))
    shown = rows if view.max_rows is None else rows[: view.max_rows]
    lines = _beside(tree, shown, view) or _below(tree, shown, view)
    if len(shown) < len(rows):
        lines.append(((f"… {len(rows) - len(shown)} more", "quiet"),))
    return [tuple((as_charset(text, view.charset), tone) for text, tone in line) for line in lines]


def _rows(tree: Tree, deepest: int) -> Iterator[_Row]:
    """Depth first, without recursion: a program can be a thousand steps deep."""
    uses = Counter(part for branch in tree.branches for part in branch.parts)
    uses.update(tree.roots)
    labels: dict[int, str] = {}
    drawn: set[int] = set()
    roots = list(tree.roots)
    for root in roots:  # grows while it is walked
        if root in drawn:
            continue
        waiting = [(root, "", "", 0)]
        while waiting:
            number, before, below, depth = waiting.pop()
            branch = tree.branches[number]
            shared = uses[number] > 1
            if shared and number not in labels:
                labels[number] = f"#{len(labels) + 1}"
            if number in drawn:
                yield _Row(branch, before, below, f"see {labels[number]}", drawn=False)
                continue
            if depth >= deepest and branch.parts:
                labels.setdefault(number, f"#{len(labels) + 1}")
                roots.append(number)
                yield _Row(branch, before, below, f"see {labels[number]} below", drawn=False)
                continue
            drawn.add(number)
            yield _Row(branch, before, below, labels.get(number, ""))
            last = len(branch.parts) - 1
            waiting += [
                (
                    part,
                    below + ("└─ " if place == last else "├─ "),
                    below + ("   " if place == last else "│  "),
                    depth + 1,
                )
                for place, part in reversed(list(enumerate(branch.parts)))
            ]


def _beside(tree: Tree, rows: Sequence[_Row], view: View) -> list[Line] | None:
    """Numbers in columns, or None where they do not fit; first the last columns go, then the expressions shrink."""
    columns = [_cells(rows, place, view.precision) for place in range(len(tree.names))]
    named = [(name, cells) for name, cells in zip(tree.names, columns, strict=True) if any(map(_is_number, cells))]
    for count in range(len(named), min(2, len(named)) - 1, -1):
        for longest in _LONGEST:
            texts = [_text(row, longest) for row in rows]
            parts = [("", texts), *named[:count]]
            widths = [max(map(width_of, (name, *cells))) for name, cells in parts]
            if view.width is None or sum(widths) + len(GAP) * count <= view.width:
                return _table(rows, parts, widths)
    return None


def _table(rows: Sequence[_Row], parts: Sequence[tuple[str, Sequence[str]]], widths: Sequence[int]) -> list[Line]:
    header = GAP.join(_padded(name, width) for (name, _), width in zip(parts, widths, strict=True))
    lines: list[Line] = [((header.rstrip(), "quiet"),)] if len(parts) > 1 else []
    for place, row in enumerate(rows):
        cells = [_padded(cells[place], width) for (_, cells), width in zip(parts, widths, strict=True)]
        lines += _gap(place, row)
        lines.append(_line(row, GAP.join(cells).rstrip()))
        lines += _remark(row)
    return lines


def _below(tree: Tree, rows: Sequence[_Row], view: View) -> list[Line]:
    """Under each expression its numbers, one a line."""
    width = view.width or _UNBOUNDED
    column = max(map(len, tree.names)) + len(GAP)
    lines: list[Line] = []
    for place, row in enumerate(rows):
        lines += _gap(place, row)
        room = width - width_of(row.before) - (len(GAP + row.label) if row.label else 0)
        lines.append(_line(row, _text(row, max(8, min(_LONGEST[0], room)))))
        for name, tensor in zip(tree.names, row.branch.tensors, strict=True):
            if row.drawn and tensor is not None:
                number = summary(tensor, view.precision)
                lines.append(((row.below + _stem(row), "quiet"), (f"{name:{column}}", "quiet"), (number, "plain")))
        lines += _remark(row)
    return lines


def _gap(place: int, row: _Row) -> list[Line]:
    """An empty line between two trees."""
    return [()] if place and not row.before else []


def _line(row: _Row, text: str) -> Line:
    """The lines of the tree are quiet, and an expression has the tone of what was found at it."""
    return ((row.before, "quiet"), (text[len(row.before) :], row.branch.tone if row.drawn else "quiet"))


def _remark(row: _Row) -> Iterator[Line]:
    if row.drawn and row.branch.remark is not None:
        yield ((row.below + _stem(row), "quiet"), (f"^ {row.branch.remark}", row.branch.tone))


def _stem(row: _Row) -> str:
    """The line from a branch down to its parts."""
    return "│  " if row.branch.parts else "   "


def _text(row: _Row, longest: int) -> str:
    label = f"{GAP}{row.label}" if row.label else ""
    return row.before + shortened(visible(row.branch.text), longest) + label


def _cells(rows: Sequence[_Row], place: int, digits: int | None) -> list[str]:
    """A dash where there is none; nothing where it stands elsewhere."""
    return [
        "" if not row.drawn else _DASH if (tensor := row.branch.tensors[place]) is None else summary(tensor, digits)
        for row in rows
    ]


def _is_number(cell: str) -> bool:
    return cell not in ("", _DASH)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))
