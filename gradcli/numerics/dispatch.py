"""What sees each operation below autograd, without what PyTorch loads for its compiler."""

from __future__ import annotations

from torch.utils._python_dispatch import TorchDispatchMode


class DispatchMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A dispatch mode that is never compiled: PyTorch's own keeps its compiler out, whose import takes a second."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False
