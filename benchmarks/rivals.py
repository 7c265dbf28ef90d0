"""What other tools say of four troubles in a small training, and what each costs a step.

The training is benchmarks/classifier.py. Each tool is put on as its documentation says, in a process of its own that
trains up to the end of the step that breaks; it has named the trouble where what it prints holds the line of the
classifier at which the number was born, and the kind where it holds the name of the operation. A tool that looks at a
model alone is given the model. Seconds are processor time of a step without a trouble, in turn with plain steps.

TorchLens, Lightning and Transformers are no dependency of gradcli: install them beside it, then run

    python benchmarks/rivals.py [--pairs 9] [--dry-run]
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch
from classifier import BREAKS, TROUBLES, Training, line
from report import asked, finish, table

OPERATIONS = {"mask": "softmax", "sqrt": "sqrt", "log": "log", "half": "pow"}
Step = Callable[[int], None]
Tool = Callable[[Training], Step]


def plain(training: Training) -> Step:
    return training.step


def anomaly_mode(training: Training) -> Step:
    """`torch.autograd.detect_anomaly`, which is Lightning's `detect_anomaly` too."""

    def step(number: int) -> None:
        with torch.autograd.detect_anomaly():
            training.step(number)

    return step


def torchlens_forward(training: Training) -> Step:
    """Looks for the first number of the model's forward pass that is not finite, before each step."""
    import torchlens

    def step(number: int) -> None:
        state = training.generator.get_state()
        batch = training.batch(number)
        training.generator.set_state(state)
        found = torchlens.debug.find_nan(training.model, (batch.tokens, batch.present))
        if found.found:
            raise FloatingPointError(str(found))
        training.step(number)

    return step


def torchlens_backward(training: Training) -> Step:
    """The backward pass of loss and model under its trace."""
    import torchlens

    class WithLoss(torch.nn.Module):
        def __init__(self, number: int) -> None:
            super().__init__()
            self.model, self.number = training.model, number

        def forward(self, tokens: torch.Tensor, present: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            return training.loss(self.model(tokens, present), labels, self.number)

    def step(number: int) -> None:
        batch = training.batch(number)
        options = torchlens.options.CaptureOptions(save_grads=True, recurrence_detection=False)
        given = (batch.tokens, batch.present, batch.labels)
        trace = torchlens.trace(WithLoss(number), given, capture=options)
        training.optimizer.zero_grad()
        trace.log_backward(trace[trace.output_layers[0]].out)
        found = torchlens.debug.bisect_nan_backward(trace)
        if found.found:
            raise FloatingPointError(f"{found.message} {found.birth}")
        training.optimizer.step()

    return step


def transformers_debug(training: Training) -> Step:
    """`TrainingArguments(debug="underflow_overflow")`."""
    from transformers.debug_utils import DebugUnderflowOverflow

    DebugUnderflowOverflow(training.model)
    return training.step


TOOLS: dict[str, tuple[Tool, str]] = {
    "anomaly mode, and Lightning's `detect_anomaly`": (anomaly_mode, "torch"),
    "TorchLens, `find_nan` of the model": (torchlens_forward, "torchlens"),
    "TorchLens, `bisect_nan_backward` of model and loss": (torchlens_backward, "torchlens"),
    "Transformers, `underflow_overflow`": (transformers_debug, "transformers"),
}


def train(tool: str, trouble: str) -> None:
    """Train until the tool speaks up, or the step that breaks is over."""
    training = Training(trouble)
    make = TOOLS[tool][0]
    step = training.step
    for number in range(1, BREAKS + 1):
        if number == BREAKS - 2:
            step = make(training)
        step(number)


def words(tool: str, trouble: str) -> str:
    """What the tool prints."""
    program = f"from rivals import train; train({tool!r}, {trouble!r})"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return run.stdout + run.stderr


def gradcli_words(trouble: str) -> str:
    program = Path(__file__).with_name("classifier.py")
    command = [sys.executable, "-m", "gradcli", "watch", str(program), trouble]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if "steps, " not in run.stderr:
        raise RuntimeError(f"gradcli does not run here: {run.stderr}")
    return run.stdout + run.stderr


def judged(said: str, trouble: str) -> str:
    """`line`, `operation` or `-`: what of the birthplace stands there."""
    if re.search(rf'classifier\.py(?:", line |:){line(trouble)}\b', said):
        return "line"
    operation = OPERATIONS[trouble]
    return "operation" if re.search(rf"\b{operation}(?:backward)?\d*\b", said, re.IGNORECASE) else "-"


def cost(make: Tool, manager: Callable[[], AbstractContextManager[object]], pairs: int) -> float:
    """A step with the tool, in plain steps."""
    watched, without = Training("none"), Training("none")
    step = make(watched)
    ratios = []
    for number in range(pairs):
        seconds = []
        for run, put_on in ((step, manager), (without.step, nullcontext)):
            with put_on():
                run(2 * number + 1)
                begin = time.process_time()
                run(2 * number + 2)
                seconds.append(time.process_time() - begin)
        ratios.append(seconds[0] / seconds[1])
    return statistics.median(ratios)


def row(title: str, said: Callable[[str], str], ratio: float) -> str:
    found = [judged(said(trouble), trouble) for trouble in TROUBLES]
    return f"| {title} | {' | '.join(found)} | {ratio:.1f} |"


def main() -> int:
    import gradcli

    options = asked(__doc__).parse_args()
    torch.set_num_threads(1)
    rows = [row("`gradcli watch`", gradcli_words, cost(plain, gradcli.watch, options.pairs))]
    packages = []
    for title, (make, package) in TOOLS.items():
        try:
            version(package)
        except PackageNotFoundError:
            print(f"{package} is not installed: {title} is left out", file=sys.stderr)
            continue
        packages += [package] if package != "torch" else []
        ratio = cost(make, nullcontext, options.pairs)
        rows.append(row(title, lambda trouble, title=title: words(title, trouble), ratio))  # type: ignore[misc]
    text = table(
        f"| tool | {' | '.join(TROUBLES)} | a step, in plain steps |",
        rows,
        how=f"median of {options.pairs} pairs of steps",
        packages=tuple(dict.fromkeys(packages)),
    )
    return finish(text, [], marker="rivals", dry_run=options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
