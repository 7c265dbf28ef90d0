"""`trace --path`: the chain rule with numbers."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from command_line import captured, failed

from gradcli.recording.paths import MAX_NODES, MAX_PATHS


def paths(text: str, *words: str, to: str = "x") -> list[Any]:
    code, out, err = captured(["trace", text, *words, "--path", to, "--json"])
    assert code == 0, (out, err)
    answer = json.loads(out)
    found = answer["paths"]
    assert {str(path["gradient"]["shape"]) for path in found} <= {str(answer["gradients"][to]["shape"])}
    total = sum(np.array(path["gradient"]["values"], dtype=float) for path in found)
    assert np.allclose(total, np.array(answer["gradients"][to]["values"], dtype=float), equal_nan=True)
    return list(found)


def test_each_way_has_its_share_largest_first() -> None:
    found = paths("x * x + 3 * x", "x=2")
    assert [path["gradient"]["values"] for path in found] == [3, 2, 2]
    assert [round(path["share"], 4) for path in found] == [0.4286, 0.2857, 0.2857]
    assert found[0]["steps"] == ["x * x + 3 * x", "3 * x"]
    assert [tensor["values"] for tensor in found[0]["arriving"]] == [1, 1]


def test_a_path_of_scalars_multiplies_out() -> None:
    (only,) = paths("sin(3 * x)", "x=2")
    arriving = [tensor["values"] for tensor in only["arriving"]]
    assert arriving[0] == 1
    assert arriving[1] == pytest.approx(math.cos(6))
    assert only["gradient"]["values"] == pytest.approx(3 * math.cos(6))


def test_shares_count_absolute_contributions() -> None:
    found = paths("3 * x - x", "x=1")
    assert [(path["gradient"]["values"], path["share"]) for path in found] == [(3, 0.75), (-1, 0.25)]


@pytest.mark.parametrize(
    ("text", "words", "to", "count"),
    [
        ("h = tanh(x @ w); sum(h**2) + sum(w)", ("x=[[1,2],[3,4]]", "w=0.1,0.2"), "w", 2),
        ("s = linalg.svd(x); s[0].sum() + s[1].sum()", ("x=[[1,2],[3,4]]",), "x", 2),
        ("y = x.clone(); y[0] = 5; y.mul_(2); sum(y**2)", ("x=1,2",), "x", 1),
        ("max(x, dim=1)[0].sum()", ("x=[[1,2],[4,3]]",), "x", 1),
        ("abs(z)", ("z:float32=2",), "z", 1),
        ("x", ("x=1",), "x", 0),
        ("sqrt(x) + x", ("x=0",), "x", 2),
        ("y = x * 2; y * y * y", ("x=1",), "x", 3),
        ("x * y", ("x=1,2", "y=[[1,2],[3,4]]"), "x", 1),
        ("exp(x) * y + x", ("x=1", "y=[[1,2],[3,4]]"), "x", 2),
        ("x * log10(x[...,0])", ("x=[[1,2],[3,4]]",), "x", 2),
    ],
)
def test_the_gradients_of_all_paths_add_up(text: str, words: tuple[str, ...], to: str, count: int) -> None:
    if count:
        assert len(paths(text, *words, to=to)) == count
    else:
        assert captured(["trace", text, *words, "--path", to])[0] == 0


def test_a_path_that_is_not_finite_takes_all() -> None:
    found = paths("where(x > 0, sqrt(x), 0 * x)", "x=0,1")
    assert [path["share"] for path in found] == [1, 0]
    assert [path["steps"][-1] for path in found] == ["sqrt(x)", "0 * x"]


def test_a_call_that_makes_several_nodes_stands_once_on_a_path() -> None:
    for path in paths("2 * kl_div(log(p), q, reduction='sum')", "p=0.5,0.5", "q=0.25,0.75", to="q"):
        assert path["steps"] == ["2 * kl_div(log(p), q, reduction='sum')", "kl_div(log(p), q, reduction='sum')"]


def test_too_many_paths_are_refused() -> None:
    assert len(paths(f"h = x; {'h = h + h; ' * 9}h", "x=1")) == 512 < MAX_PATHS
    error = failed(["trace", f"h = x; {'h = h + h; ' * 10}h", "x=1", "--path", "x"], 2)
    assert (error["code"], error["message"]) == ("too-large", "there are more than 1,000 paths")


def test_too_many_nodes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_NODES == 100_000
    monkeypatch.setattr("gradcli.recording.paths.MAX_NODES", 20_000)  # as many as said are walked in seconds
    assert 512 * 30 < 20_000 < 512 * 50
    long, short = (f"h = x; {'h = h * 1; ' * count}{'h = h + h; ' * 9}h" for count in (50, 20))
    error = failed(["trace", long, "x=1", "--path", "x"], 2)
    assert (error["code"], error["message"]) == ("too-large", "the paths have more than 20,000 nodes in all")
    assert len(paths(short, "x=1")) == 512


def test_a_name_that_is_not_differentiated_is_refused() -> None:
    assert "--path names 'y'" in failed(["trace", "x * y", "x=1", "y=2", "--frozen", "y", "--path", "y"], 2)["message"]
