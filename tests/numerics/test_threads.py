"""PyTorch's threads are as many as are wanted, and as before afterwards, whatever happens in between."""

from __future__ import annotations

import pytest
import torch

from gradcli.numerics.threads import threads


def test_threads_are_as_many_as_are_wanted_and_as_before_afterwards() -> None:
    before = torch.get_num_threads()
    with threads(1):
        assert torch.get_num_threads() == 1
        with threads(3):
            assert torch.get_num_threads() == 3
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_an_error_leaves_the_threads_as_before() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ValueError, match="meant"), threads(before + 1):
        raise ValueError("meant")
    assert torch.get_num_threads() == before
