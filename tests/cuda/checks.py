"""What must hold on a device that trains: programs of tests/watch, autocast, generators, assertions, waits for it.

`tools/cuda_checks.py` runs all of them and prints a table; `test_cuda.py` runs them where there is CUDA.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from expected import ROWS, Row
from watching import Ran, plain, plain_warm, watched, written

Check = Callable[[str, Path], str]
"""Given a device and an empty folder: what there is to say. Raises AssertionError."""

STARTER = """
    import runpy
    import sys

    import torch

    torch.set_default_device(sys.argv[1])
    path, sys.argv[1:] = sys.argv[2], sys.argv[3:]
    sys.path[0] = path.rpartition("/")[0]
    runpy.run_path(path, run_name="__main__")
"""
HALF = """
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Linear(4, 8, device="DEVICE")
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
    scaler = torch.amp.GradScaler("DEVICE", init_scale=4.0)
    for step in range(8):
        x = torch.randn(6, 4, device="DEVICE")
        with torch.autocast("DEVICE", dtype=torch.float16):
            hidden = nn.functional.dropout(net(x), 0.5)
            loud = hidden.abs() * 60000.0
            loss = (loud / loud.max()).mean()
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
"""
DRAWING = """
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 1)).to("DEVICE")
    own = torch.Generator("DEVICE").manual_seed(1)
    for step in range(3):
        x = torch.randn(6, 4, device="DEVICE", generator=own)
        noisy = (net(x) * 1.0).clone()
        noisy.mul_(torch.empty_like(noisy).uniform_(generator=own))
        loss = (noisy.mean() / (step != 1)).sum()
        net.zero_grad()
        loss.backward()
    print(torch.randn(3, device="DEVICE").tolist(), torch.randn(3, device="DEVICE", generator=own).tolist())
"""
WAITING = """
    import warnings

    import torch
    from torch import nn

    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)).to("DEVICE")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    waits = []
    for step in range(5):
        loss = net(torch.randn(6, 4, device="DEVICE")).square().mean()
        optimizer.zero_grad()
        torch.cuda.set_sync_debug_mode("warn")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            loss.backward()
        torch.cuda.set_sync_debug_mode("default")
        waits.append(sum("synchronizing" in str(one.message) for one in told))
        optimizer.step()
    print(waits)
"""

ASSERTING = """
    import gradcli
    import torch
    from torch import nn

    x = torch.tensor([-1.5, 0.5, 2.0], device="DEVICE")
    net = nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Dropout(0.5)).to("DEVICE")
    rows = gradcli.assert_gradient(net, x).rows
    rows += gradcli.assert_gradient(lambda x: torch.relu(x - 0.5).sum(), x, dtype="float32").rows
    try:
        gradcli.assert_gradient(lambda x: x.detach() * x, x)
    except AssertionError as error:
        print(sorted({row.verdict for row in rows}), x.device.type, str(error).splitlines()[-1])
"""


@dataclass(frozen=True)
class NotHereError(Exception):
    """A check that says nothing of this device, such as of a program that does not run on it without watch either."""

    reason: str


def program_of(row: Row, device: str, folder: Path) -> str:
    """The same code, line and operation as on the CPU; the random numbers, and so the step, may be others."""
    starter = written(folder, STARTER, "starter.py").name
    words = (device, str(row.path), *row.arguments)
    before = unwatched(device, folder, starter, *words)
    errors = ("in-place", "second-backward")
    if before.code and row.code not in errors:
        raise NotHereError(before.err.strip().splitlines()[-1][:100])
    ran = watched_on(device, folder, starter, *words)
    found = {(one["code"], one["place"] and one["place"]["line"]) for one in ran.report["findings"]}
    lines = {row.number(line) for line in (row.line, row.or_line) if line}
    assert any(code in (row.code, *row.also) and line in lines for code, line in found), f"found {found}"
    return ""


def half_precision(device: str, folder: Path) -> str:
    """float16 under autocast, with a GradScaler: the operation that overflows, run again to the bit."""
    only = next(one for one in watch(HALF, device, folder).report["findings"] if one["severity"] == "warning")
    assert (only["place"]["line"], only["operation"], only["agrees"]) == (12, "mul", True), only["message"]
    return str(only["code"])


def generators(device: str, folder: Path) -> str:
    """Random numbers of the device, and of a generator of the program's on it, are drawn again, and then go on."""
    ran = watch(DRAWING, device, folder, "--continue")
    assert ran.report["findings"][0]["agrees"] is True, ran.report["findings"][0]["remark"]
    assert ran.out == unwatched(device, folder, "train.py").out
    return ""


def waits(device: str, folder: Path) -> str:
    """One wait for the device in each step."""
    if device.partition(":")[0] != "cuda":
        raise NotHereError("only CUDA tells when it is waited for")
    out = watch(WAITING, device, folder).out
    assert out == "[1, 1, 1, 1, 1]\n", out
    return out.strip()


def assertions(device: str, folder: Path) -> str:
    """assert_gradient takes a module and a kink of the device, and rejects what is wrong there."""
    program = written(folder, ASSERTING.replace("DEVICE", device)).name
    out = unwatched(device, folder, program).out
    assert out == f"['agree', 'kink'] {device.partition(':')[0]} all of them are 1/2 times what they should be\n", out
    return ""


def watch(text: str, device: str, folder: Path, *options: str) -> Ran:
    return watched_on(device, folder, *options, written(folder, text.replace("DEVICE", device)).name)


def unwatched(device: str, folder: Path, *words: str) -> Ran:
    """A program under Python; one that is not for the CPU wants a process that was not forked."""
    return (plain_warm if device == "cpu" else plain)(folder, *words)


def watched_on(device: str, folder: Path, *words: str) -> Ran:
    """A program under watch, with the report as JSON."""
    if device == "cpu":
        return watched(folder, "--json", *words)
    return plain(folder, "-m", "gradcli", "watch", "--json", *words)


def checks() -> Iterator[tuple[str, Check]]:
    """Every check by its name."""
    yield from {
        "float16 with a scaler": half_precision,
        "generators": generators,
        "waits": waits,
        "assertions": assertions,
    }.items()
    for row in ROWS:
        if row.module is None:
            yield row.program, partial(program_of, row)
