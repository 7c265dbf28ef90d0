"""Training on a device: autocast and random numbers are those of the device, which is waited for once a step."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

from processes import in_own_process, needs_stand_in

pytestmark = needs_stand_in

TRAINING = """
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).to("standin")
    scale = nn.Parameter(torch.ones((), dtype=torch.DTYPE, device="standin"))
    optimizer = torch.optim.SGD([*model.parameters(), scale], lr=0.1, foreach=False)
    waits = []
    for step in range(4):
        x = torch.rand(6, 3, device="standin") * (step != BAD)
        hidden = nn.functional.dropout(model(x), 0.5)
        with torch.autocast("standin", dtype=torch.float16):
            square = x @ model[0].weight.T
        loss = (hidden.square() + square.float().mean()).mean() / x.sum() * scale
        before = torch.standin.waits
        loss.backward()
        waits.append(torch.standin.waits - before)
        optimizer.step()
        optimizer.zero_grad()
    print(waits, torch.standin.get_rng_state().sum().item(), [one.sum().item() for one in model.parameters()])
"""
WATCHED = "from gradcli.cli import main; import sys; main(['watch', *sys.argv[1:]])"
PLAIN = "import runpy, sys; runpy.run_path(sys.argv[1])"


def run(folder: Path, program: str, bad: int, *options: str, dtype: str = "float32") -> list[str]:
    path = folder / "train.py"
    path.write_text(dedent(TRAINING).replace("BAD", str(bad)).replace("DTYPE", dtype), encoding="utf-8")
    report = folder / "report.json"
    words = [*options, "-o", str(report), str(path)] if program is WATCHED else [str(path)]
    return in_own_process(program, argv=words, plugged=True).splitlines()


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return found


def test_a_step_on_a_device_is_run_again_to_the_bit(tmp_path: Path) -> None:
    run(tmp_path, WATCHED, 2)
    (found,) = report(tmp_path)["findings"]
    assert (found["code"], found["operation"], found["step"], found["agrees"]) == ("inf-forward", "div", 3, True)
    assert report(tmp_path)["stopped"] == "after backward"


def test_training_on_a_device_waits_for_it_once_a_step_and_is_not_disturbed(tmp_path: Path) -> None:
    (watched,), (plain,) = run(tmp_path, WATCHED, 9), run(tmp_path, PLAIN, 9)
    assert watched == plain.replace("[0, 0, 0, 0]", "[1, 1, 1, 1]")
    assert report(tmp_path)["findings"] == []


def test_looking_into_a_step_leaves_the_random_numbers_of_the_device_alone(tmp_path: Path) -> None:
    (watched,), (plain,) = run(tmp_path, WATCHED, 2, "--continue"), run(tmp_path, PLAIN, 2)
    assert watched.partition("]")[2].split()[0] == plain.partition("]")[2].split()[0]
    assert report(tmp_path)["findings"]


def test_gradients_of_several_dtypes_are_waited_for_once(tmp_path: Path) -> None:
    (watched,) = run(tmp_path, WATCHED, 9, dtype="float64")
    assert watched.startswith("[1, 1, 1, 1]")
