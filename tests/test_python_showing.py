"""From Python: how results show themselves, are saved, and are read back."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch
from command_line import captured

import gradcli
from gradcli import commands, results
from gradcli.exceptions import GradcliError
from gradcli.results.shown import Shown

ANSWERS: dict[str, Callable[[], Any]] = {
    "points": lambda: gradcli.grad("sigmoid", 0, 1, 10),
    "matrices": lambda: gradcli.grad("sum(x @ w)", x=[[1, 2], [3, 4]], w=[1, 2], jacobian=True, hessian=True),
    "orders": lambda: gradcli.grad("tanh", 0.5, order=2),
    "field": lambda: gradcli.grad("x * y", range=["x=0:1:5", "y=0:1:4"]),
    "bfloat16": lambda: gradcli.grad("x / 3", x=torch.ones(2, dtype=torch.bfloat16)),
    "complex": lambda: gradcli.grad("abs(x)", x=torch.tensor([1 + 2j, 0])),
    "not finite": lambda: gradcli.grad("log(x)", 0, -1, "inf"),
    "empty": lambda: gradcli.grad("sum(x)", x=torch.zeros(0, 3)),
    "failure": lambda: gradcli.grad("x @ y", x=[[1, 2]], y=[[1, 2]]),
    "activate": lambda: gradcli.activate("sigmoid,relu", order=2),
    "descent": lambda: gradcli.loss("mse", "x * w", 1, x=1, w=2, lr=0.1, steps=5),
    "softmax": lambda: gradcli.softmax(2, 1, 0.1),
    "trace": lambda: gradcli.trace("log(x) * 0", x=[0, 1], path="x"),
    "raised": lambda: gradcli.trace("(x * 2) @ y", x=[[1, 2]], y=[[1, 2]]),
    "check": lambda: gradcli.check("relu", 0, 1, dtype="half"),
    "compare": lambda: gradcli.compare("relu", "maximum(x, 0)", 0, 1, dtype="half"),
    "retain": lambda: gradcli.retain_demo("exp(a)", a=1),
    "errors": lambda: gradcli.errors(),
    "explain": lambda: gradcli.explain("nan-backward"),
    "functions": lambda: gradcli.functions("gelu"),
    "audit": lambda: gradcli.audit("relu", order="0"),
}


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    return {name: answer() for name, answer in ANSWERS.items()}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_result_that_is_saved_and_loaded_is_the_same(name: str, answers: dict[str, Any], tmp_path: Path):
    answers[name].save(tmp_path / "answer.json")
    loaded = gradcli.load(tmp_path / "answer.json")
    assert type(loaded) is type(answers[name])
    assert loaded.to_dict() == answers[name].to_dict()
    assert str(loaded) == str(answers[name])


def test_every_kind_of_result_is_tried(answers: dict[str, Any]):
    assert {answer.kind for answer in answers.values()} >= {*commands.NAMES, "error"}


def test_what_the_command_line_writes_is_loaded(tmp_path: Path):
    path = tmp_path / "grad.json"
    path.write_text(captured(["grad", "sigmoid", "0", "1", "--json"])[1])
    assert gradcli.load(path).to_dict() == gradcli.grad("sigmoid", 0, 1).to_dict() == json.loads(path.read_text())


@pytest.mark.parametrize("text", ["", "[]", "{}", "3", '{"schema": "other/1"}', '{"schema": "gradcli/grad/1"}', '"a"'])
def test_a_file_without_a_result_is_refused(text: str, tmp_path: Path):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(GradcliError, match="holds no result of gradcli's") as caught:
        gradcli.load(tmp_path / "x.json")
    assert "result.save" in caught.value.__notes__[0]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(GradcliError, match="cannot be read: no such file"):
        gradcli.load(tmp_path / "x.json")


@pytest.mark.parametrize("name", ANSWERS)
def test_a_repr_is_a_line_or_a_few(name: str, answers: dict[str, Any]):
    lines = repr(answers[name]).splitlines()
    assert 1 <= len(lines) <= 4
    assert max(map(len, lines)) <= 120
    assert lines[0].startswith(type(answers[name]).__name__)


def test_a_repr_says_what_was_asked_and_what_came_out(answers: dict[str, Any]):
    assert repr(answers["points"]) == (
        "GradResult of 'sigmoid(x)': x = [0, 1, 10], output = [0.5, 0.7311, 1], d/dx = [3] 4.542e-05..0.25,\n"
        "    warning[cancellation]"
    )
    assert repr(answers["errors"]) == f"ErrorsResult: {len(answers['errors'].entries)} entries"
    assert repr(answers["failure"]).startswith("Failure: RuntimeError: mat1 and mat2 shapes")


def test_a_result_prints_as_its_table():
    assert "gradient" in str(gradcli.grad("relu", -1, 2)).splitlines()[2]


class Elements(HTMLParser):
    """The elements of a text, and those that were opened and not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in ("br", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ANSWERS)
def test_the_markup_of_a_result_is_one_whole_element(name: str, answers: dict[str, Any]):
    markup = answers[name]._repr_html_()
    elements = Elements(markup)
    assert markup.startswith('<div class="gradcli"><style>.gradcli{')
    assert elements.open == []
    assert "script" not in elements.seen


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("field", True),
        ("activate", True),
        ("descent", True),
        ("trace", True),
        ("softmax", True),
        ("points", False),
        ("check", False),
    ],
)
def test_a_notebook_shows_a_picture_where_a_terminal_draws_one(name: str, drawn: bool, answers: dict[str, Any]):
    assert ("<svg" in answers[name]._repr_html_()) == drawn


def test_a_curve_is_drawn_through_many_more_points_than_the_table_has(answers: dict[str, Any]):
    assert answers["activate"]._repr_html_().count("<td") < 100
    assert gradcli.plot(answers["activate"]).svg.count("L ") > 400


def test_a_picture_shows_itself_and_is_saved(answers: dict[str, Any], tmp_path: Path):
    picture = gradcli.plot(answers["field"])
    assert picture._repr_svg_().startswith("<svg")
    picture.save(tmp_path / "field.svg")
    assert picture.svg in (tmp_path / "field.svg").read_text()
    assert gradcli.plot(answers["trace"]).svg.startswith("<svg")
    with pytest.raises(GradcliError, match="a picture is written into"):
        picture.save(tmp_path / "field.json")


def test_an_answer_without_a_picture_says_which_have_one(answers: dict[str, Any]):
    with pytest.raises(GradcliError, match="has no picture"):
        gradcli.plot(answers["check"])


@pytest.mark.parametrize("ending", [".json", ".csv", ".md", ".html", ".svg", ".npz"])
def test_what_is_saved_is_what_the_command_line_writes(ending: str, tmp_path: Path):
    words = ["activate", "sigmoid,tanh", "-1", "0", "1"]
    gradcli.activate("sigmoid,tanh", -1, 0, 1).save(tmp_path / f"python{ending}")
    assert captured([*words, "-o", str(tmp_path / f"line{ending}")])[0] == 0
    assert (tmp_path / f"python{ending}").read_bytes() == (tmp_path / f"line{ending}").read_bytes()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("x.foo", "no file can be written with the ending '.foo'"),
        ("nowhere/x.json", "there is no folder"),
        ("x", "'x' has no ending"),
        ("-", "save takes a file"),
    ],
)
def test_a_file_that_cannot_be_written_is_one_mistake(path: str, message: str, answers: dict[str, Any]):
    with pytest.raises(GradcliError, match=message) as caught:
        answers["points"].save(path)
    assert "--" not in str(caught.value) + "".join(caught.value.__notes__)


def test_what_a_format_cannot_hold_is_a_warning(answers: dict[str, Any], tmp_path: Path):
    with pytest.warns(UserWarning, match="numpy has no bfloat16"):
        answers["bfloat16"].save(tmp_path / "x.npz")


def test_a_result_can_be_pickled(answers: dict[str, Any]):
    again = pickle.loads(pickle.dumps(answers["activate"]))
    assert again.to_dict() == answers["activate"].to_dict()


def test_every_result_shows_itself_shortly():
    for name in results.__all__:
        record = getattr(results, name)
        if isinstance(record, type) and issubclass(record, Shown):
            assert "__repr__" not in vars(record), name


def test_the_sentences_of_a_table_name_keywords_and_calls():
    shown = str(gradcli.grad("sigmoid", 10))
    assert 'gradcli.explain("cancellation")' in shown
    assert "gradcli explain" not in shown + gradcli.grad("sigmoid", 10)._repr_html_()
    descent = str(gradcli.loss("mse", "x * w", 1, x=1, w=2, lr=0.1, steps=5))
    assert "--" not in descent
