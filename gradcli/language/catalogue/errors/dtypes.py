"""Dtypes that do not fit: indices, classes and masks that are floats, and operations that do not exist in a dtype."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="shapes, dtypes, indices")

ROWS = (
    _row(
        id="bool-subtraction",
        title="a mask is subtracted",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, -1.0], requires_grad=True)
other = 1 - (x > 0)
""",
        cause="A comparison gives booleans, which PyTorch adds and multiplies, but does not subtract.",
        fix="Write ~mask for the opposite mask, or convert it with .float().",
        repaired="""\
x = torch.tensor([1.0, -1.0], requires_grad=True)
(x * (~(x > 0)).float()).sum().backward()
x.grad
""",
        hint="Write ~ for the opposite of a mask, or convert it: (...).float().",
        patterns=(r"Subtraction, the `-` operator, with",),
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
            r"Input type \(.*cuda.*\) and weight type \(.*cuda.*\) should be the same",
            r"Input type \((?!.*cuda).*\) and weight type \(.*\) should be the same",
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
        id="float-mask",
        title="floating numbers as a mask",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
mask = torch.tensor([1.0, 0.0])
x.masked_fill(mask, 0.0)
""",
        cause="A mask says yes or no of each element, so it is boolean. A tensor of zeros and ones is none.",
        fix="Compare it: mask > 0, or mask.bool().",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
mask = torch.tensor([1.0, 0.0])
x.masked_fill(mask.bool(), 0.0).sum().backward()
x.grad
""",
        hint="A mask is boolean: NAME:bool=1,0, or a comparison.",
        patterns=(
            r"only supports boolean masks|expected condition to be a boolean tensor|expected BoolTensor for mask",
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
            r"must be int64|expected scalar type.*int64|nll_loss\w*_index\" not implemented for",
            r"(?s)\A(?!.*'ind(ex|ices)'|.*embedding).*(Long but (got|found)|scalar types: Long, Int; but got)",
        ),
    ),
    _row(
        id="mean-of-integers",
        title="the mean of whole numbers",
        type="RuntimeError",
        program="""\
counts = torch.tensor([1, 2])
counts.mean()
""",
        cause="A mean is no whole number, and PyTorch does not choose a floating dtype for it.",
        fix="Convert to a floating dtype first.",
        repaired="""\
counts = torch.tensor([1, 2])
counts.float().mean()
""",
        hint="Convert whole numbers first: (...).float(), or NAME:float32=VALUE.",
        patterns=(r"could not infer output dtype. Input dtype must be either a floating point or complex",),
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
            r"(?<!_index\" )not implemented for '[A-Z]\w*'",
            r"Low precision dtypes not supported",
        ),
    ),
)
