"""Programs that train with torch.func: no backward pass is called, and what gradients come out is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from watching import both, found_in, watched, written

BEGIN = """
    import torch
    from torch.func import functional_call, grad, grad_and_value, hessian, jacrev, vmap

    torch.manual_seed(0)
"""

FITTED = (
    BEGIN
    + """
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    weights = {name: p.detach() for name, p in net.named_parameters()}
    table = torch.rand(18, 3) + 0.1
    table[14] = 0.0


    def loss_of(weights, batch):
        out = functional_call(net, weights, (batch,)).squeeze(-1)
        length = torch.sqrt((batch * batch).sum(-1))
        return (out - (batch / length[:, None]).sum(-1)).square().mean()


    for step in range(3):
        grads, loss = grad_and_value(loss_of)(weights, table[6 * step : 6 * step + 6])
        weights = {name: p - 0.1 * grads[name] for name, p in weights.items()}
"""
)
"""Row 14 of the table is zero: 0/0 in row 2 of the third batch."""

PER_SAMPLE = (
    BEGIN
    + """
    params = {"scale": torch.tensor([1.0, 2.0]), "shift": torch.tensor([0.0, 0.0])}


    def distance(params, x, y):
        gap = params["scale"] * x + params["shift"] - y
        return torch.sqrt((gap * gap).sum())


    of_each = vmap(grad(distance), in_dims=(None, 0, 0))
    x = torch.tensor([[1.0, 1.0], [2.0, 3.0], [0.5, 0.5]])
    y = torch.tensor([[0.0, 1.0], [2.0, 6.0], [1.0, 3.0]])
    for step in range(2):
        gradients = of_each(params, x, y)
"""
)
"""The second sample is hit exactly: the root of 0."""

SECOND = (
    BEGIN
    + """
    w = torch.tensor([1.0, 0.5, 0.0])


    def f(w):
        return (w.abs() ** 1.5).sum()


    for step in range(2):
        slope = grad(f)(w)
        curvature = hessian(f)(w)
        w = w - torch.linalg.solve(curvature, slope)
"""
)
"""The second derivative of |w| ** 1.5 is infinite at 0, where the first one is 0."""

OUTER = (
    BEGIN
    + """
    net = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), 0.05)


    def fit(weights, x, y):
        return (functional_call(net, weights, (x,)) - y).square().mean()


    for step in range(3):
        total = 0
        for task in range(2):
            x, y = torch.randn(4, 2), torch.randn(4, 1)
            weights = dict(net.named_parameters())
            for _ in range(2):
                inner = grad(fit)(weights, x, y)
                weights = {name: w - 0.1 * inner[name] for name, w in weights.items()}
            total = total + fit(weights, x, y)
        if step == 2:
            total = total * torch.log(torch.zeros(()))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
"""
)
"""Gradients that are differentiated in turn are no steps of their own."""

DRAWN = (
    BEGIN
    + """
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1))
    params = dict(net.named_parameters())


    def loss_fn(params, x):
        print("computed")
        kept = functional_call(net, params, (x,)).squeeze(-1)
        return torch.log(kept * HOW).mean(), kept.detach()


    for step in range(3):
        gradients, (loss, kept) = grad_and_value(loss_fn, has_aux=True)(params, torch.rand(5, 3) + 1)
        with torch.no_grad():
            for name, p in params.items():
                p -= 0.01 * gradients[name]
        print(loss.item(), kept.tolist())
"""
)
"""A network that draws: the same numbers are drawn under watch, and when it is run again."""


@pytest.mark.parametrize(
    ("program", "code", "step", "line", "operation", "index", "spoils"),
    [
        (FITTED, "nan-forward", 3, "batch / length", "div", [2, 0],
         ['weights["0.weight"]', 'weights["0.bias"]', 'weights["2.weight"]', 'weights["2.bias"]']),
        (PER_SAMPLE, "inf-backward", 1, "torch.sqrt(", "sqrt", [1], ['params["scale"]', 'params["shift"]']),
        (SECOND, "nan-backward", 2, "w.abs() ** 1.5", "pow", [2], ["w"]),
        (OUTER, "inf-forward", 3, "torch.log(torch.zeros", "log", None, ["net.weight", "net.bias"]),
        (DRAWN.replace("HOW", "0 - 1e9"), "nan-forward", 1, "torch.log(kept", "log", None, None),
    ],
    ids=["fitted", "per sample", "second", "outer", "drawn"],
)  # fmt: skip
def test_where_a_gradient_of_torch_func_is_from_is_told(
    tmp_path: Path,
    program: str,
    code: str,
    step: int,
    line: str,
    operation: str,
    index: list[int] | None,
    spoils: list[str] | None,
) -> None:
    ran = found_in(tmp_path, program)
    found = ran.only
    number = next(n for n, text in enumerate(program.lstrip("\n").splitlines(), 1) if line in text)
    assert ran.code == 1
    assert (found["code"], found["step"], found["place"]["line"]) == (code, step, number)
    assert found["operation"] == operation
    assert index is None or found["index"] == index
    assert spoils is None or found["spoils"] == spoils


def test_a_gradient_that_agrees_with_plain_autograd_is_said_to_and_one_of_a_batch_is_not_compared(
    tmp_path: Path,
) -> None:
    drawn = found_in(tmp_path, DRAWN.replace("HOW", "0 - 1e9"))
    assert drawn.only["agrees"] is True, "dropout has drawn the same numbers again"
    assert drawn.out.splitlines() == ["computed"], "what the function prints it prints once"
    assert found_in(tmp_path, PER_SAMPLE).only["agrees"] is None


def test_a_program_without_trouble_is_as_under_python_and_its_steps_are_counted(tmp_path: Path) -> None:
    program = written(tmp_path, DRAWN.replace("HOW", "0 + 1"))
    without, under = both(tmp_path, program.name, has_torch=True)
    assert (under.code, under.out) == (0, without.out)
    assert without.out.count("computed") == 3
    assert under.err == "3 steps\n"


def test_zeros_are_told_with_patience_and_what_nothing_uses(tmp_path: Path) -> None:
    program = (
        BEGIN
        + """
    params = {"a": torch.ones(3), "b": torch.ones(3), "c": torch.ones(2)}


    def loss_of(params, x):
        return (torch.relu(params["a"] * x - 100.0) + params["b"] * x).square().mean()


    for step in range(7):
        gradients = grad(loss_of)(params, torch.rand(3))
    """
    )
    ran = found_in(tmp_path, program)
    dead, unused = ran.report["findings"]
    assert ran.code == 0
    assert (dead["code"], dead["severity"], dead["operation"], dead["step"]) == ("dead", "warning", "relu", 5)
    assert (dead["place"]["line"], dead["spoils"]) == (10, ['params["a"]'])
    assert (unused["code"], unused["severity"], unused["spoils"]) == ("disconnected", "note", ['params["c"]'])
    assert found_in(tmp_path, program.replace("range(7)", "range(4)")).report["findings"] == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("if calls:\n            raise KeyError(calls)", "it could not be run again by plain autograd: KeyError: [1]"),
        (
            "if calls:\n            return w.square()",
            "run again by plain autograd, value and gradients are finite",
        ),
    ],
)
def test_a_function_that_gives_something_else_again_is_told_with_what_is_known(
    tmp_path: Path, lines: str, said: str
) -> None:
    program = (
        BEGIN
        + f"""
    calls = []


    def root(w):
        {lines}
        calls.append(1)
        return torch.sqrt(w)


    slope = grad(root)(torch.zeros(()))
    """
    )
    found = found_in(tmp_path, program).only
    assert (found["code"], found["place"]["line"], found["operation"]) == ("nan-backward", 16, "grad")
    assert found["message"] == "grad gives a gradient that is not finite"
    assert (found["spoils"], found["remark"]) == (["w"], said)


def test_norms_have_the_names_of_the_arguments(tmp_path: Path) -> None:
    program = """
    import torch
    slope = torch.func.grad(lambda p: (p["a"] * 3).sum() + 4 * p["b"][0])
    for step in range(2):
        slope({"a": torch.zeros(1), "b": [torch.ones(())]})
    """
    ran = watched(tmp_path, "--norms", "1", written(tmp_path, program).name)
    lines = ran.err.splitlines()
    assert lines[:4] == ['step 1  p["a"]     3', 'step 1  p["b"][0]  4', 'step 2  p["a"]     3', 'step 2  p["b"][0]  4']


def test_every_and_from_step_count_these_steps_too(tmp_path: Path) -> None:
    program = """
    import torch
    for step in range(4):
        torch.func.grad(torch.sqrt)(torch.tensor(0.0 if step in (0, 2) else 1.0))
    """
    assert found_in(tmp_path, program).only["step"] == 1
    assert found_in(tmp_path, program, "--from-step", "2").only["step"] == 3
    assert found_in(tmp_path, program, "--every", "2").report["findings"] == []
    assert [one["step"] for one in found_in(tmp_path, program, "--continue").report["findings"]] == [1]


def test_gradients_that_are_differentiated_later_count_as_steps_until_a_backward_pass_shows_that_they_are_none(
    tmp_path: Path,
) -> None:
    taken = """
    import torch
    w = torch.ones(2, requires_grad=True)
    for step in range(3):
        slope = torch.func.grad(lambda w: (w**3).sum())(w)
    """
    assert found_in(tmp_path, taken).report["steps"] == 3
    assert found_in(tmp_path, taken.rstrip() + "\n    slope.sum().backward()\n").report["steps"] == 1


@pytest.mark.parametrize(
    ("call", "names"),
    [
        ("slope(w, {'a': x})", ["w", '{}["a"]']),
        ("slope(w * 1.0, batch)", ["first", 'batch["a"]']),
        ("slope(*pair)", ["first", 'second["a"]']),
    ],
)
def test_arguments_are_named_as_they_are_written_or_else_as_the_function_calls_them(
    tmp_path: Path, call: str, names: list[str]
) -> None:
    program = f"""
    import torch
    w, x = torch.tensor(0.0), torch.tensor(2.0)
    batch = {{"a": x}}
    pair = (w, batch)


    @torch.no_grad()
    def unrelated():
        return w


    def value(first, second):
        return torch.sqrt(first) * second["a"]


    slope = torch.func.grad(value, argnums=(0, 1))
    {call}
    """
    found = found_in(tmp_path, program).only
    assert found["code"] == "inf-backward"
    assert [*found["spoils"], *found["untouched"]] == [name.replace("{}", "second") for name in names]


def test_patterns_choose_among_these_gradients_by_the_whole_name_or_the_key(tmp_path: Path) -> None:
    program = """
    import torch
    params = {"head.bias": torch.tensor(0.0), "body.bias": torch.tensor(1.0)}
    torch.func.grad(lambda params: torch.sqrt(params["head.bias"]) + params["body.bias"])(params)
    """
    for pattern, found in (("head.*", 1), ("body.*", 0), ("params*", 1), ("bias", 0)):
        assert len(found_in(tmp_path, program, "--params", pattern).report["findings"]) == found, pattern


def test_a_function_without_a_path_to_its_argument_is_looked_at_too(tmp_path: Path) -> None:
    program = (
        BEGIN
        + """
    def value(w):
        return torch.log(w.detach() * FACTOR).sum()


    for step in range(5):
        slope = grad_and_value(value)(torch.ones(3))
    """
    )
    cut = found_in(tmp_path, program.replace("FACTOR", "2")).only
    assert (cut["code"], cut["severity"], cut["operation"], cut["step"]) == ("disconnected", "warning", "detach", 5)
    assert (cut["place"]["line"], cut["spoils"]) == (7, ["w"])
    born = found_in(tmp_path, program.replace("FACTOR", "0")).only
    assert (born["code"], born["operation"], born["step"], born["place"]["line"]) == ("inf-forward", "log", 1, 7)


def test_a_function_of_pytorchs_under_a_transform_is_called_once(tmp_path: Path) -> None:
    program = """
    import torch
    w = torch.tensor([1.0, 0.0], requires_grad=True)
    torch.func.vmap(torch.sqrt)(w).sum().backward()
    """
    found = found_in(tmp_path, program).only
    assert (found["code"], found["operation"], found["turn"]) == ("inf-backward", "sqrt", [1, 1])


def test_the_value_is_called_what_is_differentiated(tmp_path: Path) -> None:
    program = (
        BEGIN
        + """
    def value(w):
        return (w.abs() ** 1.5).sum()


    curvature = jacrev(grad(value))(torch.tensor([1.0, 0.0]))
    """
    )
    found = found_in(tmp_path, program).only
    assert (found["code"], found["place"]["line"]) == ("nan-backward", 7)
    assert found["reached"].endswith("; the sum of the gradient of value = 1.5")
