"""The rows of the catalogue of errors: whole, in order, and data alone."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from string import Formatter

from each import each

from gradcli.language.catalogue.errors import PLACES, AutogradError, all_errors, find

ROWS = all_errors()

PROMISED = """
second-backward freed-saved-tensor shared-trunk no-grad-fn no-grad-leak non-scalar-output complex-output unused-input
integer-leaf in-place-leaf in-place-view-of-leaf in-place-saved-tensor in-place-multi-view in-place-no-grad-view
in-place-expanded cotangent-shape cotangent-count empty-inputs frozen-input derivative-not-implemented
double-backward-not-implemented no-derivative-of-argument grad-of-non-leaf requires-grad-of-non-leaf inference-saved
inference-in-place inference-requires-grad numpy-of-grad deepcopy-of-non-leaf hook-without-grad
post-accumulate-hook-of-non-leaf retain-grad-without-grad optimizer-step-between optimizer-of-non-leaf detached-view
qr-mode-r qr-complete singular-matrix not-positive-definite eig-phase anomaly function-gradient-count
function-gradient-shape function-once-differentiable assigned-grad-shape forward-mode-not-implemented dtype-mismatch
float-index float-target
"""
"""Ids that people may have written down: an id never goes away."""


def named(row: AutogradError) -> str:
    return row.id


def test_every_id_is_there_once_and_none_went_away() -> None:
    ids = [row.id for row in ROWS]
    assert len(ids) == len(set(ids))
    assert set(PROMISED.split()) <= set(ids)


def test_ids_are_in_order_within_their_family_and_families_are_not_torn_apart() -> None:
    families = list(dict.fromkeys(row.family for row in ROWS))
    assert [(row.family, row.id) for row in ROWS] == sorted(
        ((row.family, row.id) for row in ROWS), key=lambda pair: (families.index(pair[0]), pair[1])
    )


def test_a_row_is_found_by_its_id_and_by_nothing_else() -> None:
    row = find("second-backward")
    assert row is not None
    assert row.title == "a second backward pass through one graph"
    assert find("second-backwards") is None
    assert find("") is None


@each("row", ROWS, ids=named)
def test_a_row_is_whole(row: AutogradError) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row.id)
    assert 1 <= len(re.findall(r"[.!?](?=\s|$)", row.cause)) <= 2
    assert len(re.findall(r"[.!?](?=\s[A-Z]|$)", row.fix)) == 1
    assert not row.title.endswith(".")
    for pattern in row.patterns:
        re.compile(pattern)


@each("row", ROWS, ids=named)
def test_programs_are_python_that_fits_a_screen_and_a_terminal(row: AutogradError) -> None:
    for program in (row.program, row.repaired):
        assert program.endswith("\n")
        assert max(map(len, program.splitlines())) <= 95
        assert len(program.splitlines()) <= 13
        assert "import torch\n" not in program
        ast.parse(program)
    assert isinstance(ast.parse(row.repaired).body[-1], ast.Expr)
    assert row.program != row.repaired


@each("row", ROWS, ids=named)
def test_hints_name_places_that_there_are(row: AutogradError) -> None:
    assert {name for _, name, _, _ in Formatter().parse(row.hint) if name is not None} <= set(PLACES)


def test_every_place_is_used() -> None:
    used = {name for row in ROWS for _, name, _, _ in Formatter().parse(row.hint) if name is not None}
    assert used == set(PLACES)


def test_reading_the_catalogue_does_not_import_pytorch() -> None:
    program = "import gradcli.language.catalogue.errors as e, sys; e.all_errors(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"False\n"
