"""Cotangents: what an output that is not one real number needs to be differentiated."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="cotangents")

ROWS = (
    _row(
        id="batched-cotangent-shape",
        title="a batch of cotangents does not fit the output",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
torch.autograd.grad(x * x, x, grad_outputs=torch.eye(3), is_grads_batched=True)
""",
        cause="Each row of the batch is one cotangent. It needs one number for each of the two outputs.",
        fix="Give rows as long as the output.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
(rows,) = torch.autograd.grad(x * x, x, grad_outputs=torch.eye(2), is_grads_batched=True)
rows
""",
        hint="For all rows of the Jacobian use --jacobian.",
        patterns=(r"If `is_grads_batched=True`",),
    ),
    _row(
        id="complex-output",
        title="the output is complex",
        type="RuntimeError",
        program="""\
z = torch.tensor(3.0 + 4.0j, requires_grad=True)
y = z * z
y.backward()
""",
        cause="A complex number is not more or less than another, so no direction raises it most.",
        fix="Differentiate a real number made of it: its absolute value, or its real part.",
        repaired="""\
z = torch.tensor(3.0 + 4.0j, requires_grad=True)
y = z.abs()
y.backward()
torch.view_as_real(z.grad)
""",
        hint="Make the output real: abs(...), real(...) or sum(abs(...)**2).",
        patterns=(
            r"grad can be (implicitly )?created only for real",
            r"grad can be computed only for real scalar outputs",
        ),
    ),
    _row(
        id="cotangent-count",
        title="fewer cotangents than outputs",
        type="RuntimeError",
        program="""\
x = torch.tensor([0.0, 0.0], requires_grad=True)
outputs = [x.exp(), x.sin()]
torch.autograd.grad(outputs, x, grad_outputs=[torch.ones(2)])
""",
        cause="Each output has its own cotangent, and there are two outputs.",
        fix="Give one cotangent for each output.",
        repaired="""\
x = torch.tensor([0.0, 0.0], requires_grad=True)
outputs = [x.exp(), x.sin()]
(slope,) = torch.autograd.grad(outputs, x, grad_outputs=[torch.ones(2), torch.ones(2)])
slope
""",
        hint="Give one cotangent for the one output: --vjp {ones}.",
        patterns=(r"got \d+ tensors and \d+ gradients",),
    ),
    _row(
        id="cotangent-dtype",
        title="a complex cotangent for a real output",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * x
y.backward(torch.ones(2, dtype=torch.complex64))
""",
        cause="The output is real, and its gradient is real. A complex cotangent would make it complex.",
        fix="Give the cotangent the output's dtype.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * x
y.backward(torch.ones(2))
x.grad
""",
        hint="Give a real cotangent: --vjp {ones}.",
        patterns=(r"Mismatch in dtype: grad_output",),
    ),
    _row(
        id="cotangent-shape",
        title="the cotangent has another shape than the output",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * x
y.backward(torch.ones(3))
""",
        cause="The cotangent weighs each element of the output. It needs exactly one number for each.",
        fix="Give a cotangent of the output's shape.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * x
y.backward(torch.ones(2))
x.grad
""",
        hint="The cotangent of --vjp must have the output's shape{output}: --vjp {ones}.",
        patterns=(r"Mismatch in shape: grad_output", r"grad_outputs\["),
    ),
    _row(
        id="functional-grad-of-vector",
        title="torch.func.grad of a function that gives several numbers",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0])
torch.func.grad(lambda x: x * x)(x)
""",
        cause="grad is for functions that give one number. This one gives two, and has a Jacobian.",
        fix="Reduce the result, or take jacrev.",
        repaired="""\
x = torch.tensor([1.0, 2.0])
torch.func.grad(lambda x: (x * x).sum())(x)
""",
        hint="Reduce the output, sum(...), or ask for --jacobian.",
        patterns=(r"Expected f\(\*args\) to return a scalar",),
    ),
    _row(
        id="hessian-of-vector",
        title="the Hessian of a function that gives several numbers",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0])
torch.autograd.functional.hessian(lambda x: x ** 3, x)
""",
        cause="A Hessian belongs to one number. Two numbers have two of them.",
        fix="Reduce the result.",
        repaired="""\
x = torch.tensor([1.0, 2.0])
torch.autograd.functional.hessian(lambda x: (x ** 3).sum(), x)
""",
        hint="Reduce the output before --hessian: sum(...).",
        patterns=(r"given to hessian should contain a single element",),
    ),
    _row(
        id="non-scalar-output",
        title="the output has several elements and no cotangent",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * x
y.backward()
""",
        cause="A gradient belongs to one number. With several, PyTorch has to be told how much each of them counts.",
        fix="Reduce the output to one number, or pass a cotangent of its shape.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * x
y.sum().backward()
x.grad
""",
        hint="Reduce the output, sum(...) or mean(...), or pass a cotangent: --vjp {ones} (without --vjp, ones are used).",
        patterns=(r"grad can be implicitly created only for scalar outputs",),
    ),
    _row(
        id="strict-jacobian",
        title="the Jacobian of a function that does not depend on its input",
        type="RuntimeError",
        program="""\
x = torch.tensor(2.0)
torch.autograd.functional.jacobian(lambda x: torch.tensor(1.0), x, strict=True)
""",
        cause="The result is a constant. With strict=True PyTorch refuses to call its Jacobian zero.",
        fix="Use the input in the function, or leave strict=True out.",
        repaired="""\
x = torch.tensor(2.0)
torch.autograd.functional.jacobian(lambda x: torch.tensor(1.0), x)
""",
        hint="Use {inputs} in the expression.",
        patterns=(
            r"does not require gradients\. The outputs must be computed in a differentiable manner|allowed in strict mode",
        ),
    ),
)
