"""Which device a word means, among those that are there."""

from __future__ import annotations

import pytest

from gradcli.exceptions import DeviceError
from gradcli.numerics.device import choose, present

CPU = ["cpu"]
TWO_CUDA = ["cpu", "cuda:0", "cuda:1"]
MPS = ["cpu", "mps:0"]


@pytest.mark.parametrize(
    ("word", "there", "chosen"),
    [
        ("cpu", CPU, "cpu"),
        ("cpu", TWO_CUDA, "cpu"),
        ("auto", CPU, "cpu"),
        ("auto", TWO_CUDA, "cuda:0"),
        ("auto", MPS, "mps:0"),
        ("cuda", TWO_CUDA, "cuda:0"),
        ("cuda:1", TWO_CUDA, "cuda:1"),
        ("mps", MPS, "mps:0"),
        ("xpu:0", ["cpu", "xpu:0"], "xpu:0"),
    ],
)
def test_a_device_that_is_there_is_chosen(word: str, there: list[str], chosen: str) -> None:
    assert choose(word, there) == chosen


@pytest.mark.parametrize(
    ("word", "there"),
    [("cuda", CPU), ("cuda:2", TWO_CUDA), ("mps", TWO_CUDA), ("cuda", MPS), ("xpu", CPU), ("cpu:1", CPU)],
)
def test_a_device_that_is_not_there_is_refused_with_those_that_are(word: str, there: list[str]) -> None:
    with pytest.raises(DeviceError) as caught:
        choose(word, there)
    assert caught.value.message == f"device '{word}' is not here"
    assert caught.value.hint == f"Here are: {', '.join(there)}."


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("cudo", "Did you mean 'cuda'?"),
        ("gpu", None),
        ("cuda:x", "Did you mean 'cuda'?"),
        ("cuda:", "Did you mean 'cuda'?"),
        ("auto:1", "Did you mean 'auto'?"),
        ("", "Choose cpu, cuda"),
        ("meta", "Choose cpu, cuda"),
        ("cuda:1234", "Did you mean 'cuda'?"),
        ("CUDA", None),
    ],
)
def test_a_word_that_is_no_device_is_refused_wherever_one_is(word: str, hint: str | None) -> None:
    with pytest.raises(DeviceError) as caught:
        choose(word, TWO_CUDA)
    assert caught.value.message == f"unknown device '{word}'"
    assert hint is None or hint in (caught.value.hint or "")


def test_the_cpu_is_always_there_and_comes_first() -> None:
    assert present()[0] == "cpu"
    assert choose("auto", present()) == ([*present(), "cpu"])[1 if len(present()) > 1 else 0]


@pytest.mark.parametrize(("word", "loads"), [("cpu", 0), ("cuda", 1)])
def test_a_device_other_than_the_cpu_has_all_of_pytorch(word: str, loads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[None] = []
    monkeypatch.setattr("gradcli.lean_torch.load_all", lambda: loaded.append(None))
    choose(word, TWO_CUDA)
    choose("cpu", CPU)
    assert len(loaded) == loads
