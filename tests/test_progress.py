"""How far a long loop is: told to a listener, drawn on a terminal, and never a part of an answer."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcli
from gradcli.progress import Loop, listening, steps

DESCENT = ["loss", "mse", "x * w", "1", "x=1", "w=2", "--wrt", "w", "--lr", "0.1", "--steps", "600"]
PATIENCE = 60


class Ear:
    """A listener that remembers the loops in the order in which they ended."""

    def __init__(self) -> None:
        self.open: list[Loop] = []
        self.ended: list[tuple[str, int | None, int]] = []

    def begins(self, loop: Loop) -> None:
        self.open.append(loop)

    def ends(self, loop: Loop) -> None:
        self.open.remove(loop)
        self.ended.append((loop.what, loop.total, loop.done))


def heard(compute: Callable[[], Any]) -> list[tuple[str, int | None, int]]:
    ear = Ear()
    with listening(ear):
        compute()
    assert ear.open == []
    return ear.ended


# the mechanism


def test_items_are_counted_when_they_are_done_and_not_before() -> None:
    ear = Ear()
    with listening(ear):
        assert [ear.open[0].done for _ in steps("abc", "letters")] == [0, 1, 2]
    assert ear.ended == [("letters", 3, 3)]


def test_without_a_listener_the_items_are_what_is_iterated() -> None:
    items = range(3)
    assert steps(items, "numbers") is items
    with listening(Ear()):
        assert steps(items, "numbers") is not items
        with listening(None):
            assert steps(items, "numbers") is items


def test_a_loop_of_unknown_length_has_no_total_unless_it_is_given() -> None:
    assert heard(lambda: list(steps(iter("ab"), "letters"))) == [("letters", None, 2)]
    assert heard(lambda: list(steps(iter("ab"), "letters", 2))) == [("letters", 2, 2)]


def test_a_loop_that_is_left_has_ended_too() -> None:
    def leave() -> None:
        for item in steps(range(9), "numbers"):
            if item == 4:
                return

    def fail() -> None:
        with suppress(ValueError):
            for item in steps(range(9), "numbers"):
                if item == 4:
                    raise ValueError

    assert heard(leave) == [("numbers", 9, 4)]
    assert heard(fail) == [("numbers", 9, 4)]


# the loops


@pytest.mark.parametrize(
    ("compute", "loop"),
    [
        (lambda: gradcli.grad("x**2", x=[1, 2, 3], jacobian=True), ("rows of the Jacobian", 3, 3)),
        (lambda: gradcli.grad("sum(x**3)", x=[1, 2, 3, 4], hessian=True), ("rows of the Hessian", 4, 4)),
        (lambda: gradcli.check("sigmoid", 0, 1), ("dtypes checked", 4, 4)),
        (lambda: gradcli.check("softmax(x, 0)", x=[0, 1, 2]), ("tangents in forward mode", 3, 3)),
        (lambda: gradcli.activate("sigmoid,tanh", 0, 1), ("functions", 2, 2)),
        (lambda: gradcli.activate("tanh", 0, 1, depth=7), ("layers", 7, 7)),
        (lambda: gradcli.retain_demo("x.exp().sum()", x=[1, 2], calls=5), ("calls", 5, 5)),
        (lambda: gradcli.retain_demo("x.exp().sum()", x=[1, 2], calls=5), ("fixes tried", 4, 4)),
        (lambda: gradcli.errors("second-backward"), ("errors raised", 1, 1)),
        (lambda: gradcli.trace("exp(x) * x", 1), ("steps of the trace", 3, 3)),
    ],
)
def test_the_long_loops_say_how_far_they_are(compute: Callable[[], Any], loop: tuple[str, int, int]) -> None:
    assert loop in heard(compute)


def test_a_slope_at_50_digits_is_counted_for_each_element_that_has_one() -> None:
    counted = heard(lambda: gradcli.check("prod(x)", x=[1, 2, 3]))
    assert any(what.startswith("slopes to") and total == done == 3 for what, total, done in counted)


def test_gradient_descent_is_counted_by_its_updates() -> None:
    found = heard(lambda: gradcli.loss("mse", "x * w", 1, x=1, w=2, lr=0.1, steps=6))
    assert [(what, total) for what, total, _ in found if "descent" in what] == [("steps of gradient descent", 6)]


def test_a_gradient_at_one_point_has_no_loop_to_tell_of() -> None:
    assert heard(lambda: gradcli.grad("sigmoid", 0)) == []


@pytest.mark.parametrize("name", ["numbers.txt", "numbers.csv"])
def test_text_is_counted_while_it_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("1\n2\n3\n")
    assert [what for what, _, _ in heard(lambda: gradcli.grad("sigmoid", f"@{path}")) if name in what]


def test_text_is_counted_while_it_is_written(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.linspace(0, 1, 2**18, dtype=np.float32))
    ear = Ear()
    with listening(ear):
        result = gradcli.grad("sigmoid", f"@{tmp_path / 'x.npy'}")
        from gradcli.render import View, write

        for format_ in ("json", "csv", "ndjson"):
            ear.ended.clear()
            write(result, View(format=format_), io.StringIO())
            assert ear.ended, format_
            assert {what for what, _, _ in ear.ended} == {"parts written"}
            assert all(done == total and total > 1 for _, total, done in ear.ended)
