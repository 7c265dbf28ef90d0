"""Programs that end by an exception: where a value that is not finite was born, or else the entry of the error."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from watching import found_in

from gradcli.inspections.watching.raised import TELL_OF_THEIR_OWN
from gradcli.language.catalogue.errors import all_errors

ENDED = """
    import torch

    net = torch.nn.Linear(2, 2)
    x = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
    share = x / x.sum(1, keepdim=True)
    mean, raw = net(share).chunk(2, 1)
    OVER
"""


def test_a_program_that_ends_over_a_nan_is_told_where_it_was_born(tmp_path: Path) -> None:
    over = {
        "torch.distributions.Normal(mean, raw.exp())": "mean = nan, before torch.distributions",
        "loss = mean.sum(); raise SystemExit(4 if loss != loss else 0)": "loss = nan, before raise SystemExit",
        "assert not torch.isnan(mean).any()": "mean = nan, before assert not torch.isnan(mean)",
        "if not torch.isfinite(raw).all(): raise RuntimeError('broke')": "mean = nan, before raise RuntimeError",
        "torch.linalg.cholesky(mean @ mean.T)": "mean = nan, before torch.linalg.cholesky(mean @ mean.T)",
        "torch.nn.functional.binary_cross_entropy(raw.sigmoid(), torch.ones(2, 1))": "raw = nan, before torch.nn.f",
        "torch.nn.BCELoss()(torch.sigmoid(net(share)), share[:, :1].new_ones(2, 2))": "what the call is given = nan",
        "{}['nothing of the kind']": None,  # the NaN may be cleaned later
        "if raw.numel(): raise RuntimeError('broke')": None,
        "mean @ torch.ones(3, 3)": None,
        "mean.float(1)": None,
    }
    for ending, reached in over.items():
        ran = found_in(tmp_path, ENDED.replace("OVER", ending))
        found = [(one["place"]["text"], one["index"], one["reached"]) for one in ran.report["findings"]]
        assert ran.code == 1
        assert [one[:2] for one in found] == [("x / x.sum(1, keepdim=True)", [1, 0])] * (reached is not None)
        assert all(one[2].startswith(reached) for one in found)


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("weight -= 0.1", "in-place-leaf"),
        ("weight[0] = 1.0", "in-place-view-of-leaf"),
        ("(weight * 2).numpy()", "numpy-of-grad"),
        ("torch.linalg.cholesky(-weight.detach() * torch.eye(2))", "not-positive-definite"),
        ("weight @ torch.ones(3)", None),
        ("raise RuntimeError('a leaf Variable that requires grad is being used in an in-place operation')", None),
    ],
)
def test_an_error_of_the_catalogue_is_told_with_its_entry_where_no_backward_pass_raises_it(
    tmp_path: Path, line: str, entry: str | None
) -> None:
    ran = found_in(tmp_path, f"import torch\nweight = torch.ones(2, requires_grad=True)\n{line}\n")
    assert ran.code == 1
    if entry is None:
        assert ran.report["findings"] == []
        return
    found = ran.only
    assert (found["code"], found["place"]["line"], found["label"]) == ("autograd-error", 3, "raised here")
    assert found["step"] == 0
    assert f"gradcli errors {entry}" in found["remark"]
    assert "RuntimeError: " + found["message"] in ran.err or "LinAlgError: " + found["message"] in ran.err


def test_what_a_backward_pass_raised_is_told_once(tmp_path: Path) -> None:
    found = found_in(tmp_path, "import torch\n(torch.ones(2, requires_grad=True) * 2).backward()\n").only
    assert (found["step"], found["place"]["line"]) == (1, 2)
    assert "gradcli errors non-scalar-output" in found["remark"]


def test_an_entry_whose_cause_names_a_tensor_of_its_program_tells_a_user_its_title() -> None:
    found = set()
    for entry in all_errors():
        names = (one for one in ast.walk(ast.parse(entry.program)) if isinstance(one, ast.Name))
        stored = {one.id for one in names if isinstance(one.ctx, ast.Store)} - {"a"}
        if any(re.search(rf"(?<![\w='])({name})\b", entry.cause) for name in stored):
            found.add(entry.id)
    of_any_program = "in-place-no-grad-view scaler-steps-twice scaler-without-gradients device-assert float-index"
    of_any_program += " float-mask target-of-another-shape"
    assert found - TELL_OF_THEIR_OWN == {*of_any_program.split(), "float-target"}  # their view, optimizer, mask
    assert len(found) > 15
    assert {entry.id for entry in all_errors()} >= TELL_OF_THEIR_OWN
