"""Shapes and indices that do not fit: what fails before there is anything to differentiate."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="shapes, dtypes, indices")

ROWS = (
    _row(
        id="broadcast-shapes",
        title="two shapes cannot be broadcast",
        type="RuntimeError",
        program="""\
a = torch.ones(2, requires_grad=True)
b = torch.ones(3)
a + b
""",
        cause="Sizes are compared from the last one backwards. They must be the same, or one of them 1.",
        fix="Give one of them a dimension of size 1, or the same size.",
        repaired="""\
a = torch.ones(2, requires_grad=True)
b = torch.ones(3)
(a[:, None] + b).detach()
""",
        hint="{shapes}Sizes must be the same or 1, compared from the last one on.",
        patterns=(r"must match the size of tensor .* at non-singleton dimension",),
    ),
    _row(
        id="batch-sizes",
        title="more targets than rows of scores",
        type="ValueError",
        program="""\
scores = torch.tensor([[-1.0, -2.0]], requires_grad=True)
target = torch.tensor([0, 1])
torch.nn.functional.nll_loss(scores, target)
""",
        cause="Each row of scores belongs to one target. There are one row and two targets.",
        fix="Give one target for each row.",
        repaired="""\
scores = torch.tensor([[-1.0, -2.0]], requires_grad=True)
target = torch.tensor([0])
torch.nn.functional.nll_loss(scores, target).backward()
scores.grad
""",
        hint="{shapes}Give one target for each row of scores.",
        patterns=(r"Expected input batch_size .* to match target batch_size",),
    ),
    _row(
        id="concatenated-sizes",
        title="tensors of other sizes are put together",
        type="RuntimeError",
        program="""\
a = torch.ones(2, 2, requires_grad=True)
b = torch.ones(2, 3)
torch.cat([a, b])
""",
        cause="cat puts tensors one after the other in one dimension, the first. In all others they must be alike.",
        fix="Name the dimension in which they differ.",
        repaired="""\
a = torch.ones(2, 2, requires_grad=True)
b = torch.ones(2, 3)
torch.cat([a, b], dim=1).detach()
""",
        hint="{shapes}Name the dimension in which they differ: dim=1.",
        patterns=(r"Sizes of tensors must match except in dimension",),
    ),
    _row(
        id="index-out-of-bounds",
        title="an index beyond the end",
        type="IndexError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
x[2]
""",
        cause="Indices begin at 0, so the last of two elements is 1.",
        fix="Use an index below the size, or -1 for the last.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
x[-1].backward()
x.grad
""",
        hint="{shapes}Indices begin at 0; the last element is [-1].",
        patterns=(
            r"index -?\d+ is out of bounds|index out of range in self|index out of range: Tried",
            r"srcIndex < srcSelectDimSize|index out of bounds",
        ),
    ),
    _row(
        id="matmul-shapes",
        title="two matrices whose inner sizes differ",
        type="RuntimeError",
        program="""\
a = torch.ones(2, 3, requires_grad=True)
b = torch.ones(2, 3)
a @ b
""",
        cause="A product needs as many columns on the left as rows on the right. Here they are 3 and 2.",
        fix="Transpose one of them.",
        repaired="""\
a = torch.ones(2, 3, requires_grad=True)
b = torch.ones(2, 3)
(a @ b.T).detach()
""",
        hint="{shapes}{transposed}",
        patterns=(
            r"shapes cannot be multiplied|size mismatch, (m1|get|got)|inconsistent tensor size, expected tensor|mat1 dim 1 must match mat2 dim 0",
        ),
    ),
    _row(
        id="not-square",
        title="the inverse of a matrix that is not square",
        type="RuntimeError",
        program="""\
a = torch.tensor([[3.0, 4.0]], requires_grad=True)
torch.linalg.inv(a)
""",
        cause="Only square matrices have an inverse, a determinant and eigenvalues.",
        fix="Use the pseudoinverse.",
        repaired="""\
a = torch.tensor([[3.0, 4.0]], requires_grad=True)
torch.linalg.pinv(a).detach()
""",
        hint="{shapes}linalg.pinv takes any matrix, linalg.svdvals too.",
        patterns=(r"must be batches of square matrices",),
    ),
    _row(
        id="out-of-memory",
        title="a tensor that does not fit into memory",
        type="RuntimeError",
        program="""\
x = torch.ones(2, requires_grad=True)
y = x[0] * torch.empty(2**56)
""",
        cause="2**56 numbers of 4 bytes are more than any machine has.",
        fix="Make the tensors smaller, or compute in pieces.",
        repaired="""\
x = torch.ones(2, requires_grad=True)
(x[0] * torch.ones(2**6)).sum().backward()
x.grad
""",
        hint="The tensors do not fit into memory: make them smaller.",
        patterns=(r"can't allocate memory|out of memory|not enough memory|CUBLAS_STATUS_ALLOC_FAILED",),
    ),
    _row(
        id="strided-view",
        title="a view of elements that are not next to each other",
        type="RuntimeError",
        program="""\
x = torch.ones(2, 3, requires_grad=True)
x.T.view(6)
""",
        cause="A view moves no element. After a transpose, an expand or a permute the elements of a row are not next to each other.",
        fix="Use reshape, which copies where it must.",
        repaired="""\
x = torch.ones(2, 3, requires_grad=True)
x.T.reshape(6).sum().backward()
x.grad
""",
        hint="Write .reshape(...) for .view(...): it copies where it must.",
        patterns=(r"view size is not compatible with input tensor's size and stride",),
    ),
    _row(
        id="view-size",
        title="a view with another number of elements",
        type="RuntimeError",
        program="""\
x = torch.ones(4, requires_grad=True)
x.reshape(3)
""",
        cause="Reshaping moves elements and makes none: the sizes must multiply to 4.",
        fix="Let one size be -1, and PyTorch computes it.",
        repaired="""\
x = torch.ones(4, requires_grad=True)
x.reshape(2, -1).detach()
""",
        hint="{shapes}One size can be -1: PyTorch computes it.",
        patterns=(r"shape '.*' is invalid for input of size",),
    ),
)
