"""A kernel that stops takes the device from its process: the CPU has the words, and the next request a new process."""

from __future__ import annotations

import json
from typing import Any

import pytest
from processes import in_own_process, needs_stand_in

import gradcli
from gradcli.cli import device_loss
from gradcli.exceptions import DeviceLostError
from gradcli.numerics import device

pytestmark = needs_stand_in

SIGMOID = "grad sigmoid 1 -d standin"
INDEX = "grad 'embedding(t, w)' t:int64=5 w='ones(2, 2)' -d standin"
PROBABILITY = "trace 'binary_cross_entropy(x, t)' x=2 t=1 --frozen t -d standin"
GRADCLI = "from gradcli.__main__ import run; run()"
REQUESTS = [SIGMOID, INDEX, PROBABILITY, "grad sigmoid 1", SIGMOID]


@pytest.fixture(scope="module", params=["1", "2"])
def answers(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    given = "\n".join(REQUESTS) + "\n"
    out = in_own_process(GRADCLI, argv=["batch", "--jobs", request.param], given=given, plugged=True)
    return [json.loads(line) for line in out.splitlines()]


def test_every_request_has_its_answer(answers: list[dict[str, Any]]) -> None:
    assert [answer["schema"].split("/")[1] for answer in answers] == [
        *("grad", "error", "trace", "grad", "grad"),
    ]


def test_those_before_and_behind_are_answered_by_the_device(answers: list[dict[str, Any]]) -> None:
    assert [answers[place]["device"] for place in (0, 3, 4)] == ["standin:0", "cpu", "standin:0"]


def test_the_request_itself_is_answered_in_the_words_of_the_cpu_with_a_note(answers: list[dict[str, Any]]) -> None:
    error = answers[1]["error"]
    assert (error["type"], error["message"], error["span"]) == ("IndexError", "index out of range in self", [0, 15])
    assert error["hint"].startswith(
        "These are the words of the CPU: on standin:0 a kernel stopped there, and its process lost the device "
        "(CUDA error: device-side assert triggered)."
    )
    raised = answers[2]["raised"]
    assert raised["message"] == "all elements of input should be between 0 and 1"
    assert raised["hint"].startswith("These are the words of the CPU")


PROGRAM = """
import sys
from gradcli.cli import main
codes = [main(line) for line in (
    ["grad", "embedding(t, w)", "t:int64=5", "w=ones(2, 2)", "-d", "standin"],
    ["grad", "sigmoid", "1", "-d", "standin"],
)]
print(codes)
"""


def test_a_process_that_lives_on_asks_another_one() -> None:
    out = in_own_process(PROGRAM, plugged=True)
    assert "sigmoid(x)  float32 on standin:0" in out
    assert out.endswith("[1, 0]\n")


def test_what_only_moved_inputs_could_break_breaks_nothing() -> None:
    """Differences and fixes try inputs at which the function is not defined: those are tried on the CPU."""
    program = """
from gradcli.cli import main
main(["check", "binary_cross_entropy(x, t)", "x=1,0.5", "t=0,1", "--frozen", "t", "-d", "standin", "--json"])
main(["trace", "sqrt(binary_cross_entropy(x, t))", "x=1", "t=1", "--frozen", "t", "-d", "standin", "--json"])
"""
    answers = [json.loads(line) for line in in_own_process(program, plugged=True).splitlines()]
    assert [("error" in answer, answer["device"]) for answer in answers] == [(False, "standin:0")] * 2


# --- the seam ---------------------------------------------------------------------------------------------------------


class Lost:
    """A device at which every call fails, as PyTorch's modules for devices have it."""

    @staticmethod
    def synchronize() -> None:
        raise RuntimeError("CUDA error: device-side assert triggered\nCompile with `TORCH_USE_CUDA_DSA`.")


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_used", "cuda:0")
    monkeypatch.setattr("torch.get_device_module", lambda name: Lost)
    monkeypatch.setattr(device_loss, "_is_lost", False)


@pytest.mark.usefixtures("lost")
def test_a_line_that_the_cpu_can_answer_is_told_as_the_devices_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def run(words: list[str]) -> int:
        if "cpu" not in words:
            raise RuntimeError("whatever came of it")
        assert words == ["grad", "sigmoid", "1", "-d", "cuda", "--device", "cpu"]
        seen.append(device_loss.with_words_of_cpu(gradcli.grad("sigmoid", 1)))
        return 1

    assert device_loss.alive_or_on_cpu(["grad", "sigmoid", "1", "-d", "cuda"], run) == 1
    assert device_loss.is_lost()
    (failure,) = seen
    assert (failure.type, failure.id) == ("RuntimeError", "device-assert")  # type: ignore[attr-defined]
    assert failure.message.startswith("CUDA error: device-side assert triggered")  # type: ignore[attr-defined]


@pytest.mark.usefixtures("lost")
def test_an_answer_of_a_lost_device_is_not_given() -> None:
    with pytest.raises(DeviceLostError):
        device_loss.with_words_of_cpu(object())


def test_an_error_while_the_device_lives_stays_what_it_is() -> None:
    def run(words: list[str]) -> int:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        device_loss.alive_or_on_cpu(["grad"], run)
    assert not device_loss.is_lost()
