"""What a report calls parameters of modules that no variable has, results of a library, and its insides."""

from __future__ import annotations

from pathlib import Path

import pytest
from watching import found_in

STATE = """
    import torch
    from dataclasses import dataclass
    from torch import nn


    @dataclass
    class State:
        encoder: nn.Module
        heads: dict
        log_tau: torch.Tensor
        optimizer: object = None


    state = State(nn.Linear(3, 4), {"a": nn.Linear(4, 1), "b": [nn.Linear(4, 1)]}, torch.zeros((), requires_grad=True))
    state.optimizer = torch.optim.SGD([*state.encoder.parameters(), state.log_tau], 0.1)
    state.optimizer.add_param_group({"params": [*state.heads["a"].parameters(), *state.heads["b"][0].parameters()]})


    def step(state, x):
        h = state.encoder(x)
        h = h - h.detach()
        d = torch.sqrt((h**2).sum(1)) * torch.exp(state.log_tau)
        loss = d.mean() + state.heads["a"](h).mean() + state.heads["b"][0](h).mean()
        loss.backward()


    step(state, torch.randn(5, 3))
"""


def test_a_module_is_named_by_what_holds_it(tmp_path: Path) -> None:
    found = found_in(tmp_path, STATE).only
    assert found["spoils"] == ["state.encoder.weight", "state.encoder.bias"]
    heads = [f'state.heads["a"].{part}' for part in ("weight", "bias")]
    heads += [f'state.heads["b"][0].{part}' for part in ("weight", "bias")]
    assert sorted(found["untouched"]) == sorted(heads)


def test_a_list_of_parameters_runs_nothing_itself(tmp_path: Path) -> None:
    program = """
    import torch
    from torch import nn


    class Hill(nn.Module):
        def __init__(self):
            super().__init__()
            self.powers = nn.ParameterList(nn.Parameter(torch.tensor(1.5)) for _ in range(2))

        def forward(self, dose):
            return sum(dose**power for power in self.powers)


    net = nn.Sequential(Hill())
    net(torch.tensor([1.0, -1.0])).sum().backward()
    """
    found = found_in(tmp_path, program).only
    assert (found["code"], found["module"], found["spoils"]) == (
        "nan-forward",
        "net.0",
        ["net.0.powers.0", "net.0.powers.1"],
    )


def test_what_a_library_gave_is_called_by_the_variable_that_holds_it(tmp_path: Path) -> None:
    program = """
    import torch
    net = torch.nn.Linear(2, 3)
    torch.nn.init.constant_(net.bias, 200.0)


    def energy(values):
        return torch.log(torch.exp(values).sum(-1))


    scores = net(torch.zeros(1, 2))
    loss = energy(scores).mean()
    loss.backward()
    """
    found = found_in(tmp_path, program).only
    assert (
        found["why"]
        == "torch.exp(values) at scores[0, 0] = 200 is inf (and 2 more): the largest float32 is 3.40282e+38"
    )


def test_operands_inside_of_the_same_call_are_told_without_it(tmp_path: Path) -> None:
    program = """
    import torch
    a = torch.nn.Parameter(torch.tensor([2.0, 0.5]))
    beta = torch.distributions.Beta(a, a)
    loss = -beta.log_prob(torch.tensor([0.5, 1.0])).mean()
    loss.backward()
    """
    found = found_in(tmp_path, program).only
    assert (found["code"], found["operation"], found["index"]) == ("inf-forward", "xlogy", [1, 1])
    why = "xlogy in beta.log_prob(torch.tensor([0.5, 1.0])) at sub[1, 1] = -0.5 and stack[1, 1] = 0 is inf"
    assert found["why"] == why


@pytest.mark.parametrize(
    ("bias", "said"),
    [
        ("[50.0, 50.0]", "8 of its 8 values are 6"),
        ("[50.0, -50.0]", "4 of its 8 values are 0, 4 are 6"),
        ("[-50.0, -50.0]", "8 of its 8 values are 0"),
    ],
)
def test_a_dead_operation_tells_at_which_bounds_its_values_are(tmp_path: Path, bias: str, said: str) -> None:
    program = f"""
    import torch
    body, head = torch.nn.Linear(3, 2), torch.nn.Linear(2, 1)
    body.bias.data = torch.tensor({bias})
    optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], 1e-4)
    for step in range(5):
        loss = head(torch.nn.functional.relu6(body(torch.rand(4, 3)))).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    """
    dead = next(one for one in found_in(tmp_path, program).report["findings"] if one["operation"] == "relu6")
    assert dead["code"] == "dead"
    assert dead["why"].endswith(f" arrives, 0 goes on; {said}")


@pytest.mark.parametrize("call", ["table(ids)", "torch.nn.functional.embedding(ids, table.weight, None, 0.5)"])
def test_an_embedding_that_rescales_its_rows_has_changed_its_weight(tmp_path: Path, call: str) -> None:
    program = f"""
    import torch
    table, project = torch.nn.Embedding(6, 4, max_norm=0.5), torch.nn.Linear(4, 4)
    ids = torch.tensor([0, 3])
    every = project(table.weight)
    some = {call}
    (some @ every.t()).sum().backward()
    """
    found = found_in(tmp_path, program).only
    assert (found["code"], found["place"]["line"]) == ("in-place", 4)
    assert [one["place"]["line"] for one in found["related"]] == [5]
    assert "weight.clone()" in found["remark"]
    sound = program.replace("project(table.weight)", "project(table.weight.clone())")
    assert found_in(tmp_path, sound).report["findings"] == []
