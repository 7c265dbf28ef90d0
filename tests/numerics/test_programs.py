"""Programs of the catalogue that start threads of PyTorch's own."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
import torch

from gradcli.language.catalogue.errors import find
from gradcli.numerics.programs import run

THREADS = Path("/proc/self/task")


def loops() -> int:
    """The threads that carry out the collective calls of groups of processes."""
    return sum(thread.read_text().startswith("pt_gloo_runloop") for thread in THREADS.glob("*/comm"))


@pytest.mark.skipif(not THREADS.exists(), reason="the threads of a process are listed by Linux")
@pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch has no groups of processes")
def test_the_last_group_of_processes_is_not_torn_down_while_its_threads_may_wait_for_python() -> None:
    row = find("ddp-unused-parameters")
    assert row is not None
    counts = []
    for _ in range(4):
        assert run(row.repaired).is_finite
        gc.collect()  # what the program made refers to itself
        counts.append(loops())
        assert not torch.distributed.is_initialized()
    assert min(counts) > 0
    assert counts[-1] == counts[-2]  # one or two groups are kept, not one a program
