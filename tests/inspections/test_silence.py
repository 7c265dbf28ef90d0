"""A gradient that is fine gets no finding: no warning and no error on good input."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import captured
from each import each

from gradcli.language.catalogue.activations import ACTIVATIONS

EXPRESSIONS = json.loads((Path(__file__).parents[1] / "data" / "expressions.json").read_text())["expressions"]
"""Random smooth expressions at ordinary inputs."""

FLAT = {"sign", "heaviside"}
"""Steps have no slope anywhere, which is worth a warning."""
SLOPING = [row for row in ACTIVATIONS if row.elementwise and row.name not in FLAT]
DOMAIN = {"log", "sqrt", "log1p"}
"""Undefined to the left of 0, or of -1."""
ORDINARY = ("-2.1", "-1.3", "-0.4", "0.3", "0.7", "1.6", "2.4")
POSITIVE = ("0.1", "1", "3")


def loud(argv: list[str]) -> list[Any]:
    """The findings of a command line that are more than notes."""
    code, out, err = captured([*argv, "--json"])
    assert code == 0, (argv, out, err)
    return [finding for finding in json.loads(out)["findings"] if finding["severity"] != "note"]


@each("case, dtype", itertools.product(EXPRESSIONS, ["float32", "float64"]), ids=lambda given: given[0]["id"])
def test_smooth_expressions_are_fine(case: Any, dtype: str) -> None:
    inputs = case["vars"].items()
    values = {name: np.reshape(given["data"], given["shape"]).tolist() for name, given in inputs}
    words = [case["expr"], *(f"{name}={json.dumps(value)}" for name, value in values.items()), "--dtype", dtype]
    assert loud(["grad", *words]) == []
    assert loud(["trace", *words]) == []


@each("row, dtype", itertools.product(SLOPING, ["float32", "float64"]), ids=lambda given: given[0].name)
def test_activations_are_fine_at_ordinary_points(row: Any, dtype: str) -> None:
    for points in (POSITIVE,) if row.name in DOMAIN else (POSITIVE, ORDINARY):
        for command in ("grad", "trace", "activate"):
            assert loud([command, row.name, *points, "--dtype", dtype]) == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (["trace", "x - x", "x=1"], "dead"),
        (["grad", "sign", "2"], "flat"),
        (["grad", "tanh", "30"], "saturated"),
        (["grad", "relu", "-1"], "dead"),
    ],
)
def test_a_zero_is_explained(line: list[str], code: str) -> None:
    assert [finding["code"] for finding in loud(line)] == [code]
