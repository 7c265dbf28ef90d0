"""What a report calls a tensor that no variable holds: as the program would write it."""

from __future__ import annotations

from pathlib import Path

import pytest
from watching import found_in

PROGRAM = """
    import torch
    from collections import namedtuple
    from types import SimpleNamespace

    import numpy

    net = torch.nn.Linear(3, 3)
    good = torch.ones(2, 3)


    def load():
        return torch.from_numpy(numpy.full((2, 3), numpy.nan, dtype="float32"))


    class State:
        made = 0

        def __init__(self):
            self.scale = load()
            self.inner = SimpleNamespace(v=load())

        @property
        def counted(self):
            State.made += 1
            return self.scale


    pair = namedtuple("Pair", "first second")(load(), 1)
    batch = {"x": load(), "deep": {"y": load()}, 3: [load()]}
    batch["own"] = batch
    state = State()


    def read(holder, key):
        value = holder[key]
        return net(value).sum()


    LINE
    loss.backward()
    assert State.made == 0
"""


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("loss = net(batch['x']).sum()", 'batch["x"]'),
        ("loss = read(batch, 'x')", 'batch["x"]'),
        ("loss = read(batch['deep'], 'y')", 'batch["deep"]["y"]'),
        ("loss = read(batch[3], 0)", "batch[3][0]"),
        ("loss = net(getattr(state, 'scale')).sum()", "state.scale"),
        ("loss = net(state.inner.v).sum()", "state.inner.v"),
        ("loss = net(pair[0]).sum()", "pair.first"),
        ("loss = net(torch.cat([batch['x'], good])).sum()", 'batch["x"]'),
    ],
)
def test_a_tensor_is_named_by_what_holds_it_and_no_property_runs(tmp_path: Path, line: str, name: str) -> None:
    ran = found_in(tmp_path, PROGRAM.replace("LINE", line), "--continue")
    found = ran.only
    assert (found["code"], found["variable"], found["index"]) == ("nan-input", name, [0, 0])
    assert "Error" not in ran.err


def test_a_tensor_that_only_a_call_inside_reads_is_not_taken_for_what_that_gives(tmp_path: Path) -> None:
    program = """
    import torch
    net = torch.nn.Linear(3, 3)


    def loaded():
        value = torch.tensor([[1.0, 2.0, 3.0]])
        return value.numpy() * float("nan")


    def passed():
        return net(torch.from_numpy(loaded())).sum()


    loss = passed()
    loss.backward()
    """
    found = found_in(tmp_path, program).only
    assert (found["code"], found["index"]) == ("nan-input", [0, 0])
    assert found["variable"] != "net(torch.from_numpy(loaded()))"


POOL = """
    import torch

    w = torch.nn.Parameter(torch.ones(3))
    mask = torch.tensor([[True, True, True], [False, False, False]])
    weights = (w * torch.ones(2, 3)).masked_fill(~mask, -torch.inf).softmax(1)
    weights.sum().backward()
"""


def test_an_operand_without_a_name_is_not_given_that_of_another_tensor(tmp_path: Path) -> None:
    """PyTorch calls it `mask`, which is something else in this program: the opposite."""
    found = found_in(tmp_path, POOL).only
    assert found["fix"] == "softmax(masked_fill(mul_output, bitwise_not_output, -1e+30), dim=1)"
    assert "bitwise_not_output = ~mask" in found["where"]


def test_what_pytorch_calls_an_operand_is_told_with_its_meaning(tmp_path: Path) -> None:
    program = POOL.replace("mask = ", "absent = ").replace("~mask", "~absent")
    found = found_in(tmp_path, program).only
    assert found["fix"] == "softmax(masked_fill(mul_output, mask, -1e+30), dim=1)"
    assert "mask = ~absent" in found["where"]


@pytest.mark.parametrize(
    ("number", "computed", "why"),
    [
        ("count = 0", "w / count", "w / count at w[1] = 0 and count = 0 is nan"),
        ("gamma = 1 / 2", "(w - 2) ** gamma", "(w - 2) ** gamma at (w - 2)[1] = -2 and gamma = 0.5 is nan"),
        ("count = 0", "w / 0", "w / 0 at w[1] = 0 is nan"),
    ],
)
def test_a_plain_number_is_told_by_its_name_where_it_is_not_written(
    tmp_path: Path, number: str, computed: str, why: str
) -> None:
    text = f"import torch\nw = torch.nn.Parameter(torch.tensor([3.0, 0.0]))\n{number}\n({computed}).sum().backward()\n"
    assert found_in(tmp_path, text).only["why"] == why
