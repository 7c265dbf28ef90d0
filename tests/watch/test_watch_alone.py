"""What is found is shown once more alone: the printed command is run, its tensors are the program's, a fix mends it."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from command_line import clean_environment
from watching import SECONDS, found_in, watched, written

import gradcli
from tools import warm

HEAD = """
    import numpy, torch

    torch.manual_seed(3)
    w = torch.nn.Parameter(torch.randn(4, 6))
    optimizer = torch.optim.SGD([w], lr=0.1)
    x = torch.rand(5, 4)
"""
TAIL = """
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
PROGRAMS = {
    "p * log(p)": """
        p = torch.softmax(x @ w * 1000, -1)
        numpy.savez("own.npz", p=p.detach().numpy())
        loss = -(p * torch.log(p)).sum(-1).mean()
    """,
    "where(condition, sqrt(y), other=0.0)": """
        y = x @ w
        numpy.savez("own.npz", y=y.detach().numpy(), condition=(y > 0).numpy())
        loss = torch.where(y > 0, torch.sqrt(y), 0.0).sum()
    """,
    "sqrt(sum_output)": """
        h = x @ w
        length = torch.sqrt((h[:, None] - h).pow(2).sum(-1))
        numpy.savez("own.npz", sum_output=(h[:, None] - h).pow(2).sum(-1).detach().numpy())
        loss = length.mean()
    """,
    "sqrt(abs_output) * weight": """
        w.data[:, 0] = 0
        weight = torch.ones(5, 6)
        weight[0, 0] = 0
        loss = (torch.sqrt((x @ w).abs()) * weight)[0].sum()
        numpy.savez("own.npz", abs_output=(x @ w).abs().detach().numpy(), weight=weight.numpy())
    """,
    "h / sum_output": """
        h = (x @ w).clone()
        h = h - h.detach()
        numpy.savez("own.npz", h=h.detach().numpy(), sum_output=h.sum(-1, keepdim=True).detach().numpy())
        h /= h.sum(-1, keepdim=True)
        loss = h.sum()
    """,
    "std(h, dim=0)": """
        h = (x @ w)[:1]
        numpy.savez("own.npz", h=h.detach().numpy())
        loss = h.std(0).sum()
    """,
    "cross_entropy(x, t)": """
        t = torch.full((5,), -100)
        logits = x @ w
        loss = torch.nn.functional.cross_entropy(logits, t)
        numpy.savez("own.npz", t=t.numpy(), logits=logits.detach().numpy())
    """,
}
FIXED = {"p * log(p)": ("mul_output",), "where(condition, sqrt(y), other=0.0)": ("y", "condition")}
"""The names that their fixes have."""


def test_a_name_that_the_program_does_not_have_is_explained(tmp_path: Path) -> None:
    text = """
        import torch

        torch.manual_seed(0)
        w = torch.nn.Parameter(torch.full((3,), 900.0))
        y = torch.cat([torch.zeros(2), torch.ones(1)])
        chance = torch.sigmoid(w * -2)
        (y * torch.log(chance)).sum().backward()
    """
    found = found_in(tmp_path, text).only
    assert found["fix"] == "y * logsigmoid(mul_output)"  # what is beside the operation to blame stays as it is
    assert found["where"] == ["mul_output = w * -2"]
    root = found_in(tmp_path, text.replace("y * torch.log(chance)", "torch.sqrt(w - w) * -0.5")).only
    assert shlex.split(root["alone"])[2] == "sum(sqrt(sub_output) * gradient)"
    assert root["where"] == ["sub_output = w - w", "gradient = what arrives in the backward pass"]


def test_a_truth_value_that_is_a_number_is_written_as_one(tmp_path: Path) -> None:
    text = "import torch\nw = torch.ones(2, requires_grad=True)\nlast = False\n(w * True / last).sum().backward()\n"
    found = found_in(tmp_path, text).only
    assert shlex.split(found["alone"])[2] == "mul_output / 0"
    assert [one["code"] for one in _run_as_typed(found["alone"], tmp_path)["findings"]] == ["inf-forward"]


PICKED = (
    # a policy's own action; the target's class by two lists of places, of a softmax by hand; a squeezed probability
    (
        "pi = torch.softmax(z, -1); loss = -torch.log(pi.gather(1, y[:, None]).squeeze(1)).mean()",
        "squeeze(gather(log_softmax(z, dim=-1), dim=1, index=y[:, None]), dim=1)",
    ),
    (
        "e = z.exp(); p = e / e.sum(1)[:, None]; loss = -torch.log(p[torch.arange(2), y]).mean()",
        "log_softmax(z, dim=1)[arange_output, y]",
    ),
    (
        "p = torch.sigmoid(z)[..., 0:1].squeeze(1); loss = -torch.log(1 - p).mean()",
        "logsigmoid(-squeeze(z[..., 0:1], dim=1))",
    ),
)


def test_a_fix_reaches_through_what_only_arranges_elements(tmp_path: Path) -> None:
    values = "z = torch.nn.Parameter(torch.tensor([[40.0, -70.0], [45.0, -75.0]]))\ny = torch.tensor([1, 0])\n"
    for middle, fix in PICKED:
        found = found_in(tmp_path, f"import torch\n\n{values}{middle}\nloss.backward()\n").only
        assert (found["code"], found["fix"]) == ("inf-forward", fix), middle


def test_one_of_several_values_is_shown_alone(tmp_path: Path) -> None:
    text = """
        import torch

        w = torch.nn.Parameter(torch.tensor([[1.0, 2.0], [2.0, 4.0]]))
        sign, size = torch.linalg.slogdet(w)
        (w.sum() - size).backward()
    """
    found = found_in(tmp_path, text).only
    assert found["alone"] == "gradcli trace 'linalg.slogdet(w)[1]' 'w=[[1.0, 2.0], [2.0, 4.0]]'"
    same = [(one["code"], one["operation"]) for one in _run_as_typed(found["alone"], tmp_path)["findings"]]
    assert (found["code"], found["operation"]) == ("inf-forward", "linalg.slogdet")
    assert ("inf-forward", "linalg.slogdet") in same


def _program(middle: str) -> str:
    return "\n".join(map(_dedented, (HEAD, middle, TAIL)))


def _dedented(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


def _run_as_typed(command: str, folder: Path) -> dict[str, Any]:
    words = shlex.split(command)
    assert words[0] == "gradcli"
    ran = subprocess.run(
        [*warm.gradcli(), *words[1:], "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
        env=clean_environment(),
    )
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


@pytest.mark.parametrize("expression", [text for text in PROGRAMS if text != "cross_entropy(x, t)"])
def test_the_command_that_is_printed_shows_the_same_with_the_tensors_of_the_program(
    tmp_path: Path, expression: str
) -> None:
    found = found_in(tmp_path, _program(PROGRAMS[expression]), "--save", "tensors").only
    assert shlex.split(found["alone"])[:3] == ["gradcli", "trace", expression]
    answer = _run_as_typed(found["alone"], tmp_path)
    same = [(one["code"], one["operation"]) for one in answer["findings"]]
    assert (found["code"], found["operation"].removesuffix("_")) in same
    saved, own = np.load(tmp_path / "tensors" / "gradcli-step1.npz"), np.load(tmp_path / "own.npz")
    assert {*saved} == {*own}
    for name in own:
        assert (saved[name].dtype, saved[name].tobytes()) == (own[name].dtype, own[name].tobytes())


@pytest.mark.parametrize("expression", sorted(FIXED))
def test_a_fix_has_a_finite_value_and_finite_gradients(tmp_path: Path, expression: str) -> None:
    found = found_in(tmp_path, _program(PROGRAMS[expression])).only
    assert found["fix"] is not None
    assert found["alone"] is None  # too many numbers to type, and no folder to write them to
    torch.manual_seed(3)
    w = torch.randn(4, 6)
    y = torch.rand(5, 4) @ w
    every = {"mul_output": y * 1000, "y": y, "condition": y > 0}
    free = {name: every[name].numpy() for name in FIXED[expression]}
    answer = gradcli.grad(found["fix"], **free)
    assert np.isfinite(answer.output.values).all()
    assert all(np.isfinite(one.values).all() for one in answer.gradients.values() if one is not None)


def test_arguments_at_their_defaults_are_left_out(tmp_path: Path) -> None:
    found = found_in(tmp_path, _program(PROGRAMS["cross_entropy(x, t)"]), "--save", "a/b").only
    assert shlex.split(found["alone"]) == [
        "gradcli", "trace", "cross_entropy(logits, t)",
        "logits=@a/b/gradcli-step1.npz:logits", "t:int64=@a/b/gradcli-step1.npz:t",
    ]  # fmt: skip


def test_few_numbers_are_typed_and_need_no_file(tmp_path: Path) -> None:
    text = """
        import torch

        scale = torch.nn.Parameter(torch.tensor([0.1, 0.0]))
        loss = torch.sqrt(scale).sum()
        loss.backward()
    """
    found = found_in(tmp_path, text).only
    assert found["alone"] == "gradcli trace 'sqrt(scale)' 'scale=[0.1, 0.0]'"
    assert [one["code"] for one in _run_as_typed(found["alone"], tmp_path)["findings"]] == ["inf-backward"]
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


def test_bfloat16_is_kept_in_a_format_that_has_it(tmp_path: Path) -> None:
    middle = """
        h = (x @ w).bfloat16()
        loss = (h.detach() / (h - h)).float().sum()
    """
    found = found_in(tmp_path, _program(middle), "--save", ".").only
    assert "@gradcli-step1.safetensors:" in found["alone"]
    answer = _run_as_typed(found["alone"], tmp_path)
    assert {one["dtype"] for one in answer["inputs"].values()} == {"bfloat16"}
    assert (found["code"], found["operation"]) in [(one["code"], one["operation"]) for one in answer["findings"]]


def test_the_report_names_the_fix_and_where_tensors_would_be_written(tmp_path: Path) -> None:
    written(tmp_path, _program(PROGRAMS["where(condition, sqrt(y), other=0.0)"]))
    told = watched(tmp_path, "train.py").err.splitlines()
    assert "fix       where(condition, sqrt(where(condition, y, 1.0)), other=0.0)" in told
    assert "replaces  where(condition, sqrt(y), other=0.0)  (run: value and gradients are finite)" in told
    assert "alone     where(condition, sqrt(y), other=0.0)  (--save DIR writes its tensors)" in told


def test_a_folder_that_is_a_file_is_refused_before_the_program_runs(tmp_path: Path) -> None:
    written(tmp_path, "print('ran')")
    ran = watched(tmp_path, "--save", "train.py", "train.py")
    assert (ran.code, ran.out) == (2, "")
    assert "'train.py' is no folder" in ran.err


def test_random_numbers_of_the_program_are_left_alone(tmp_path: Path) -> None:
    text = _program(PROGRAMS["p * log(p)"]) + "\nprint(torch.rand(3).tolist())\n"
    kept = watched(tmp_path, "--continue", written(tmp_path, text).name)
    assert kept.out == watched(tmp_path, "--from-step", "9", "train.py").out
