"""Shapes, dtypes and indices that do not fit: what fails before there is anything to differentiate."""

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
        id="dtype-mismatch",
        title="two dtypes in one operation",
        type="RuntimeError",
        program="""\
a = torch.ones(2, 2, requires_grad=True)
b = torch.ones(2, 2, dtype=torch.float64)
a @ b
""",
        cause="A product of matrices does not convert its operands, as + does. NumPy's default is float64.",
        fix="Convert one of them.",
        repaired="""\
a = torch.ones(2, 2, requires_grad=True)
b = torch.ones(2, 2, dtype=torch.float64)
(a @ b.float()).sum().backward()
a.grad
""",
        hint="Give the inputs one dtype: --dtype for all, NAME:DTYPE=VALUE for one.",
        patterns=(
            r"expected .* same dtype|expected scalar type(?! (Long|.*int64))|must have the same dtype|dtype .* to be the same"
            r"|Found dtype|Expected object of (scalar )?type (?!.*Long)",
        ),
    ),
    _row(
        id="float-index",
        title="floating numbers as indices",
        type="IndexError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
index = torch.tensor([0.0, 1.0])
x[index]
""",
        cause="An index counts, so it is an integer. A floating tensor is none, even with whole numbers.",
        fix="Give the index an integer dtype.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
index = torch.tensor([0, 1])
x[index].sum().backward()
x.grad
""",
        hint="Give the indices an integer dtype: {indices}.",
        patterns=(
            r"tensors used as indices must be long",
            r"Expected (dtype int32|dtype int64|a long tensor).* for index|only applicable to index tensor",
            r"Expected (tensor for|object of).*'ind(ex|ices)'.*Long|scalar types?:? Long.*embedding",
        ),
    ),
    _row(
        id="float-target",
        title="floating numbers as classes",
        type="RuntimeError",
        program="""\
scores = torch.tensor([[-1.0, -2.0]], requires_grad=True)
target = torch.tensor([1.0])
torch.nn.functional.nll_loss(scores, target)
""",
        cause="The target names a class by its number, and that is an integer.",
        fix="Give the target the dtype int64.",
        repaired="""\
scores = torch.tensor([[-1.0, -2.0]], requires_grad=True)
target = torch.tensor([1])
torch.nn.functional.nll_loss(scores, target).backward()
scores.grad
""",
        hint="Give the indices an integer dtype: {indices}.",
        patterns=(
            r"expected target dtype to be Long",
            r"expected scalar type Long|Expected (floating point )?type.*Long|expected .* to have dtype int64",
            r"must be int64|expected scalar type.*int64",
            r"(?s)\A(?!.*'ind(ex|ices)'|.*embedding).*(Long but (got|found)|scalar types: Long, Int; but got)",
        ),
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
        patterns=(r"shapes cannot be multiplied|size mismatch, (m1|get|got)|mat1 dim 1 must match mat2 dim 0",),
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
        patterns=(r"can't allocate memory|out of memory|not enough memory",),
    ),
    _row(
        id="unsupported-dtype",
        title="an operation that does not exist in this dtype",
        type="RuntimeError",
        program="""\
a = torch.eye(2, dtype=torch.float16, requires_grad=True)
torch.linalg.inv(a)
""",
        cause="LAPACK computes in single and double precision. There is no inverse of half-precision matrices.",
        fix="Convert to float32 for the operation.",
        repaired="""\
a = torch.eye(2, dtype=torch.float16, requires_grad=True)
torch.linalg.inv(a.float()).sum().backward()
a.grad
""",
        hint="PyTorch has no such operation in this dtype here: {supported}.",
        patterns=(
            r"not implemented for '[A-Z]\w*'",
            r"Low precision dtypes not supported",
        ),
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
