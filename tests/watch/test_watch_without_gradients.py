"""What was computed under `no_grad` and is not finite: it is told where it was born, not where it is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from watching import found_in

TARGET = """
    import torch
    from torch import nn

    torch.manual_seed(0)
    net, critic = nn.Linear(3, 1), nn.Linear(3, 1)
    held = torch.ones(())
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)


    def target_of(x, good):
        MIDDLE


    for step in range(9):
        if step % 3 == 2:
            with torch.no_grad():
                for _ in range(300):
                    net(torch.rand(2, 3)).relu()
        x = torch.rand(4, 3)
        loss = (net(x) - target_of(x, step < 6)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
FIRST = 11
"""The line of the target's first statement."""

BORN = {
    "an operation": ("with torch.no_grad(): return torch.log(x.sum(1, True) * good) * 2 + critic(x)", FIRST, "log"),
    "a line before": (
        "with torch.no_grad():\n            y = torch.log(x * good)\n            return y.sum(1, True).tanh() * y",
        FIRST + 1,
        "log",
    ),
    "in place": ("with torch.no_grad(): return (x * good).log_().mul_(2).sum(1, True)", FIRST, "log_"),
    "written into": (
        "y = x[:, :1]\n        with torch.no_grad(): y = y * 2; y[1:] = x[1:, :1] / (x * good)[1:, :1]; return y",
        FIRST + 1,
        "div",
    ),
    "a module": ("with torch.no_grad(): return nn.Sequential(critic, nn.ReLU())(x * good) / good", FIRST, "div"),
    "inference": (
        "with torch.inference_mode(): y = torch.log(x[:, :1] * good)\n        return y.clone()",
        FIRST,
        "log",
    ),
    "of what is differentiated": (
        "h = net(x)\n        with torch.no_grad(): return torch.log(h.detach().abs() * good)",
        FIRST + 1,
        "log",
    ),
    "of what was drawn and is there": (
        "with torch.no_grad(): net.drawn = torch.rand_like(x)[:, :1]; return torch.log(net.drawn * good)",
        FIRST,
        "log",
    ),
    "under autocast": (
        "with torch.no_grad(), torch.autocast('cpu'): return critic(x).float().abs().mul(float(good)).log()",
        FIRST,
        "log",
    ),
}  # fmt: skip
READ = {
    "drawn": "with torch.no_grad(): return torch.log(torch.rand_like(x)[:, :1] * good)",
    "changed since": "with torch.no_grad(): held.fill_(good); y = torch.log(held); held.add_(9.0); return y",
    "an input that is gone": "with torch.no_grad(): return torch.log(torch.full((4, 1), float(good)))",
    "a buffer changed in place": "with torch.no_grad(): return held.fill_(good).log_().expand(4, 1)",
}
"""What cannot be computed once more is told where it is read, or where the calls begin that can."""


@pytest.mark.parametrize("case", BORN)
def test_it_is_told_where_it_was_born(tmp_path: Path, case: str) -> None:
    middle, line, operation = BORN[case]
    found = found_in(tmp_path, TARGET.replace("MIDDLE", middle)).only
    assert (found["step"], found["place"]["line"], found["operation"]) == (7, line, operation)
    assert (found["agrees"], found["spoils"]) == (True, ["net.weight", "net.bias"])


@pytest.mark.parametrize("case", READ)
def test_what_cannot_be_computed_once_more_is_told_where_it_is_read(tmp_path: Path, case: str) -> None:
    found = found_in(tmp_path, TARGET.replace("MIDDLE", READ[case])).only
    assert (found["code"], found["step"], found["agrees"]) == ("inf-input", 7, True)
    assert found["place"]["text"] == "target_of(x, step < 6)"
