"""What layers and losses refuse."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="layers and losses")

ROWS = (
    _row(
        id="batch-norm-of-one",
        title="a normalisation over a single value",
        type="ValueError",
        program="""\
norm = torch.nn.BatchNorm1d(2)
norm(torch.tensor([[1.0, 2.0]]))
""",
        cause="The batch has one row, so each channel is one value: its variance is 0, and normalised it is always 0.",
        fix="Give batches of two or more (drop_last=True leaves a last one of one out), or call eval().",
        repaired="""\
norm = torch.nn.BatchNorm1d(2)
norm(torch.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
norm.bias.grad
""",
        hint="{shapes}Each channel needs two values or more: give more rows, or use training=False with a mean and a "
        "variance (use_input_stats=False for instance_norm).",
        patterns=(r"Expected more than 1 (value per channel|spatial element) when training",),
    ),
    _row(
        id="probability-out-of-range",
        title="a probability beyond 0 and 1",
        type="RuntimeError",
        program="""\
p = torch.tensor([1.5], requires_grad=True)
torch.nn.functional.binary_cross_entropy(p, torch.tensor([1.0]))
""",
        cause="binary_cross_entropy takes probabilities. Scores before the sigmoid can be any number.",
        fix="Use binary_cross_entropy_with_logits, which takes scores.",
        repaired="""\
p = torch.tensor([0.0], requires_grad=True)
torch.nn.functional.binary_cross_entropy_with_logits(p, torch.tensor([1.0])).backward()
p.grad
""",
        hint="For scores use bce_with_logits; for probabilities put sigmoid(...) around the input.",
        patterns=(
            r"all elements of (input|target) should be between 0 and 1",
            r"input_val >= zero|input value should be between 0~1",
        ),
    ),
    _row(
        id="target-of-another-shape",
        title="targets of another shape than the input",
        type="ValueError",
        program="""\
x = torch.tensor([[1.0], [2.0]], requires_grad=True)
target = torch.tensor([1.0, 0.0])
torch.nn.functional.binary_cross_entropy_with_logits(x, target)
""",
        cause="Each element of the input has a target of its own. Where mse_loss and l1_loss only warn, both are broadcast, "
        "and each prediction is compared with each target.",
        fix="Give both one shape, with squeeze(1) or unsqueeze(1).",
        repaired="""\
x = torch.tensor([[1.0], [2.0]], requires_grad=True)
target = torch.tensor([1.0, 0.0])
torch.nn.functional.mse_loss(x.squeeze(1), target).backward()
x.grad
""",
        hint="{shapes}Give both one shape.",
        patterns=(
            r"Target size .* must be the same as input size",
            r"Using a target size .* that is different to the input size",
        ),
    ),
    _row(
        id="target-out-of-bounds",
        title="a class that there is not",
        type="IndexError",
        program="""\
scores = torch.tensor([[-1.0, -2.0]], requires_grad=True)
target = torch.tensor([2])
torch.nn.functional.nll_loss(scores, target)
""",
        cause="There are two scores, for the classes 0 and 1. A third class has no score.",
        fix="Count classes from 0, or give one more score.",
        repaired="""\
scores = torch.tensor([[-1.0, -2.0]], requires_grad=True)
target = torch.tensor([1])
torch.nn.functional.nll_loss(scores, target).backward()
scores.grad
""",
        hint="Classes count from 0, and each needs a score: they are dimension 1 of [N, C, ...], and the only one of [C].",
        patterns=(
            r"Target -?\d+ is out of bounds",
            r"[tT]arget.* < n_classes|t >= 0 && t < n_classes|Class values must be smaller than num_classes",
        ),
    ),
)
