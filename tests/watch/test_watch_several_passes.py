"""Programs with several backward passes in a round, such as two networks that train by turns."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from watching import found_in

from gradcli.inspections.options import WatchOptions
from gradcli.inspections.watching import session

TURNS = """
    import torch
    from torch import nn

    torch.manual_seed(0)
    judge, maker, table = nn.Linear(3, 1), nn.Linear(2, 3), torch.ones(3)
    of_judge = torch.optim.SGD(judge.parameters(), lr=0.01)
    of_maker = torch.optim.SGD(maker.parameters(), lr=0.01)
    for step in range(3):
        made = maker(torch.randn(4, 2))
        size = (made - made.detach()).square().sum(1).sqrt().mean()
        of_judge.zero_grad()
        judge(made.detach()).square().mean().backward()
        of_judge.step()
        of_maker.zero_grad()
        (judge(made).mean() + LOSS).backward()
        of_maker.step()
"""


def test_parameters_whose_optimizer_has_not_stepped_yet_are_looked_at(tmp_path: Path) -> None:
    found = found_in(tmp_path, TURNS.replace("LOSS", "size")).only
    assert (found["code"], found["step"], found["place"]["line"]) == ("inf-backward", 2, 10)
    assert found["spoils"] == ["maker.weight", "maker.bias"]


def test_they_are_looked_at_where_the_user_asks_for_them(tmp_path: Path) -> None:
    program = TURNS.replace("LOSS", "size").replace("range(3)", "range(1)")
    assert found_in(tmp_path, program, "--params", "maker.*").only["code"] == "inf-backward"
    assert found_in(tmp_path, program, "--params", "judge.*").report["findings"] == []


def test_a_cut_in_the_second_pass_is_told_once(tmp_path: Path) -> None:
    program = TURNS.replace("LOSS", "0").replace("maker(torch.randn(4, 2))", "maker(torch.randn(4, 2)).detach()")
    program = program.replace("size = ", "size = 0 # ")
    found = found_in(tmp_path, program).only
    assert (found["code"], found["operation"], found["place"]["line"]) == ("disconnected", "detach", 9)


def test_what_is_computed_without_gradients_is_told_of_in_each_of_many_rounds(tmp_path: Path) -> None:
    """A round may have only so many of these calls, and every round starts to count anew."""
    target = """with torch.no_grad():
            for _ in range(2000):
                torch.zeros(())
            level = table - float(step == 2)
            target = torch.log(level).sum()
        size = (maker(torch.ones(1, 2)) - target).square().sum()"""
    program = TURNS.replace("size = (made - made.detach()).square().sum(1).sqrt().mean()", target)
    found = found_in(tmp_path, program.replace("LOSS", "size")).only
    assert (found["operation"], found["place"]["line"]) == ("log", 14)


def test_names_are_looked_up_once_for_parameters_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--params` asks what the program calls its parameters; a leaf of a graph may be another one in each step."""
    asked: list[int] = []
    names = session.names_of_tensors

    def counted(*args: object) -> dict[int, str]:
        asked.append(len(asked))
        return names(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(session, "names_of_tensors", counted)
    weight, other = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    optimizer = torch.optim.SGD([weight, other], lr=0.1)

    def steps(count: int) -> int:
        before = len(asked)
        for _ in range(count):
            optimizer.zero_grad()
            (weight * other).sum().backward()
            optimizer.step()
        return len(asked) - before

    with session.WatchedBlock(WatchOptions(parameters=("weight",))):
        first = steps(2)
        assert first > 0
        assert steps(5) == 0
