"""What `watch` found, on a terminal, in Markdown and as a page."""
# ruff: noqa: E501 - a line of Markdown is as long as its sentence

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace

import pytest
from inline_snapshot import snapshot
from pages import Page
from watch_by_hand import FINDING, NORMS, PARAMETERS, WATCHED, nearby

from gradcli.render import page, write
from gradcli.render.blocks import SourceExcerpt
from gradcli.render.page.nearby import graph_of
from gradcli.render.page.norms import MOST_CURVES, norms_picture
from gradcli.render.view import View
from gradcli.render.views import blocks_of, table_of
from gradcli.results import ParameterNorms


def shown(view: View) -> str:
    stream = io.StringIO()
    write(WATCHED, view, stream)
    return "\n" + stream.getvalue()


def test_at_eighty_columns_the_labels_stand_behind_the_marks_or_below():
    assert shown(View(width=80)) == snapshot("""\

error[nan-forward] step 13: softmax gives nan at weights[5, 0] (and 5 more)
  --> train.py:18, in Pooling.forward

  15 | padding = torch.arange(tokens.size(1))[None, :] >= lengths[:, None]
    …
  17 | scores = scores.masked_fill(absent, float("-inf"))
     |          -----------------------------------------
     |          writes -inf into all 6 of row [5, :]
> 18 | weights = torch.softmax(scores, dim=-1)
     |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ nan is born here

why        all 6 elements of scores[5, :] are -inf; softmax subtracts the
           largest: -inf - (-inf) = nan
reached    loss = nan, before loss.backward() at line 44
spoils     model.blocks.0.attention.weight, model.blocks.1.attention.weight,
           model.blocks.2.attention.weight, model.blocks.3.attention.weight,
           model.blocks.4.attention.weight, model.blocks.5.attention.weight and
           22 more
untouched  model.query

stopped before backward; no parameter was changed in this step
13 steps, 1 error; the step was run again and every value agrees to the bit (0.3
s)
gradcli explain nan-forward
""")


def test_at_forty_columns_nothing_is_wider():
    text = shown(View(width=40))
    assert max(map(len, text.splitlines())) <= 40
    assert text == snapshot("""\

error[nan-forward] step 13: softmax
gives nan at weights[5, 0] (and 5 more)
  --> train.py:18, in Pooling.forward

  15 | padding = torch.arange(tokens.si…
    …
  17 | … scores.masked_fill(absent, flo…
     |   -------------------------------
     |   writes -inf into all 6 of row
     |   [5, :]
> 18 | … = torch.softmax(scores, dim=-1)
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     |     nan is born here

why        all 6 elements of scores[5,
           :] are -inf; softmax
           subtracts the largest: -inf -
           (-inf) = nan
reached    loss = nan, before
           loss.backward() at line 44
spoils     model.blocks.0.attention
           .weight, model.blocks.1
           .attention.weight, model
           .blocks.2.attention.weight,
           model.blocks.3.attention
           .weight, model.blocks.4
           .attention.weight, model
           .blocks.5.attention.weight
           and 22 more
untouched  model.query

stopped before backward; no parameter
was changed in this step
13 steps, 1 error; the step was run
again and every value agrees to the bit
(0.3 s)
gradcli explain nan-forward
""")


def test_in_markdown_the_source_is_a_block_of_code():
    assert shown(View(format="markdown")) == snapshot("""\

- error[nan-forward] step 13: softmax gives nan at weights[5, 0] (and 5 more)

  ```
    --> train.py:18, in Pooling.forward
  \n\
    15 | padding = torch.arange(tokens.size(1))[None, :] >= lengths[:, None]
      …
    17 | scores = scores.masked_fill(absent, float("-inf"))
       |          ----------------------------------------- writes -inf into all 6 of row [5, :]
  > 18 | weights = torch.softmax(scores, dim=-1)
       |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ nan is born here
  ```

  - why: all 6 elements of scores[5, :] are -inf; softmax subtracts the largest: -inf - (-inf) = nan
  - reached: loss = nan, before loss.backward() at line 44
  - spoils: model.blocks.0.attention.weight, model.blocks.1.attention.weight, model.blocks.2.attention.weight, model.blocks.3.attention.weight, model.blocks.4.attention.weight, model.blocks.5.attention.weight and 22 more
  - untouched: model.query

stopped before backward; no parameter was changed in this step

13 steps, 1 error; the step was run again and every value agrees to the bit (0.3 s)

gradcli explain nan-forward
""")


def test_the_label_of_a_place_that_is_too_long_to_be_shown_stands_below_its_last_line():
    long = replace(FINDING, place=replace(FINDING.place, end_line=40), related=())
    source = next(block for block in blocks_of(replace(WATCHED, findings=(long,))) if isinstance(block, SourceExcerpt))
    assert [mark.label for line in source.files[0].lines for mark in line.marks] == ["nan is born here"]


def test_the_page_has_the_source_the_graph_and_the_norms():
    text = page.text(WATCHED, View())
    read = Page(text)
    assert not read.wrong
    assert read.texts["h1"] == ["gradcli watch train.py --epochs 3"]
    assert "nan is born here" in read.texts["pre"][0]
    assert "writes -inf into all 6 of row [5, :]" in read.texts["pre"][0]
    boxes = [dict(attributes)["class"] for tag, attributes in read.tags if tag == "g" and "box" in str(attributes)]
    assert boxes == ["box input"] * 2 + ["box operation"] * 2 + ["box operation born", "box operation"]
    assert sum(str(attributes.get("class")).startswith("arrow spreads") for _, attributes in read.tags) == 2
    assert "&lt;pooled&gt;" in text
    assert "<pooled>" not in text
    assert f"{len(PARAMETERS) - MOST_CURVES} more, from the smallest to the largest" in text
    assert "step 13: error" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


def test_a_page_without_norms_and_without_neighbours_has_no_picture():
    text = page.text(replace(WATCHED, norms=None, findings=(replace(FINDING, nearby=()),)), View())
    assert "<figure" not in text
    assert "nan is born here" in text


def test_gaps_interrupt_a_curve_and_a_single_point_is_a_dot():
    one = ParameterNorms("w", (1.0, 2.0, None, 4.0, float("nan"), 0.0, *[None] * 6))
    picture = norms_picture(replace(NORMS, parameters=(one,)), (), None)
    assert picture is not None
    assert (picture.drawn.count('class="curve"'), picture.drawn.count("<circle")) == (1, 1)
    assert "error" not in picture.drawn


def test_no_picture_is_drawn_of_no_numbers():
    none = ParameterNorms("w", (0.0, float("inf"), *[None] * 10))
    assert norms_picture(replace(NORMS, parameters=(none,)), (), None) is None
    assert norms_picture(replace(NORMS, steps=(), parameters=()), (), 1) is None


def test_a_table_has_the_norms_only_where_they_were_asked_for():
    assert [column.name for column in table_of(WATCHED).columns][:3] == ["code", "severity", "message"]
    asked = table_of(replace(WATCHED, norms=replace(NORMS, asked=True)))
    assert [column.name for column in asked.columns] == ["step", *PARAMETERS]
    assert asked.rows == len(NORMS.steps)


BAD, BORN = {"non_finite": 3}, {"is_origin": True}
BACK = {"gradient_non_finite": 3}


@pytest.mark.parametrize(
    ("operand", "reader", "red"),
    [
        (BAD, BAD, True),
        (BAD, {}, False),  # cleaned
        ({}, BAD | BORN, False),  # born from finite numbers
        (BACK, BACK, True),
        (BACK, BORN, True),  # the reader sends it on, though what reached it is finite
        (BACK, {}, False),  # it came another way
        ({}, BACK, False),
        ({}, BORN, False),
    ],
)
def test_an_arrow_is_red_where_what_is_not_finite_went_along_it(
    operand: Mapping[str, object], reader: Mapping[str, object], red: bool
) -> None:
    first, second = (replace(nearby("x", "leaf"), **operand), replace(nearby("y", "sqrt", 0, line=18), **reader))  # type: ignore[arg-type]
    assert [arrow.spreads for arrow in graph_of(replace(FINDING, nearby=(first, second))).arrows] == [red]


def test_the_way_back_into_an_origin_is_drawn_red_on_the_page():
    def arrows(**of_leaf: int) -> int:
        leaf = replace(nearby("x", "leaf"), **of_leaf)  # type: ignore[arg-type]
        steps = (leaf, nearby("root", "sqrt", 0, line=18, born=True), nearby("loss", "sum", 1, line=19))
        found = replace(FINDING, code="inf-backward", nearby=steps)
        return page.text(replace(WATCHED, norms=None, findings=(found,)), View()).count('class="arrow spreads"')

    assert (arrows(gradient_non_finite=3), arrows()) == (1, 0)
