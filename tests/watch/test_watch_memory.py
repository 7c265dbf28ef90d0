"""What watching keeps of a step, and the budget for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from watching import found_in, watched, written

import gradcli
from gradcli.commands.option_values import memory
from gradcli.exceptions import UsageError

FILLED = """
    import torch

    def peak():
        (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1000

    def step(times):
        loss = 0
        for _ in range(times):  # 40 MB each, not needed any more; below 32 MB they may stay with malloc
            loss = loss + torch.full((10_000_000,), 2.0).mean() * weight
        loss.backward()

    weight = torch.ones(1, requires_grad=True)
    step(1)  # PyTorch loads what it needs
    before = peak()
    step(9)
    print(peak() - before)
"""

DRAWN = """
    import torch

    def noisy(net, scale):
        rows = torch.randn(16, 5)
        return (net(rows) * scale).sqrt().sum()

    torch.manual_seed(0)
    net = torch.nn.Linear(5, 2)
    noisy(net, 0.0).backward()
"""


@pytest.mark.parametrize("size", ["500MB", "500 mb", "0.5GB", "500000kB", "500000000", 500_000_000, "5e8B"])
def test_a_size_is_written_with_its_unit(size: str | int) -> None:
    if size == "5e8B":
        with pytest.raises(UsageError):
            memory(size)
    else:
        assert memory(size) == 500_000_000


def test_binary_units_are_powers_of_1024() -> None:
    assert [memory(size) for size in ("1KiB", "2MiB", "1.5GiB", "0")] == [1024, 2 * 1024**2, 3 * 512 * 1024**2, 0]


@pytest.mark.parametrize("size", ["lots", "500M", "-1MB", "", "1 2", "MB", "nan"])
def test_what_is_no_size_is_told_with_an_example(size: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no size"):
        gradcli.watch(memory=size)
    ran = watched(tmp_path, f"--memory={size}", written(tmp_path, "raise SystemExit(3)").name)
    assert (ran.code, ran.out) == (2, "")
    assert "is no size\nGive bytes, with a unit if you like: --memory 500MB" in ran.err


def test_what_is_kept_stays_within_the_budget(tmp_path: Path) -> None:
    name = written(tmp_path, FILLED).name
    grown = {way: float(watched(tmp_path, *way, name).out) for way in ((), ("--memory", "100MB"))}
    assert grown[()] > 300  # 8 more than the first step had
    assert grown["--memory", "100MB"] < 100


def test_beyond_the_budget_the_report_says_what_is_known(tmp_path: Path) -> None:
    found = found_in(tmp_path, DRAWN).only
    assert (found["code"], found["operation"]) == ("inf-backward", "sqrt")
    beyond = found_in(tmp_path, DRAWN, "--memory", "100").only
    assert (beyond["code"], beyond["place"]["line"]) == ("nan-backward", 9)
    assert beyond["spoils"] == found["spoils"] == ["net.weight", "net.bias"]
    assert beyond["remark"] == (
        "the step could not be run again: torch.randn(16, 5) at line 4 is not there any more; "
        "a larger --memory keeps it"
    )


def test_what_the_program_still_has_needs_no_budget(tmp_path: Path) -> None:
    text = DRAWN.replace("rows = torch.randn(16, 5)", "global rows; rows = torch.randn(16, 5)")
    assert found_in(tmp_path, text, "--memory", "0").only["operation"] == "sqrt"
