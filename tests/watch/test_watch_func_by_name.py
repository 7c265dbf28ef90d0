"""Functions of torch.func that were bound or made before the watch begins, and cotangents that `vjp` pulls back."""

from __future__ import annotations

from pathlib import Path

import pytest
from watching import both, found_in, plain_warm, written

PULLED = """
    import torch
    from torch.func import functional_call, vjp

    torch.manual_seed(0)
    net = torch.nn.Linear(3, 3, bias=False)
    params = {name: p.detach() for name, p in net.named_parameters()}


    def lengths(params, x):
        return torch.sqrt(functional_call(net, params, (x,)).pow(2).sum(-1))


    for step in range(4):
        x = torch.randn(4, 3)
        if step == BAD:
            x[2] = 0.0
        y, pull = vjp(lambda p: lengths(p, x), params)
        (gradient,) = pull(y - 1.0)
        params = {name: p - 0.01 * gradient[name] for name, p in params.items()}
    print(params["weight"].sum().item())
"""
"""The root of 0 in row 2, whose cotangent is 0 - 1: -1 * 1/0."""


def test_a_cotangent_that_is_pulled_back_is_looked_at(tmp_path: Path) -> None:
    ran = found_in(tmp_path, PULLED.replace("BAD", "2"))
    found = ran.only
    assert (ran.code, ran.report["steps"], ran.report["stopped"]) == (1, 3, "after backward")
    assert (found["code"], found["operation"], found["index"], found["step"]) == ("inf-backward", "sqrt", [2], 3)
    assert (found["place"]["line"], found["spoils"]) == (10, ['params["weight"]'])
    assert "local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient -1 = -inf" in found["why"]
    assert found["agrees"] is True


def test_a_sound_one_is_as_under_python(tmp_path: Path) -> None:
    program = written(tmp_path, PULLED.replace("BAD", "9"))
    without, under = both(tmp_path, program.name, has_torch=True)
    assert (under.code, under.out, under.err) == (0, without.out, "4 steps\n")


@pytest.mark.parametrize(
    ("call", "spoils"),
    [
        ("y, pull = vjp(torch.sqrt, w)\npull(torch.ones(2))", ["w"]),
        ("y, pull = vjp(torch.sqrt, w)\npull(cotangents=torch.ones(2))", ["w"]),
        ("y, pull, more = vjp(lambda a: (a.sqrt(), a), w, has_aux=True)\npull(torch.ones(2))", ["w"]),
        ("y, pull = vjp(lambda a, b: (a.sqrt(), b * 2), w, w + 1)\npull((torch.ones(2), torch.ones(2)))", ["w"]),
    ],
    ids=["plain", "by name", "with more", "two values"],
)
def test_the_ways_to_pull_back(tmp_path: Path, call: str, spoils: list[str]) -> None:
    program = "import torch\nfrom torch.func import vjp\nw = torch.tensor([0.0, 4.0])\n" + call
    found = found_in(tmp_path, program).only
    assert (found["code"], found["operation"], found["index"]) == ("inf-backward", "sqrt", [0])
    assert found["spoils"] == spoils
    sound = found_in(tmp_path, program.replace("0.0, 4.0", "1.0, 4.0"))
    assert (sound.report["findings"], sound.report["steps"]) == ([], 1)


def test_a_cotangent_of_zeros_gives_zeros_and_no_alarm(tmp_path: Path) -> None:
    program = "import torch\ny, pull = torch.func.vjp(torch.sin, torch.ones(2))\nprint(pull(torch.zeros(2)))"
    assert found_in(tmp_path, program).report["findings"] == []


def test_a_value_of_vjp_is_a_value_of_the_step(tmp_path: Path) -> None:
    program = """
    import torch
    w = torch.nn.Parameter(torch.tensor([1.0, -1.0]))
    y, pull = torch.func.vjp(torch.log, w)
    y.sum().backward()
    """
    found = found_in(tmp_path, program).only
    assert (found["code"], found["operation"], found["place"]["line"]) == ("nan-forward", "log", 3)
    assert (found["index"], found["spoils"], found["untouched"]) == ([1], [], ["w"])


BOUND = """
    import torch
    from torch.func import grad, grad_and_value, vmap

    import gradcli

    def length(w):
        return torch.sqrt((w * w).sum())

    made = MADE
    w = torch.tensor(START)
    with gradcli.watch() as watched:
        for step in range(2):
            made(w)
    print([(one.code, one.place.line, one.index, one.step) for one in watched.findings])
    assert made(w) is not None
"""


@pytest.mark.parametrize(
    ("made", "start", "index"),
    [
        ("grad(length)", "[0.0, 0.0]", "()"),
        ("lambda w: grad(length)(w)", "[0.0, 0.0]", "()"),
        ("grad_and_value(length)", "[0.0, 0.0]", "()"),
        ("vmap(grad(length))", "[[3.0, 4.0], [0.0, 0.0]]", "(1,)"),
        ("lambda w: vmap(grad(length))(w)", "[[3.0, 4.0], [0.0, 0.0]]", "(1,)"),
    ],
)
def test_a_name_that_was_bound_before_the_watch_began_is_looked_at(
    tmp_path: Path, made: str, start: str, index: str
) -> None:
    program = BOUND.replace("MADE", made).replace("START", start)
    ran = plain_warm(tmp_path, written(tmp_path, program).name, with_gradcli=True)
    said = f"[('inf-backward', 7, {index}, 1)]\n".replace("()", "None")
    assert (ran.code, ran.out) == (0, said), ran.err
    sound = BOUND.replace("MADE", made).replace("START", start.replace("0.0, 0.0", "1.0, 0.0"))
    assert plain_warm(tmp_path, written(tmp_path, sound).name, with_gradcli=True).out == "[]\n"


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("", "no operation of the step uses it"),
        (' + params["c"].detach().sum()', "detach cuts the graph"),
    ],
)
def test_what_has_no_influence_on_a_batch_is_told_as_such(tmp_path: Path, use: str, said: str) -> None:
    program = f"""
    import torch
    from torch.func import grad, vmap
    params = {{"a": torch.ones(2), "c": torch.ones(3)}}


    def loss_of(params, x, scale):
        return (params["a"] * x * scale["s"]).square().sum(){use}


    of_each = vmap(grad(loss_of), in_dims=(None, 0, {{"s": 0}}))
    for step in range(6):
        of_each(params, torch.rand(3, 2), {{"s": torch.ones(3)}})
    """
    found = found_in(tmp_path, program).only
    assert (found["code"], found["spoils"]) == ("disconnected", ['params["c"]'])
    assert found["message"] == f'params["c"] got no gradient: {said}'
