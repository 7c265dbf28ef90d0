"""PyTorch's threads, for as long as they are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def threads(count: int) -> Iterator[None]:
    """With so many of PyTorch's threads.

    One for thousands of small runs: on a busy machine each would wait longer for the other threads than it computes.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
