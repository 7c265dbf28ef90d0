"""Matrices without inverse, and decompositions whose derivative is not determined."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="linear algebra")

ROWS = (
    _row(
        id="decomposition-of-nan",
        title="a decomposition of a matrix that holds a NaN",
        type="_LinAlgError",
        program="""\
a = torch.tensor([[1.0, float("nan")], [2.0, 4.0]], requires_grad=True)
torch.linalg.svd(a)
""",
        cause="Singular values and eigenvalues are found step by step, and with a NaN or an infinity the steps come to no end.",
        fix="Find where the NaN is from; gradcli watch does it in a program.",
        repaired="""\
a = torch.tensor([[1.0, float("nan")], [2.0, 4.0]], requires_grad=True)
torch.linalg.svd(a.nan_to_num(0.0))[1].sum().detach().ceil()
""",
        hint="A decomposition needs finite numbers: the matrix holds a NaN or an infinity, or has too many equal values.",
        patterns=(r"failed to converge because the input matrix",),
    ),
    _row(
        id="eig-phase",
        title="a loss depends on the phase of eigenvectors",
        type="RuntimeError",
        program="""\
a = torch.tensor([[1.0, 2.0], [-2.0, 1.0]], requires_grad=True)
values, vectors = torch.linalg.eig(a)
vectors.real.sum().backward()
""",
        cause="An eigenvector times a complex number of size 1 is the same eigenvector. "
        "A loss that tells them apart has no derivative.",
        fix="Use what the phase does not change: the eigenvalues, or absolute values of the eigenvectors.",
        repaired="""\
a = torch.tensor([[1.0, 2.0], [-2.0, 1.0]], requires_grad=True)
values, vectors = torch.linalg.eig(a)
values.real.sum().backward()
a.grad
""",
        hint="Use what the phase does not change: the eigen- or singular values, or abs(...) of the vectors.",
        patterns=(r"(linalg_(eig|svd)|svd)_backward: The \S+( vectors)? in the complex case",),
    ),
    _row(
        id="eigh-phase",
        title="a loss depends on the phase of a Hermitian matrix's eigenvectors",
        type="RuntimeError",
        program="""\
a = torch.tensor([[2.0, 1.0j], [-1.0j, 3.0]], requires_grad=True)
values, vectors = torch.linalg.eigh(a)
vectors.imag.sum().backward()
""",
        cause="Complex eigenvectors are determined up to a factor of size 1, and eigh picks one of them. "
        "A loss that depends on the pick has no derivative.",
        fix="Use what the phase does not change: the eigenvalues, or absolute values of the eigenvectors.",
        repaired="""\
a = torch.tensor([[2.0, 1.0j], [-1.0j, 3.0]], requires_grad=True)
values, vectors = torch.linalg.eigh(a)
values.sum().backward()
a.grad.real
""",
        hint="Use what the phase does not change: the eigenvalues, (...)[0], or abs(...) of the eigenvectors.",
        patterns=(r"linalg_eigh_backward: The",),
    ),
    _row(
        id="not-positive-definite",
        title="the Cholesky factor of a matrix that has none",
        type="_LinAlgError",
        program="""\
a = torch.tensor([[1.0, 2.0], [2.0, 1.0]], requires_grad=True)
torch.linalg.cholesky(a)
""",
        cause="A real Cholesky factor needs a positive-definite matrix. An eigenvalue of this one is -1.",
        fix="Add a multiple of the identity that is larger than the most negative eigenvalue.",
        repaired="""\
a = torch.tensor([[1.0, 2.0], [2.0, 1.0]], requires_grad=True)
torch.linalg.cholesky(a + 3 * torch.eye(2)).diagonal().prod().detach().square()
""",
        hint="The matrix is not positive-definite: move it away, {moved}, or more.",
        patterns=(r"not positive-definite|input is not positive", r"(?s)cholesky.*(singular U|leading minor)|potrf"),
    ),
    _row(
        id="qr-complete",
        title="the derivative of a complete QR decomposition",
        type="RuntimeError",
        program="""\
a = torch.tensor([[3.0], [4.0]], requires_grad=True)
q, r = torch.linalg.qr(a, mode="complete")
r.sum().backward()
""",
        cause="The columns that complete Q are not determined by the matrix, so they have no derivative.",
        fix="Use mode='reduced', the default.",
        repaired="""\
a = torch.tensor([[3.0], [4.0]], requires_grad=True)
q, r = torch.linalg.qr(a)
r.abs().sum().backward()
a.grad
""",
        hint="Leave mode='complete' out.",
        patterns=(r"QR decomposition is not differentiable when mode='complete'",),
    ),
    _row(
        id="qr-mode-r",
        title="the derivative of a QR decomposition without Q",
        type="RuntimeError",
        program="""\
a = torch.tensor([[3.0], [4.0]], requires_grad=True)
r = torch.linalg.qr(a, mode="r")[1]
r.sum().backward()
""",
        cause="The derivative of R is computed from Q, and mode='r' leaves Q out.",
        fix="Use mode='reduced', the default.",
        repaired="""\
a = torch.tensor([[3.0], [4.0]], requires_grad=True)
r = torch.linalg.qr(a)[1]
r.abs().sum().backward()
a.grad
""",
        hint="Leave mode='r' out: linalg.qr(...)[1] is the same R.",
        patterns=(r"depends on Q, which is not computed when mode='r'",),
    ),
    _row(
        id="singular-matrix",
        title="the inverse of a matrix that has none",
        type="_LinAlgError",
        program="""\
a = torch.tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
torch.linalg.inv(a)
""",
        cause="The second row is twice the first: the matrix is singular.",
        fix="Move the matrix away from singular ones, or use the pseudoinverse.",
        repaired="""\
a = torch.tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
torch.linalg.inv(a + torch.eye(2)).detach()
""",
        hint="The matrix has no inverse here: move it away, {moved}, or use linalg.pinv.",
        patterns=(r"(linalg\.inv|inverse).*(singular|not invertible)",),
    ),
    _row(
        id="singular-system",
        title="a system of equations that has no single solution",
        type="_LinAlgError",
        program="""\
a = torch.tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
torch.linalg.solve(a, torch.tensor([1.0, 1.0]))
""",
        cause="The second equation is twice the first on the left, and not on the right.",
        fix="Solve in the sense of least squares, or move the matrix away from singular ones.",
        repaired="""\
a = torch.tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
torch.linalg.solve(a + torch.eye(2), torch.tensor([1.0, 1.0])).detach()
""",
        hint="The matrix has no inverse here: move it away, {moved}, or use linalg.pinv.",
        patterns=(r"(?s)\A(?!.*(cholesky|linalg\.inv|inverse)).*(singular(?! (values?|vectors?))|not invertible)",),
    ),
)
