"""The graph of a trace: which boxes and arrows it has, and how they are written in each language."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pytest
from answers_by_hand import FUNCTIONS, MISTAKE, SECOND_TIME
from each import each
from results_by_hand import SIGMOID, leaf, tensor
from traces_by_hand import HOSTILE, MASKED, RAISED, TEXT, chain, hostile, step, trace

from gradcli.exceptions import OutputError
from gradcli.render.drawings import dot, mermaid, svg
from gradcli.render.drawings.model import MOST, Arrow, graph_of, output_of
from gradcli.render.view import View

VIEW = View()
SVG = "{http://www.w3.org/2000/svg}"
LANGUAGES = [mermaid, dot, svg]


def written(module: ModuleType, answer: object) -> str:
    stream = io.BytesIO()
    module.write(answer, VIEW, stream)
    return stream.getvalue().decode()


def test_a_box_a_step_and_an_arrow_from_each_operand():
    graph = graph_of(MASKED, 6)
    assert [box.title for box in graph.boxes] == ["x", "x > 0", "sqrt(x)", "0 * x", TEXT]
    assert [(arrow.start, arrow.end) for arrow in graph.arrows] == [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)]
    assert graph.note is None


def test_the_birthplace_is_marked_apart_from_other_findings_and_from_none():
    assert [box.mark for box in graph_of(MASKED, 6).boxes] == [None, None, "born", "found", None]
    assert [box.remark for box in graph_of(MASKED, 6).boxes[2:4]] == ["born here: masked-branch", "found here: flat"]


def test_a_step_that_raised_is_marked_and_one_that_did_not_is_not():
    boxes = graph_of(RAISED, 6).boxes
    assert [box.mark for box in boxes] == [None, None, None, "raised"]
    assert boxes[-1].remark == "PyTorch raised here"
    assert [box.role for box in boxes] == ["input", "operation", "input", "operation"]


def test_a_step_that_has_a_value_did_not_raise_but_the_error_of_the_backward_pass_is_about_it():
    failure = replace(RAISED, stopped=1)
    assert [box.remark for box in graph_of(failure, 6).boxes] == [None, "PyTorch's error is about this", None, None]


def test_inputs_and_the_output_say_so_and_a_frozen_input_too():
    operations = [box.operation for box in graph_of(RAISED, 6).boxes]
    assert operations == ["input", "exp, ExpBackward0", "input, not differentiated", "matmul"]
    assert graph_of(MASKED, 6).boxes[-1].operation == "output, where, WhereBackward0"


def test_a_box_has_what_there_is_and_nothing_for_what_there_is_not():
    boxes = graph_of(MASKED, 6).boxes
    assert boxes[1].facts == (("value", "[false, true]"),)
    assert boxes[2].facts == (("value", "[0, 1]"), ("gradient", "[0, 1]"), ("slope", "[inf, 0.5]"))


def test_only_the_arrow_that_the_nan_came_along_is_red():
    assert [arrow for arrow in graph_of(MASKED, 6).arrows if arrow.spreads] == [Arrow(0, 2, True)]


def test_an_infinite_value_is_followed_down_and_one_that_is_swallowed_is_not():
    steps = (
        step("x", "leaf", value=tensor([0])),
        step("log(x)", "log", [0], value=tensor([-np.inf]), findings=["inf-forward"]),
        step("2 * log(x)", "mul", [1], value=tensor([-np.inf])),
        step("exp(2 * log(x))", "exp", [2], value=tensor([0])),
    )
    arrows = graph_of(trace("exp(2 * log(x))", steps), 6).arrows
    assert [(arrow.start, arrow.end) for arrow in arrows if arrow.spreads] == [(1, 2)]


def test_the_output_need_not_be_the_last_step():
    steps = (
        step("x", "leaf", value=tensor([1, 2])),
        step("exp(x)", "exp", [0], value=tensor([3, 4])),
        step("y * 2", "mul", [1], value=tensor([6, 8])),
    )
    assert output_of(trace("y = exp(x); z = y * 2; y", steps, output=tensor([3, 4]))) == 1
    assert output_of(trace("exp(x) * 2", steps, output=tensor([6, 8]))) == 2
    assert output_of(RAISED) is None


def test_a_graph_of_200_steps_is_whole_and_one_more_says_what_is_left_out():
    assert graph_of(chain(MOST), 6).note is None
    graph = graph_of(chain(MOST + 1), 6)
    assert len(graph.boxes) == MOST
    assert graph.note == "200 of 201 steps: those nearest to the output"
    assert graph.boxes[0].number == 1
    assert graph.boxes[0].more == "reads x"


def test_what_is_kept_of_a_large_graph_lies_around_the_findings():
    graph = graph_of(chain(5000, findings=[2500]), 6)
    assert graph.note == "200 of 5,000 steps: those nearest to what was found"
    numbers = [box.number for box in graph.boxes]
    assert numbers == list(range(numbers[0], numbers[0] + MOST))
    assert abs(numbers[0] + MOST / 2 - 2500) <= 1


def test_a_step_that_many_read_has_no_long_arrows_but_is_named():
    shared = step("w", "leaf", value=tensor(2.0))
    steps = [shared, step("x", "leaf", value=tensor(1.0))]
    steps += [step(f"y{n}", "mul", [len(steps) + n - 1, 0], value=tensor(float(n))) for n in range(30)]
    graph = graph_of(trace("a long product", steps, inputs={"w": leaf(2.0), "x": leaf(1.0)}), 6)
    assert [arrow.end for arrow in graph.arrows if arrow.start == 0] == [2, 3, 4]
    assert [box.more for box in graph.boxes[2:6]] == [None, None, None, "reads w"]


@each("module", LANGUAGES)
@each("answer", [SIGMOID, FUNCTIONS, SECOND_TIME, MISTAKE])
def test_an_answer_without_a_graph_is_refused_with_the_command_that_has_one(module: ModuleType, answer: object):
    with pytest.raises(OutputError, match="there is no graph") as refused:
        written(module, answer)
    assert "gradcli trace" in (refused.value.hint or "")


@each("module", LANGUAGES)
@each("answer", [MASKED, RAISED, hostile(), trace("x", ()), chain(30)])
def test_the_same_trace_is_the_same_bytes(module: ModuleType, answer: object):
    assert written(module, answer) == written(module, answer)


def test_mermaid_for_a_trace_that_raised():
    text = written(mermaid, RAISED)
    assert text.partition("    classDef")[0] == (
        "flowchart TD\n"
        '    s0(["x<br/>input<br/>value #91;0, 1#93;"]):::input\n'
        '    s1["exp(x)<br/>exp, ExpBackward0<br/>value #91;1, 2.718#93;"]:::operation\n'
        '    s2(["w<br/>input, not differentiated<br/>value #91;1, 2, 3#93;"]):::input\n'
        '    s3["exp(x) #64; w<br/>matmul<br/>PyTorch raised here"]:::raised\n'
        "    s0 --> s1\n"
        "    s1 --> s3\n"
        "    s2 --> s3\n"
    )
    classes = set(re.findall(r"classDef (\w+)", text))
    assert classes == {"input", "operation", "output", "found", "born", "raised"}


def test_mermaid_draws_the_way_of_the_nan_thick_and_red():
    text = written(mermaid, MASKED)
    assert "    s0 ==> s2\n" in text
    assert "    linkStyle 1 stroke:#cf222e,stroke-width:2px\n" in text
    assert "linkStyle" not in written(mermaid, chain(5))


def test_nothing_of_a_users_text_is_markup_in_mermaid():
    labels = re.findall(r'\["(.*?)"\]', written(mermaid, hostile()))
    assert len(labels) == 2
    for label in labels:
        assert re.fullmatch(r"(?:[\w ,.=()+/⧵-]|#\d+;|<br/>|…)*", label, re.ASCII | re.DOTALL), label
    assert mermaid._escaped('a"b') == "a#34;b"
    assert mermaid._escaped("学习 α") == "学习 α"
    assert mermaid._escaped("_e_ *f*") == "#95;e#95; #42;f#42;"


def test_dot_for_a_trace_that_raised():
    lines = written(dot, RAISED).splitlines()
    assert lines[0] == "digraph trace {"
    assert lines[1] == '  graph [label="exp(x) @ w\\n", labelloc=t, charset=utf8, rankdir=TB];'
    assert lines[5] == ('  s0 [label="x\\linput\\lvalue [0, 1]\\l", fillcolor="#ddf4ff", color="#0969da"];')
    assert lines[8].startswith('  s3 [label="exp(x) @ w\\lmatmul\\lPyTorch raised here\\l", fillcolor="#ffebe9"')
    assert lines[9:] == ["  s0 -> s1;", "  s1 -> s3;", "  s2 -> s3;", "}"]


def test_nothing_of_a_users_text_ends_a_string_in_dot():
    quoted = re.compile(r'"(?:[^"\\]|\\.)*"')
    for line in written(dot, hostile()).splitlines():
        rest = quoted.sub("", line)
        assert '"' not in rest, line
        assert "script" not in rest
    assert dot._quoted(['a "b" \\n &lt;'], "l") == '"a \\"b\\" \\\\n &amp;lt;\\l"'


def test_the_svg_has_each_step_once_with_its_numbers():
    root = ElementTree.fromstring(written(svg, MASKED))
    boxes = [group for group in root.iter(f"{SVG}g") if (group.get("class") or "").startswith("box ")]
    assert [box.get("class") for box in boxes] == [
        "box input",
        "box operation",
        "box operation born",
        "box operation found",
        "box output",
    ]
    texts = [[text.text for text in box.iter(f"{SVG}text")] for box in boxes]
    assert texts[0] == ["x", "input", "value", "[0, 1]", "gradient", "[nan, 0.5]"]
    assert texts[2][-1] == "born here: masked-branch"
    assert sum(arrow.get("class") == "arrow spreads" for arrow in root.iter(f"{SVG}g")) == 1


@pytest.mark.parametrize("result", [MASKED, RAISED, hostile(), chain(3), chain(MOST), trace("x", ())])
def test_the_text_of_each_box_ends_within_it(result: object):
    root = ElementTree.fromstring(written(svg, result))
    for box in root.iter(f"{SVG}g"):
        if not (box.get("class") or "").startswith("box "):
            continue
        edge = box.find(f"{SVG}rect")
        assert edge is not None
        left, top, width, height = (float(edge.get(name, "nan")) for name in ("x", "y", "width", "height"))
        for line in box.iter(f"{SVG}text"):
            x, y = float(line.get("x", "nan")), float(line.get("y", "nan"))
            assert left < x
            assert x + 12 * 0.605 * len(line.text or "") <= left + width
            assert top < y - 9
            assert y + 3 < top + height


def test_an_svg_alone_tells_the_finding_and_one_in_a_page_leaves_that_to_the_page():
    alone, within = svg.text(MASKED, VIEW), svg.drawing(MASKED, VIEW)
    assert "error[masked-branch]" in alone
    assert "error[masked-branch]" not in within
    assert "size mismatch" in svg.text(RAISED, VIEW)


@pytest.mark.parametrize("result", [MASKED, RAISED, hostile(), chain(MOST + 1)])
def test_an_svg_asks_for_nothing_and_names_nothing_that_another_could_have(result: object):
    for text in (svg.text(result, VIEW), svg.drawing(result, VIEW)):  # type: ignore[arg-type]
        assert not re.search(r"\sid=|url\(|href|<script|@import|\son\w+=", text)
        assert text.count("http") == text.count('xmlns="http://www.w3.org/2000/svg"') == 1
        style = re.search(r"<style>(.*?)</style>", text)
        assert style is not None
        for rule in re.findall(r"[^{}]+(?=\{)", style[1]):
            assert rule.startswith("@media") or all(".gradcli-graph " in part for part in rule.split(",")), rule


def test_the_svg_has_colours_for_day_and_night():
    text = svg.text(MASKED, VIEW)
    day, _, night = text.partition("@media (prefers-color-scheme:dark)")
    assert ".gradcli-graph .ground{fill:#ffffff}" in day
    assert ".gradcli-graph .ground{fill:#0d1117}" in night


def test_characters_that_xml_has_not_and_that_turn_the_text_are_shown_as_escapes():
    text = svg.text(hostile(), VIEW)
    assert not re.search("[\x00-\x08\x1b\u202e\u2066\ufffe]", text)
    assert "\\u202e" in text
    assert "&lt;script&gt;" in text
    assert HOSTILE not in text


def test_wide_characters_get_the_room_that_they_take():
    def width(name: str) -> float:
        root = ElementTree.fromstring(svg.text(trace(name, (step(name, "leaf", value=tensor(1)),)), VIEW))
        return max(float(edge.get("width", "0").rstrip("%")) for edge in root.iter(f"{SVG}rect") if edge.get("rx"))

    assert width("学" * 12) == width("a" * 24)
    assert width("学" * 12) > width("a" * 23)


@pytest.mark.parametrize("answer", [MASKED, RAISED, hostile(), chain(100)])
def test_the_graph_is_a_picture_of_dots_as_well(answer: object, monkeypatch: pytest.MonkeyPatch) -> None:
    image = pytest.importorskip("matplotlib.image")
    from gradcli.render.drawings import figure

    assert figure._MOST_DOTS * 4 < 2**28, "a picture in memory"
    monkeypatch.setattr(figure, "_MOST_DOTS", 1_000_000)
    stream = io.BytesIO()
    figure.write_png(answer, VIEW, stream)
    dots = image.imread(io.BytesIO(stream.getvalue()))
    root = ElementTree.fromstring(svg.text(answer, VIEW))
    assert dots.shape[0] / dots.shape[1] == pytest.approx(
        float(root.get("height")) / float(root.get("width")), rel=0.02
    )
    assert dots.shape[0] * dots.shape[1] <= 1_025_000
    inside = (np.abs(dots[..., :3] - np.array([0xDD, 0xF4, 0xFF]) / 255) < 0.01).all(axis=-1)
    assert inside.any() == any(group.get("class") == "box input" for group in root.iter(f"{SVG}g"))


def test_an_answer_without_a_graph_has_no_picture_of_one() -> None:
    from gradcli.render.drawings import figure

    with pytest.raises(OutputError, match="there is no graph in"):
        figure.write_png(SIGMOID, VIEW, io.BytesIO())


def test_the_heading_of_a_picture_says_the_dtype_of_its_inputs() -> None:
    assert "float32 on cpu" in written(svg, MASKED)
    doubled = replace(MASKED, inputs={name: leaf([1], "float64") for name in MASKED.inputs})
    assert "float64 on cpu" in written(svg, doubled)
