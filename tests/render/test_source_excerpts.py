"""Excerpts of programs: carets stay under their places, however narrow the screen and wide the characters."""

from __future__ import annotations

from inline_snapshot import snapshot

from gradcli.render.blocks import FileLines, Mark, MarkedLine, SourceExcerpt
from gradcli.render.layout import plain_text
from gradcli.render.source_excerpt import excerpt_lines
from gradcli.render.text import width_of


def line(number: int, text: str, part: str = "", label: str = "", *, leads: bool = True) -> MarkedLine:
    """A line with a mark under a part of it."""
    start = text.index(part)
    marks = (Mark((start, start + len(part)), label, leads),) if part else ()
    return MarkedLine(number, text, marks, leads and bool(part))


def drawn(*lines: MarkedLine, width: int | None = None, charset: str = "utf-8") -> str:
    block = SourceExcerpt("train.py:18, in Pooling.forward", (FileLines(None, lines),), "error")
    return "\n" + "\n".join(plain_text(excerpt_lines(block, width, charset))) + "\n"


FILL = line(
    17,
    '        scores = scores.masked_fill(absent, float("-inf"))',
    'scores.masked_fill(absent, float("-inf"))',
    "writes -inf into all 6 of row [5, :]",
    leads=False,
)
SOFTMAX = line(
    18, "        weights = torch.softmax(scores, dim=-1)", "torch.softmax(scores, dim=-1)", "nan is born here"
)


def test_the_place_and_the_second_place_are_marked_with_what_happens_there():
    assert drawn(FILL, SOFTMAX, width=100) == snapshot("""\

  --> train.py:18, in Pooling.forward

  17 |         scores = scores.masked_fill(absent, float("-inf"))
     |                  -----------------------------------------
     |                  writes -inf into all 6 of row [5, :]
> 18 |         weights = torch.softmax(scores, dim=-1)
     |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ nan is born here
""")


def test_on_a_narrow_screen_lines_move_left_and_labels_go_below():
    text = drawn(FILL, SOFTMAX, width=40)
    assert text == snapshot("""\

  --> train.py:18, in Pooling.forward

  17 | … scores.masked_fill(absent, flo…
     |   -------------------------------
     |   writes -inf into all 6 of row
     |   [5, :]
> 18 | … = torch.softmax(scores, dim=-1)
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     |     nan is born here
""")
    assert max(map(width_of, text.split("\n"))) <= 40


def test_a_long_line_is_cut_around_the_mark():
    long = f"    y = {'first_term + ' * 20}torch.log(p){' + last_term' * 20}"
    text = drawn(line(3, long, "torch.log(p)", "inf is born here"), width=60)
    assert text == snapshot("""\

  --> train.py:18, in Pooling.forward

> 3 | …term + first_term + torch.log(p) + last_term + last_…
    |                      ^^^^^^^^^^^^ inf is born here
""")
    assert max(map(width_of, text.split("\n"))) <= 60


def test_a_long_line_with_two_marks_is_shown_around_each():
    text = f"y = torch.log(p){' + other' * 20} + torch.sqrt(q)"
    first, second = text.index("torch.log(p)"), text.index("torch.sqrt(q)")
    both = (Mark((first, first + 12), "here", True), Mark((second, second + 13), "there", False))
    assert drawn(MarkedLine(7, text, both, True), width=40) == snapshot("""\

  --> train.py:18, in Pooling.forward

> 7 | y = torch.log(p) + other + other …
    |     ^^^^^^^^^^^^ here
> 7 | …r + other + other + torch.sqrt(q)
    |                      -------------
    |                      there
""")


def test_tabs_and_wide_characters_keep_the_mark_in_its_place():
    assert drawn(line(4, "\tlabel = '損失'; y = f(x,\tp)", "f(x,\tp)", "nan"), width=60) == snapshot("""\

  --> train.py:18, in Pooling.forward

> 4 |     label = '損失'; y = f(x,    p)
    |                         ^^^^^^^^^^ nan
""")


def test_lines_between_are_left_out_and_other_files_are_named():
    block = SourceExcerpt(
        "train.py:9",
        (FileLines(None, (line(9, "y = f(x)", "f(x)", "a"), line(120, "z = y"))), FileLines("f.py", (line(2, "b"),))),
    )
    assert "\n" + "\n".join(plain_text(excerpt_lines(block, 60, "ascii"))) + "\n" == snapshot("""\

  --> train.py:9

>   9 | y = f(x)
      |     ^^^^ a
     ...
  120 | z = y
     ::: f.py
    2 | b
""")


def test_a_place_without_lines_is_named_alone():
    assert drawn() == snapshot("""\

  --> train.py:18, in Pooling.forward
""")
