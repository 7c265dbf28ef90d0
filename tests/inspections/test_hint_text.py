"""The user's own words in hints: cotangents, what --frozen says."""

from __future__ import annotations

import pytest
import torch
from each import each

from gradcli.diagnose.explain.hint_text import Frozen, ones
from gradcli.diagnose.explain.indices import as_integers
from gradcli.language.parser import parse
from gradcli.numerics.capture import TorchError


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (None, "1,1,..."),
        ([], "1"),
        ([1], "1"),
        ([4], "1,1,1,1"),
        ([5], "'ones(5)'"),
        ([2, 3], "'ones(2, 3)'"),
    ],
)
def test_a_cotangent_is_written_as_it_would_be_typed(shape: list[int] | None, text: str) -> None:
    assert ones(shape) == text


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), "Leave it. Leave it."),
        (("w", "b"), "Take --frozen w,b away, leave it. Take --frozen w,b away, or leave it."),
    ],
)
def test_only_what_is_frozen_can_be_taken_away(names: tuple[str, ...], expected: str) -> None:
    assert "{0:leave} it. {0:or leave} it.".format(Frozen(names)) == expected


@each(
    "text, operands, told",
    [
        ("x[t]", (torch.zeros(3), torch.tensor([2.0, 1.0])), "t:int64=2,1"),
        ("take(x, t)", (torch.zeros(3), torch.tensor([2.0, 1.0])), "t:int64=2,1"),
        ("take(x, t)", (), "t:int64=..."),  # its values are not known
        ("take(x, 2*t)", (torch.zeros(3), torch.tensor([2.0, 1.0])), "long(2*t)"),
        ("x*t", (torch.zeros(3), torch.tensor([2.0, 1.0])), "NAME:int64=VALUE on the command line, or long(...)"),
    ],
)
def test_indices_are_told_as_they_would_be_typed(text: str, operands: tuple[object, ...], told: str) -> None:
    node = parse(text, bound=["x", "t"]).result
    raised = TorchError(IndexError("another wording"), stage="forward", node=node, operands=operands)
    assert as_integers(raised, text, ["x", "t"]) == told
