"""Dead units, cut graphs, and PyTorch's own errors of a backward pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from expected import PROGRAMS
from watching import found_in, watched, written

from gradcli.diagnose.findings.table import ROWS, Row

LOOP = """
    import torch
    from torch import nn

    torch.manual_seed(0)
    first, second = nn.Linear(4, 8), nn.Linear(8, 2)
    optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=0.1)
    for step in range(8):
        x = torch.rand(6, 4)
        hidden = first(x)
        MIDDLE
        loss = second(hidden).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("end")
"""
LINE = 10

CUTS = {
    "hidden = hidden.detach()": "detach",
    "hidden = hidden.data": "data",
    "hidden = torch.tensor(hidden.tolist())": "tolist",
    "hidden = torch.from_numpy(hidden.detach().numpy())": "detach",
    "hidden = (hidden > 0).float()": "gt",
}

OF_PROGRAMS = {
    "in-place": "view_in_place.py",
    "second-backward": "gru_state_carried.py",
    "autograd-error": LOOP.replace("MIDDLE", "pass").replace(".square().mean()", ".square()"),
    "scaled-overflow": "silent/scaler_one_skip.py",
    "unwatched-thread": """
        import threading
        import torch

        def train():
            weight = torch.nn.Parameter(torch.ones(3))
            optimizer = torch.optim.SGD([weight], lr=0.1)
            weight.square().sum().backward()
            optimizer.step()

        threading.Thread(target=train).start()
    """,
}
"""A program for each finding that expressions have no rule for: one of the files, or its text."""


def test_every_finding_of_programs_has_a_program() -> None:
    assert [row.code for row in ROWS if row.needs == "program"] == [*OF_PROGRAMS]


@pytest.mark.parametrize("row", [row for row in ROWS if row.needs == "program"], ids=lambda row: row.code)
def test_a_finding_of_programs_has_the_severity_of_its_row_and_may_be_failed_on(tmp_path: Path, row: Row) -> None:
    program = OF_PROGRAMS[row.code]
    path = written(tmp_path, program) if "import" in program else PROGRAMS / program
    ran = watched(tmp_path, "--json", "--fail-on", row.code, str(path))
    assert (ran.code, ran.only["code"], (ran.only["severity"],)) == (1, row.code, row.severities)


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_graph_is_told_with_the_line_that_cut_it(tmp_path: Path, cut: str) -> None:
    ran = found_in(tmp_path, LOOP.replace("MIDDLE", cut))
    found = ran.only
    assert (ran.code, ran.out, found["code"], found["severity"]) == (0, "end\n", "disconnected", "warning")
    assert (found["place"]["line"], found["operation"]) == (LINE, CUTS[cut])
    assert found["spoils"] == ["first.weight", "first.bias"]


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        ("hidden = hidden.detach()", "Leave detach out where the gradient is to go on"),
        ("hidden = torch.tensor(hidden.tolist())", "Compute with the tensor"),
        ("hidden = (hidden > 0).float()", "A comparison has no slope"),
        ("hidden = hidden.to(torch.int8) * 1.0", None),
    ],
)
def test_a_cut_is_told_with_what_is_to_be_done(tmp_path: Path, cut: str, said: str | None) -> None:
    remark = found_in(tmp_path, LOOP.replace("MIDDLE", cut)).only["remark"]
    assert remark is None if said is None else remark.startswith(said)


def test_a_graph_that_no_grad_cuts_is_told_with_its_line(tmp_path: Path) -> None:
    ran = found_in(tmp_path, LOOP.replace("MIDDLE", "with torch.no_grad(): hidden = hidden.tanh()"))
    assert ran.only["remark"] == "Compute it outside of no_grad"
    assert (ran.only["place"]["line"], ran.only["operation"]) == (LINE, "tanh")
    assert "under no_grad" in ran.only["message"]


def test_a_dead_unit_is_told_after_some_steps_and_not_before(tmp_path: Path) -> None:
    text = LOOP.replace("MIDDLE", "hidden = torch.relu(hidden - 100)")
    found = found_in(tmp_path, text).only
    assert (found["code"], found["severity"], found["step"], found["operation"]) == ("dead", "warning", 5, "relu")
    assert found["spoils"] == ["first.bias", "first.weight", "second.weight"]  # what lies behind it
    assert found["place"]["line"] == LINE
    assert found_in(tmp_path, text, "--patience", "3").only["step"] == 3
    assert found_in(tmp_path, text, "--patience", "9").report["findings"] == []
    assert found_in(tmp_path, text, "--fail-on", "dead").code == 1


def test_a_saved_tensor_that_is_changed_in_place_is_told_with_both_places(tmp_path: Path) -> None:
    ran = found_in(tmp_path, LOOP.replace("MIDDLE", "hidden = hidden.exp(); hidden *= 2"))
    found = ran.only
    assert ran.code == 1
    assert "Traceback" in ran.err
    assert (found["code"], found["place"]["text"], found["node"]) == ("in-place", "hidden.exp()", "ExpBackward0")
    assert [one["place"]["text"] for one in found["related"]] == ["hidden *= 2"]


def test_a_change_in_place_outside_of_the_graph_is_told_too(tmp_path: Path) -> None:
    ran = found_in(
        tmp_path,
        LOOP.replace("MIDDLE", "with torch.no_grad(): second.weight.mul_(2)").replace(
            "optimizer.zero_grad()", "second.weight.data.add_(1); second.weight.detach().add_(1)"
        ),
    )
    assert ran.only["code"] == "in-place"
    assert ran.only["related"]


CHANGES = {
    "relu in a module": (
        "net = nn.Sequential(nn.Sigmoid(), nn.ReLU(inplace=True)); h = net(h)",
        "sigmoid in net(h)",
        "relu in net(h)",
    ),
    "an activation": (
        "h = torch.tanh(h); s = nn.functional.relu(h, inplace=True)",
        "torch.tanh(h)",
        "nn.functional.relu(h, inplace=True)",
    ),
    "a dropout": (
        "h = h.exp(); s = nn.functional.dropout(h, inplace=True)",
        "h.exp()",
        "nn.functional.dropout(h, inplace=True)",
    ),
    "an output": ("h = h * w; torch.add(w, 1, out=w)", "h * w", "torch.add(w, 1, out=w)"),
    "two views": ("s = h[:2] ** 2; h[:2].mul_(2); h = s", "h[:2] ** 2", "h[:2].mul_(2)"),
    "a view of a view": (
        "s = h.view(3, 1)[:2, 0].exp(); s.reshape(2).add_(1); h = s",
        "h.view(3, 1)[:2, 0].exp()",
        "s.reshape(2).add_(1)",
    ),
    "rows that are copies": (
        "h = h ** 2; h[torch.tensor([0, 1])].add_(1); h.exp_(); h.mul_(2)",
        "h.exp_()",
        "h.mul_(2)",
    ),
    "itself": ("h = h + 1; h.mul_(h)", "h.mul_(h)", "h.mul_(h)"),
    "several at once": (
        "torch._foreach_add_([w], 1.0); h = h * w; torch._foreach_mul_([w], 2.0)",
        "h * w",
        "torch._foreach_mul_([w], 2.0)",
    ),
    "one before": (
        "with torch.no_grad(): w.add_(1)\nh = h * w\nwith torch.no_grad(): w.mul_(2)",
        "h * w",
        "w.mul_(2)",
    ),
}
"""Changes in place, with what saved the tensor, and what changed it."""


@pytest.mark.parametrize("case", CHANGES)
def test_the_change_is_told_by_what_made_it(tmp_path: Path, case: str) -> None:
    middle, saved, changed = CHANGES[case]
    head = "import torch\nfrom torch import nn\nw = torch.ones(3)\n"
    text = f"{head}h = torch.ones(3, requires_grad=True) * 0.5\n{middle}\nh.sum().backward()\n"
    found = found_in(tmp_path, text).only
    assert found["code"] == "in-place"
    assert found["message"] == f"{saved} saved a tensor for its derivative, and {changed} changed it in place"
    assert [one["label"] for one in found["related"]] == ["changes it in place"]


def test_zeros_that_are_drawn_by_chance_make_nothing_dead(tmp_path: Path) -> None:
    text = LOOP.replace("MIDDLE", "torch.manual_seed(0); hidden = DROPPED")
    for many, one in (("nn.Linear(4, 8)", "nn.Linear(4, 1)"), ("nn.Linear(8, 2)", "nn.Linear(1, 2)"), ("6, 4", "1, 4")):
        text = text.replace(many, one)
    by_chance = text.replace("DROPPED", "nn.functional.dropout(hidden, 0.6)")
    assert found_in(tmp_path, by_chance).report["findings"] == []
    always = found_in(tmp_path, by_chance.replace("0.6", "1.0")).only
    assert (always["code"], always["operation"], always["step"]) == ("dead", "dropout", 5)
    before = found_in(tmp_path, text.replace("DROPPED", "nn.functional.dropout(torch.relu(hidden - 9), 0.6)")).only
    assert before["code"] == "dead"


def test_a_graph_that_is_used_again_is_told_with_the_step_that_freed_it(tmp_path: Path) -> None:
    text = LOOP.replace("MIDDLE", "kept = hidden if step == 0 else kept; hidden = hidden * kept.exp()")
    ran = found_in(tmp_path, text)
    found = ran.only
    assert (ran.code, found["code"], found["step"]) == (1, "second-backward", 2)
    assert "step 1" in found["message"]


def test_another_error_of_autograd_is_told_with_its_entry(tmp_path: Path) -> None:
    ran = found_in(tmp_path, OF_PROGRAMS["autograd-error"])
    found = ran.only
    assert (found["code"], found["place"]["line"]) == ("autograd-error", 13)
    assert "gradcli errors " in found["remark"]


def test_a_broken_batch_is_told_by_its_name_and_element(tmp_path: Path) -> None:
    ran = found_in(
        tmp_path,
        LOOP.replace("MIDDLE", "pass").replace(
            "hidden = first(x)", "x[2, 1] = float('nan') if step == 1 else 0; hidden = first(x)"
        ),
    )
    found = ran.report["findings"][0]
    assert (ran.code, found["step"]) == (1, 2)
    assert found["place"]["line"] == 9


def test_a_parameter_that_was_broken_before_is_named(tmp_path: Path) -> None:
    ran = found_in(
        tmp_path,
        LOOP.replace("MIDDLE", "pass").replace("for step", "first.weight.data[1, 2] = float('inf')\n    for step"),
    )
    found = ran.only
    assert (found["code"], found["variable"], found["index"]) == ("inf-input", "first.weight", [1, 2])
    assert found["severity"] == "error"


def test_a_program_whose_loss_was_detached_is_not_told_that_no_input_requires_a_gradient(tmp_path: Path) -> None:
    ran = found_in(tmp_path, "import torch\nw = torch.ones(3, requires_grad=True)\n(w * 2).sum().detach().backward()\n")
    assert "detach()" in ran.only["why"]
