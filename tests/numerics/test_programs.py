"""Programs of the catalogue that start threads of PyTorch's own."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch

from gradcli.language.catalogue.errors import find
from gradcli.numerics.programs import run


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch has no groups of processes")
def test_the_last_group_of_processes_is_kept_while_its_threads_may_wait_for_python() -> None:
    row = find("ddp-unused-parameters")
    assert row is not None
    destroy, groups = torch.distributed.destroy_process_group, []

    def destroyed() -> None:
        groups.append(weakref.ref(torch.distributed.group.WORLD))
        destroy()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.distributed, "destroy_process_group", destroyed)
        for _ in range(3):
            assert run(row.repaired).is_finite
            assert not torch.distributed.is_initialized()
    gc.collect()
    assert [group() is not None for group in groups[1:]] == [False, True]  # PyTorch itself keeps the first one
