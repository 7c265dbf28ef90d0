"""`--raise`: PyTorch's own traceback on standard error, as a program would have printed it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gradcli.cli import progress
from gradcli.numerics.capture import TorchError


@dataclass
class RaiseOutcome:
    """Whether an exception of PyTorch's came out."""

    raised: bool = False


@contextmanager
def letting_out() -> Iterator[RaiseOutcome]:
    """Print the exception that PyTorch raises inside, and note that it did."""
    outcome = RaiseOutcome()
    try:
        yield outcome
    except TorchError as error:
        progress.stop()
        traceback.print_exception(error.error, file=sys.stderr)
        outcome.raised = True
