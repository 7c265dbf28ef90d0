"""The programs of `programs/silent`, in which nothing is to be found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from expected import PROGRAMS


@dataclass(frozen=True)
class Silent:
    """A program in which nothing is to be found, whose streams and exit code stay as they are."""

    program: str
    why: str
    arguments: tuple[str, ...] = ()
    stdin: str = ""
    exit_code: int = 0
    skipped: tuple[int, ...] = ()
    """Passes whose gradients are not finite and are thrown away by loss scaling."""

    @property
    def path(self) -> Path:
        return PROGRAMS / "silent" / self.program


SILENT = (
    Silent("causal_attention.py", "-inf in a mask that leaves each row something; dropout draws the same numbers"),
    Silent("running_maximum.py", "a maximum that begins at -inf"),
    Silent("cleaned_metrics.py", "0/0 cleaned by nan_to_num, NaN under no_grad"),
    Silent("safe_where.py", "a logarithm between two wheres"),
    Silent("scaler_one_skip.py", "one step is skipped by the scaler", skipped=(1,)),
    Silent("frozen_backbone.py", "frozen parameters"),
    Silent("clipped_accumulation.py", "accumulation, clipping, a schedule"),
    Silent("lbfgs_fit.py", "closures of LBFGS"),
    Silent("loader_workers.py", "a worker that is forked", ("fork",)),
    Silent("loader_workers.py", "a worker that is spawned", ("spawn",)),
    Silent("never_backward.py", "nothing is differentiated"),
    Silent("own_exception.py", "an exception of its own", exit_code=1),
    Silent("exits_with_three.py", "an exit code of its own", exit_code=3),
    Silent("reads_stdin.py", "standard input", ("--epochs", "3", "--json", "a", "--", "-o"), "1,2,3\n0.5,1,2\n"),
    Silent("early_stopping.py", "evaluation, inference mode, weights saved and loaded"),
    Silent("sdpa_empty_row.py", "PyTorch's attention knows what an empty row is"),
    Silent("ctc_zero_infinity.py", "infinite losses are zeroed"),
    Silent("heading_atan2.py", "PyTorch's atan2 has a slope at 0, 0"),
    Silent("cdist_self.py", "PyTorch's cdist and norm have a slope at 0"),
    Silent("batch_norm_of_one.py", "PyTorch refuses the batch", exit_code=1),
    Silent("gan_right.py", "gradients of the other network are thrown away"),
    Silent("ema_teacher.py", "a teacher that is changed in place between the steps; three random generators"),
    Silent("straight_through.py", "detach as a straight-through estimator uses it"),
    Silent("truncated_state.py", "a state that is detached"),
    Silent("weak_cache.py", "weak references of the program's own to what is named besides"),
    Silent("traced_module.py", "a trace, which writes down who calls, and is compared with a second one"),
    Silent("counted_operations.py", "a mode of the program's own"),
)
