"""What torch.func.vmap cannot do: one tensor stands for all elements at once."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="vmap", type="RuntimeError")

ROWS = (
    _row(
        id="vmap-branch",
        title="a tensor decides about a branch under vmap",
        program="""\
x = torch.tensor([-1.0, 2.0])
torch.func.vmap(lambda element: element if element > 0 else 0.5 * element)(x)
""",
        cause="Under vmap one tensor stands for all elements at once, and if can follow only one branch.",
        fix="Compute both branches and choose with torch.where.",
        repaired="""\
x = torch.tensor([-1.0, 2.0])
torch.func.vmap(lambda element: torch.where(element > 0, element, 0.5 * element))(x)
""",
        patterns=(r"in some data-dependent control flow",),
    ),
    _row(
        id="vmap-in-place",
        title="an update in place of something that vmap has not spread out",
        program="""\
total = torch.ones(2)
rows = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
torch.func.vmap(lambda row: total.mul_(row))(rows)
""",
        cause="total is one tensor of two elements, and each row would leave another result in it.",
        fix="Use the operation that gives a new tensor.",
        repaired="""\
total = torch.ones(2)
rows = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
torch.func.vmap(lambda row: total * row)(rows)
""",
        patterns=(r"vmap: .*is not possible because there exists a Tensor `other` in extra_args",),
    ),
    _row(
        id="vmap-item",
        title="a number is taken out of a tensor under vmap",
        program="""\
x = torch.tensor([1.0, 2.0])
torch.func.vmap(lambda element: element * element.item())(x)
""",
        cause="Under vmap one tensor stands for all elements at once, so it has no single number.",
        fix="Stay with tensors.",
        repaired="""\
x = torch.tensor([1.0, 2.0])
torch.func.vmap(lambda element: element * element)(x)
""",
        patterns=(r"vmap: It looks like you're calling \.item\(\)",),
    ),
    _row(
        id="vmap-mask",
        title="a mask selects under vmap",
        program="""\
rows = torch.tensor([[1.0, -2.0], [3.0, 4.0]])
torch.func.vmap(lambda row: row[row > 0].sum())(rows)
""",
        cause="A mask keeps one element of the first row and two of the second: the results would differ in shape.",
        fix="Keep the shape, and put a number in the place of what is left out.",
        repaired="""\
rows = torch.tensor([[1.0, -2.0], [3.0, 4.0]])
torch.func.vmap(lambda row: torch.where(row > 0, row, 0).sum())(rows)
""",
        patterns=(r"vmap: We do not support batching operators that can support dynamic shape",),
    ),
    _row(
        id="vmap-random",
        title="random numbers under vmap",
        program="""\
x = torch.tensor([1.0, 2.0])
torch.func.vmap(lambda element: element * torch.rand(()).ceil())(x)
""",
        cause="It is not said whether all elements share one random number or each has its own.",
        fix="Say randomness='different' or randomness='same'.",
        repaired="""\
x = torch.tensor([1.0, 2.0])
torch.func.vmap(lambda element: element * torch.rand(()).ceil(), randomness="different")(x)
""",
        patterns=(r"called random operation while in randomness error mode",),
    ),
)
