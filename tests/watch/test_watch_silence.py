"""What is left alone: everything that is not finite or zero on purpose, or that nobody differentiates."""

from __future__ import annotations

from pathlib import Path

import pytest
from watching import found_in, plain_warm, watched, written

LOOP = """
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 4))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.5)
    for step in range(8):
        x = torch.randn(6, 4)
        y = net(x)
        LOSS
        optimizer.zero_grad()
        loss.backward()
        STEP
        optimizer.step()
"""

QUIET = {
    "minus infinity in a mask": (
        "s = (y @ y.T).masked_fill(torch.ones(6, 6).triu(1).bool(), -float('inf')); "
        "loss = (torch.softmax(s, -1) @ y).square().mean()"
    ),
    "minus infinity in a running maximum": (
        "best = torch.maximum(torch.full((6,), -float('inf')), y.max(1).values); loss = best.square().mean()"
    ),
    "a nan that is replaced": "loss = torch.nan_to_num(torch.log(torch.zeros(3)) * 0).sum() + y.square().mean()",
    "a nan that where leaves out": (
        "clean = torch.where(x > 0, x, torch.ones_like(x)); "
        "loss = torch.where(x > 0, clean.log() * y, y).square().mean()"
    ),
    "what no_grad computes": "loss = y.square().mean()\n        with torch.no_grad(): torch.zeros(3).log() * y[0, :3]",
    "a value that is only looked at": "loss = y.square().mean(); shown = (y.detach() * 0).log().sum().item()",
    "a part that is frozen": ("[p.requires_grad_(False) for p in net[0].parameters()]; loss = net(x).square().mean()"),
    "a gradient that one step does not need": "loss = y.square().mean() * (0.0 if step == 3 else 1.0)",
    "two backward passes": "(net(x).abs().mean()).backward(); loss = net(x).square().mean()",
    "an error that the program handles": (
        "loss = y.square().mean()\n        try: torch.ones(2) @ torch.ones(3)\n        except RuntimeError: pass"
    ),
}


def quiet(loss: str, step: str = "pass") -> str:
    return LOOP.replace("LOSS", loss).replace("STEP", step)


@pytest.mark.parametrize("case", QUIET)
def test_it_is_left_alone(tmp_path: Path, case: str) -> None:
    ran = found_in(tmp_path, quiet(QUIET[case]))
    assert (ran.code, ran.report["findings"]) == (0, [])


def test_clipping_is_left_alone(tmp_path: Path) -> None:
    ran = found_in(
        tmp_path, quiet("loss = (1e4 * y).square().sum()", "nn.utils.clip_grad_norm_(net.parameters(), 1.0)")
    )
    assert (ran.code, ran.report["findings"]) == (0, [])


def test_the_closure_of_an_optimizer_is_left_alone_and_looked_at(tmp_path: Path) -> None:
    text = """
        import torch

        w = torch.tensor([1.0, 2.0], requires_grad=True)
        optimizer = torch.optim.LBFGS([w], max_iter=4)


        def closure():
            optimizer.zero_grad()
            loss = ((w - 3) ** 2).sum()
            loss.backward()
            return loss


        optimizer.step(closure)
    """
    ran = found_in(tmp_path, text)
    assert (ran.code, ran.report["findings"]) == (0, [])
    assert ran.report["steps"] > 1


def test_a_parameter_that_the_step_does_not_use_is_a_note(tmp_path: Path) -> None:
    text = quiet("loss = y.square().mean()").replace(
        "net.parameters()", "[*net.parameters(), *nn.Linear(2, 2).parameters()]"
    )
    ran = found_in(tmp_path, text)
    assert (ran.code, ran.only["severity"], ran.only["code"]) == (0, "note", "disconnected")
    assert "no operation of the step uses them" in ran.only["message"]


def test_a_step_that_a_scaler_skips_is_a_note_and_five_in_a_row_a_warning(tmp_path: Path) -> None:
    text = """
        import torch

        torch.manual_seed(0)
        net = torch.nn.Linear(4, 4)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**17)
        for step in range(6):
            with torch.autocast("cpu", dtype=torch.float16):
                loss = net(torch.randn(6, 4)).float().square().mean() * SCALE
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
    """
    ran = found_in(tmp_path, text.replace("SCALE", "1"))
    assert (ran.code, [one["severity"] for one in ran.report["findings"]]) in ((0, ["note"]), (0, []))
    ran = found_in(tmp_path, text.replace("SCALE", "float('nan')"))
    assert (ran.code, [one["severity"] for one in ran.report["findings"]]) == (0, ["warning", "note"])
    assert ran.report["findings"][0]["place"]["line"] == 9


def test_a_program_trains_to_the_same_bits(tmp_path: Path) -> None:
    text = quiet(
        "loss = functional.dropout(y, 0.5).square().mean() + (torch.rand(6, 4) * y).mean()",
        "total = sum(p.grad.double().sum().item() for p in net.parameters()); print(total.hex())",
    )
    written(tmp_path, text + "\n    print(torch.randn(1).item().hex())\n")
    assert watched(tmp_path, "train.py").out == plain_warm(tmp_path, "train.py").out != ""


def test_looking_into_a_step_changes_no_gradient_and_no_random_number(tmp_path: Path) -> None:
    """Zeros are looked into without an end: what follows is as it would have been."""
    text = quiet(
        "loss = functional.relu(functional.dropout(y, 0.5) - 1e3).mean() + y.square().mean() * (step > 6)",
        "print([p.grad.double().sum().item().hex() for p in net.parameters()], torch.rand(1).item().hex())",
    )
    written(tmp_path, text)
    ran = watched(tmp_path, "--patience", "2", "train.py")
    assert "warning[dead]" in ran.err
    assert ran.out == plain_warm(tmp_path, "train.py").out != ""


def test_workers_of_a_loader_are_not_watched(tmp_path: Path) -> None:
    text = """
        import torch
        from torch.utils.data import DataLoader, Dataset


        class Numbers(Dataset):
            def __len__(self):
                return 8

            def __getitem__(self, i):
                weight = torch.zeros(1, requires_grad=True)
                weight.sqrt().sum().backward()
                return torch.ones(4) * i


        if __name__ == "__main__":
            net = torch.nn.Linear(4, 1)
            for x in DataLoader(Numbers(), batch_size=4, num_workers=1, multiprocessing_context="CONTEXT"):
                net(x).mean().backward()
            print("end")
    """
    for context in ("fork", "spawn"):
        written(tmp_path, text.replace("CONTEXT", context))
        ran = watched(tmp_path, "--json", "train.py")
        assert (ran.code, ran.out, ran.report["steps"]) == (0, "end\n", 2), ran.err
