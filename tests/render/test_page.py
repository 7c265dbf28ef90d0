"""An answer as a page: whole HTML that needs nothing else, with the terminal's numbers and nobody else's markup."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from answers_by_hand import ANSWERS, CHECK, FUNCTIONS, ONE_SCENARIO, SECOND_TIME
from each import each
from pages import NEEDS_MATPLOTLIB, Page, with_pictures, written
from results_by_hand import MATRICES, NON_FINITE, SIGMOID, STEP_AND_SIGMOID, with_values
from traces_by_hand import HOSTILE, MASKED, RAISED, chain, hostile

from gradcli.render import page
from gradcli.render.blocks import Excerpt, Facts, Heading, Note, Table, Verbatim
from gradcli.render.cells import ShownRows, shown_cells
from gradcli.render.json import to_json
from gradcli.render.view import Answer, View
from gradcli.render.views import blocks_of

VIEW = View()
ALL = ANSWERS | {"masked": MASKED, "raised": RAISED, "chain": chain(300), "hostile": hostile()}


@pytest.fixture(autouse=True)
def _without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here is the page without curves."""
    with_pictures(monkeypatch, NEEDS_MATPLOTLIB)


def read(answer: Answer, view: View = VIEW) -> Page:
    return Page(written(answer, view))


@each("name", ALL)
def test_every_element_is_closed_where_it_should_be(name: str):
    assert read(ALL[name]).wrong == []


def test_a_page_with_an_unclosed_element_would_be_noticed():
    assert Page("<p><b>x</p>").wrong
    assert Page("<p>x").wrong


@each("name", ALL)
def test_a_page_asks_nobody_for_anything(name: str):
    text = written(ALL[name])
    found = read(ALL[name])
    assert not [tag for tag, _ in found.tags if tag in ("link", "img", "iframe", "object", "a", "base", "form", "use")]
    assert not [name for _, given in found.tags for name in given if name in ("src", "href", "srcset", "xlink:href")]
    assert not [name for _, given in found.tags for name in given if name.startswith("on")]
    styles = "".join(found.texts["style"])
    assert not re.search(r"@import|url\(|expression\(", styles)
    outside = re.sub(r'xmlns="http://www.w3.org/2000/svg"|http-equiv', "", text)
    assert "http" not in re.sub(r"<script.*?</script>|<dd.*?</dd>|<td.*?</td>", "", outside, flags=re.DOTALL)


@pytest.mark.parametrize("name", ALL)
def test_the_browser_is_told_to_run_and_to_load_nothing(name: str):
    (policy,) = [given["content"] for tag, given in read(ALL[name]).tags if tag == "meta" and "http-equiv" in given]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    scripts = [given for tag, given in read(ALL[name]).tags if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "gradcli-result"}]


@each("name", ALL)
def test_every_block_of_the_terminal_is_on_the_page(name: str):
    found = read(ALL[name])
    blocks = blocks_of(ALL[name])
    tables = [block for block in blocks if isinstance(block, Table)]
    assert len(found.tables) == len(tables)
    assert len(found.texts.get("h1", [])) == sum(isinstance(block, Heading) for block in blocks)
    assert sum(given.get("class") == "excerpt" for _, given in found.tags) == sum(
        isinstance(block, Excerpt) for block in blocks
    )
    assert sum(given.get("class") == "verbatim" for _, given in found.tags) == sum(
        isinstance(block, Verbatim) for block in blocks
    )
    assert sum(given.get("class") == "facts" for _, given in found.tags) == sum(
        isinstance(block, Facts) for block in blocks
    )
    notes = [block for block in blocks if isinstance(block, Note)]
    extra = sum("more" in text and "…" in text for text in found.texts.get("p", []))
    remarks = sum(isinstance(block, Heading) and bool(block.remark) for block in blocks)
    pictures = sum("matplotlib" in text for text in found.texts.get("p", []))
    assert len(found.texts.get("p", [])) == len(notes) + extra + remarks + pictures


@each("name", ALL)
@each("precision", [3, 6])
def test_the_numbers_of_a_table_are_those_of_the_terminal(name: str, precision: int):
    view = View(precision=precision)
    found = read(ALL[name], view)
    tables = [block for block in blocks_of(ALL[name]) if isinstance(block, Table)]
    for seen, table in zip(found.tables, tables, strict=True):
        shown = ShownRows.of(table, view)
        cells = [shown_cells(column, precision, shown) for column in table.columns]
        assert seen[0] == [column.name for column in table.columns]
        assert [row for row in seen[1:] if len(row) > 1 or not shown.hidden] == [
            list(row) for row in zip(*cells, strict=True)
        ]


def test_decimal_points_stand_below_each_other():
    rows = re.findall(
        r'<td class="number"(?: style="--behind:(\d+)")?>([^<]+)</td>', written(with_values([1, 0.25, 10]))
    )
    points = {text: len(text.partition(".")[2]) + ("." in text) + int(pad or 0) for pad, text in rows}
    assert points["1"] == points["0.25"] == points["10"] == 3


def test_a_long_table_is_cut_as_everywhere_and_a_short_one_is_not():
    long = with_values(list(range(1000)))
    assert "… 980 more" in written(long)
    rows = read(long).tables[0]
    assert (len(rows), rows[11][0], rows[12][0], rows[-1][0]) == (1 + 20 + 1, "… 980 more", "990", "999")
    assert " more" not in written(long, View(max_rows=None))
    assert "… " not in written(SIGMOID)


@each("name", [name for name in ALL if name not in ("failure", "mistake")])
def test_the_page_holds_the_exact_result_for_programs(name: str):
    (embedded,) = read(ALL[name]).texts["script"]
    assert json.loads(embedded) == json.loads(to_json(ALL[name]))


def test_numbers_too_many_for_a_page_are_left_out_with_a_word_about_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "MOST_EMBEDDED", len(to_json(SIGMOID)))
    assert "<script" in written(SIGMOID)
    monkeypatch.setattr(page, "MOST_EMBEDDED", len(to_json(SIGMOID)) - 1)
    assert "<script" not in written(SIGMOID)
    assert "write them with --json" in written(SIGMOID)


def test_a_users_text_stays_text():
    text, found = written(hostile()), read(hostile())
    assert "<script>alert" not in text
    assert sum(tag == "script" for tag, _ in found.tags) == 1
    assert "alert(1)" in found.texts["h1"][0]
    assert "alert(1)" in found.texts["title"][0]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe]", text)


def test_a_hostile_name_of_an_input_stays_text_in_headers_of_tables():
    (points,), (slopes,) = SIGMOID.inputs.values(), SIGMOID.gradients.values()
    text = written(replace(SIGMOID, inputs={HOSTILE: points}, gradients={HOSTILE: slopes}))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_the_embedded_json_cannot_end_its_element():
    (embedded,) = re.findall(r'id="gradcli-result">(.*?)</script>', written(hostile()), re.DOTALL)
    assert not set("<>&") & set(embedded)
    assert embedded.isascii()
    assert json.loads(embedded)["expression"] == HOSTILE


def test_undecodable_bytes_of_a_command_line_do_not_stop_the_page():
    assert "\\udcff" in written(replace(SIGMOID, expression="x\udcff"))


def test_the_place_of_a_finding_is_marked_and_has_carets_below():
    text = written(MASKED)
    assert '<code>where(x &gt; 0, <span class="place"><mark>sqrt(x)</mark>' in text
    assert f'aria-hidden="true">{"^" * 7}</span></span>, 0 * x)</code>' in text


def test_a_place_in_a_later_line_shows_that_line_and_one_beyond_the_end_shows_no_other():
    program = replace(SECOND_TIME, expression="y = exp(x)\ny += 1\nsum(y)", span=(11, 17))
    text = written(program)
    assert '<pre class="excerpt" tabindex="0"><code><span class="place"><mark>y += 1</mark>' in text
    assert "<mark></mark>" in written(replace(program, span=(900, 990)))


def test_a_severity_is_a_word_and_not_only_a_colour():
    found = read(MASKED)
    assert "error[masked-branch]" in found.texts["strong"]
    classes = [given.get("class") for tag, given in found.tags if tag == "section"]
    assert classes == ["finding error"]
    warned = [given.get("class") for tag, given in read(MATRICES).tags if tag == "section"]
    assert warned == ["finding warning"]


def test_a_finding_its_place_and_its_fix_are_one_section():
    (section,) = re.findall(r"<section.*?</section>", written(MASKED), re.DOTALL)
    assert "sqrt(x) at x[0] = 0: &lt;inf&gt; &amp; nan" in section
    assert "<mark>sqrt(x)</mark>" in section
    assert "<code>sqrt(1)</code>" in section


def test_a_table_behind_an_error_is_no_part_of_it():
    (section,) = re.findall(r"<section.*?</section>", written(ONE_SCENARIO), re.DOTALL)
    assert "a second time" in section
    assert "<table" not in section


def test_what_pytorch_raised_is_there_word_for_word():
    found = read(ONE_SCENARIO)
    assert f"\n{SECOND_TIME.message}" in found.texts["pre"]
    assert "PyTorch raised RuntimeError:" in found.texts["p"]


def test_the_footer_says_where_and_with_what_it_was_computed():
    dd = read(SIGMOID).texts["dd"][-4:]
    assert dd[1:] == ["2.13.0+cpu", "cpu", "float32"]
    drawn = replace(SIGMOID, setting=replace(SIGMOID.setting, draws=True))
    assert read(drawn).texts["dd"][-2:] == ["float32", "0"]
    assert "device" not in read(FUNCTIONS).texts["dt"]


def test_a_trace_has_its_graph_before_its_table_and_other_answers_have_none():
    text = written(MASKED)
    assert text.index("</section>") < text.index("<svg") < text.index("<table>")
    assert text.count("<svg") == 1
    assert "<svg" not in written(CHECK)


def test_the_tree_can_stand_on_the_page():
    assert "│  └─ x  #1" in written(MASKED, View(tree=True))
    assert "<table>" not in written(MASKED, View(tree=True))


def test_values_that_are_not_finite_are_words():
    assert [row[-1] for row in read(NON_FINITE).tables[0][1:]] == ["nan", "inf", "0", "-inf"]


def test_a_number_that_is_not_there_is_a_dash():
    values, derivatives = read(STEP_AND_SIGMOID).tables
    assert not any("-" in row for row in values)
    assert [row[1] for row in derivatives] == ["heaviside'", "-", "-", "-"]


def test_the_same_answer_is_the_same_page():
    assert written(MASKED) == written(MASKED)


def test_a_page_needs_no_torch_and_no_other_command_loads_it():
    program = (
        "import io, sys; from gradcli.results import FunctionsResult; from gradcli.render import View, write;"
        "write(FunctionsResult(None, ()), View(), io.StringIO());"
        "print('gradcli.render.page' in sys.modules, 'gradcli.render.drawings' in sys.modules);"
        "from gradcli.render import page; page.write(FunctionsResult(None, ()), View(), io.BytesIO());"
        "print('torch' in sys.modules, 'matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\nFalse False\n"


def test_a_value_of_any_shape_fits_into_the_page():
    assert read(with_values(np.zeros((2, 3)).tolist())).wrong == []
