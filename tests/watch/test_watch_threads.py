"""Threads that train: the one that was started is watched, of the others the report says that they were not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch
from watching import found_in, plain_warm, watched, written

from gradcli.inspections.watching.scaling import Scaling
from gradcli.recording.program.log import Log
from gradcli.recording.program.places import UserCode

TRAINING = """
    import threading
    import torch
    from torch import nn


    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, gradient):
            return 2 * gradient


    def train(steps, bad):
        generator = torch.Generator().manual_seed(bad)
        model = nn.Linear(3, 1)
        with torch.no_grad():
            model.weight.fill_(0.5)
            model.bias.fill_(0.5)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        with torch.device("cpu"):  # a mode of the thread's own
            for step in range(steps):
                x = torch.rand(4, 3, generator=generator)
                if step == bad:
                    x[0] = float("nan")
                loss = Doubled.apply(model(x)).square().mean()
                optimizer.zero_grad()
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
        return model.weight.double().sum().item()


    thread = threading.Thread(target=train, args=(6, 2), name="trainer")
"""
BESIDE = (
    TRAINING
    + """
    if MAIN:
        train(1, 9)
    thread.start()
    if MAIN:
        print(train(20, 99))
"""
)


def test_a_thread_that_trains_is_said_to_be_unwatched(tmp_path: Path) -> None:
    text = BESIDE.replace("MAIN", "False")
    ran = found_in(tmp_path, text)
    assert (ran.code, ran.only["code"], ran.only["severity"]) == (0, "unwatched-thread", "note")
    assert ran.only["message"] == "the thread trainer took 5 steps of an optimizer, and nobody looked at them"
    assert ran.report["steps"] == 0
    told = watched(tmp_path, written(tmp_path, text).name).err
    ending = "nothing was differentiated in the thread that is watched\ngradcli explain unwatched-thread\n"
    assert told.endswith(ending)


def test_a_thread_that_trains_beside_disturbs_neither_the_program_nor_its_watch(tmp_path: Path) -> None:
    text = BESIDE.replace("MAIN", "True")
    ran = found_in(tmp_path, text)
    assert (ran.only["code"], ran.report["steps"], ran.code) == ("unwatched-thread", 21, 0)
    assert ran.out == plain_warm(tmp_path, "train.py").out


def test_a_watch_inside_of_the_thread_looks_at_it(tmp_path: Path) -> None:
    text = (
        TRAINING
        + """
    import gradcli


    def looked_at():
        with gradcli.watch() as watched:
            train(6, 2)
        print(*(finding.code for finding in watched.findings))


    thread = threading.Thread(target=looked_at)
    thread.start()
    thread.join()
"""
    )
    text = text.replace("scaler.scale(loss)", "loss").replace("scaler.step(optimizer)", "optimizer.step()")
    written(tmp_path, text.replace("scaler.update()", "pass"))
    assert plain_warm(tmp_path, "train.py", with_gradcli=True).out == "nan-input\n"


def test_threads_that_do_not_train_are_not_told_of(tmp_path: Path) -> None:
    text = """
        import threading
        import torch

        weight = torch.nn.Parameter(torch.ones(3))
        thread = threading.Thread(target=lambda: torch.rand(3).sum())
        thread.start()
        weight.sum().backward()
        thread.join()
    """
    assert found_in(tmp_path, text).report["findings"] == []


BY_HAND = """
    import threading
    import torch


    def train(steps):
        weight = torch.ones(2, requires_grad=True)
        for _ in range(steps):
            torch.log(weight - 1).sum().backward()
            with torch.no_grad():
                weight -= 0.1 * weight.grad


    for number in range(THREADS):
        thread = threading.Thread(target=train, args=(number + 1,), name=f"trainer {number}")
        thread.start()
        thread.join()
"""


@pytest.mark.parametrize(
    ("threads", "said"),
    [
        (1, "the thread trainer 0 made 1 backward pass, and nobody looked at them"),
        (2, "the threads trainer 0 and trainer 1 made 3 backward passes, and nobody looked at them"),
    ],
)
def test_a_thread_that_changes_its_parameters_by_hand_is_told_of_too(tmp_path: Path, threads: int, said: str) -> None:
    ran = found_in(tmp_path, BY_HAND.replace("THREADS", str(threads)))
    assert (ran.only["code"], ran.only["message"], ran.report["steps"]) == ("unwatched-thread", said, 0)


def test_a_loss_that_another_thread_scales_is_not_kept() -> None:
    log = Log(UserCode(), {})
    scaling = Scaling(log)

    def scale() -> None:
        torch.amp.GradScaler("cpu").scale(torch.ones(()))  # type: ignore[no-untyped-call]

    scaling.put_on()
    log.put_on()
    try:
        thread = threading.Thread(target=scale)
        thread.start()
        thread.join()
        assert not scaling.unscaled
        scale()
        assert len(scaling.unscaled) == 1
    finally:
        log.take_off()
        scaling.take_off()
