"""What a custom torch.autograd.Function can get wrong."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="custom Functions")
_FUNCTION = """\
    @staticmethod
    def forward(ctx, x):
        return x * 2
"""
_APPLIED = """\
x = torch.tensor([1.0, 2.0], requires_grad=True)
Double.apply(x).sum().backward()
"""

ROWS = (
    _row(
        id="function-gradient-count",
        title="a custom backward returns too few gradients",
        type="RuntimeError",
        program="""\
class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        return x * factor
    @staticmethod
    def backward(ctx, cotangent):
        return cotangent * 2
Scale.apply(torch.tensor(3.0, requires_grad=True), 2).backward()
""",
        cause="forward takes two arguments, so backward must return two gradients.",
        fix="Return one for each argument, None where there is none.",
        repaired="""\
class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        return x * factor
    @staticmethod
    def backward(ctx, cotangent):
        return cotangent * 2, None
x = torch.tensor(3.0, requires_grad=True)
Scale.apply(x, 2).backward()
x.grad
""",
        patterns=(r"returned an incorrect number of gradients",),
    ),
    _row(
        id="function-gradient-shape",
        title="a custom backward returns a gradient of another shape",
        type="RuntimeError",
        program=f"""\
class Double(torch.autograd.Function):
{_FUNCTION}\
    @staticmethod
    def backward(ctx, cotangent):
        return torch.ones(3)
{_APPLIED}""",
        cause="A gradient has the shape of its input, which has two elements. This one has three.",
        fix="Make the gradient out of the cotangent, which has the output's shape.",
        repaired=f"""\
class Double(torch.autograd.Function):
{_FUNCTION}\
    @staticmethod
    def backward(ctx, cotangent):
        return cotangent * 2
{_APPLIED}x.grad
""",
        patterns=(r"returned an invalid gradient at index",),
    ),
    _row(
        id="function-once-differentiable",
        title="a once_differentiable backward is differentiated again",
        type="RuntimeError",
        program="""\
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, cotangent):
        return 2 * ctx.saved_tensors[0] * cotangent
x = torch.tensor(3.0, requires_grad=True)
(slope,) = torch.autograd.grad(Square.apply(x) ** 2, x, create_graph=True)
slope.backward()
""",
        cause="once_differentiable runs backward without recording it. Asked for its derivative, it refuses.",
        fix="Leave the decorator out where backward is made of differentiable operations.",
        repaired="""\
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, cotangent):
        return 2 * ctx.saved_tensors[0] * cotangent
x = torch.tensor(3.0, requires_grad=True)
(slope,) = torch.autograd.grad(Square.apply(x) ** 2, x, create_graph=True)
slope.backward()
x.grad
""",
        patterns=(r"differentiate twice a function that was marked with @once_differentiable",),
    ),
    _row(
        id="function-saves-a-number",
        title="a custom forward saves a Python number",
        type="TypeError",
        program="""\
class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.save_for_backward(factor)
        return x * factor
Scale.apply(torch.tensor(3.0, requires_grad=True), 2.0)
""",
        cause="save_for_backward is for tensors, whose versions it guards. A number needs no guard.",
        fix="Keep it as an attribute: ctx.factor = factor.",
        repaired="""\
class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x * factor
    @staticmethod
    def backward(ctx, cotangent):
        return cotangent * ctx.factor, None
x = torch.tensor(3.0, requires_grad=True)
Scale.apply(x, 2.0).backward()
x.grad
""",
        patterns=(r"save_for_backward can only save variables",),
    ),
    _row(
        id="function-without-backward",
        title="a custom Function has no backward",
        type="NotImplementedError",
        program=f"""\
class Double(torch.autograd.Function):
{_FUNCTION}{_APPLIED}""",
        cause="Autograd does not look into a custom Function. What it does not define, there is not.",
        fix="Define backward, or use a plain Python function.",
        repaired="""\
def double(x):
    return x * 2
x = torch.tensor([1.0, 2.0], requires_grad=True)
double(x).sum().backward()
x.grad
""",
        patterns=(r"must implement either the backward or vjp method",),
    ),
    _row(
        id="legacy-function",
        title="a custom Function with methods that are not static",
        type="RuntimeError",
        program="""\
class Double(torch.autograd.Function):
    def forward(self, x):
        return x * 2
Double()(torch.tensor(3.0, requires_grad=True))
""",
        cause="This is how Functions were written before PyTorch 0.4. The class is called, not an object of it.",
        fix="Make forward and backward static, with a ctx, and call apply.",
        repaired=f"""\
class Double(torch.autograd.Function):
{_FUNCTION}\
    @staticmethod
    def backward(ctx, cotangent):
        return cotangent * 2
{_APPLIED}x.grad
""",
        patterns=(r"Legacy autograd function with non-static forward",),
    ),
    _row(
        id="wrong-gradient",
        title="gradcheck finds a wrong backward",
        type="GradcheckError",
        program="""\
class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2
    @staticmethod
    def backward(ctx, cotangent):
        return cotangent * 3
x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
torch.autograd.gradcheck(Double.apply, x)
""",
        cause="backward says 3, and the quotient of differences says 2.",
        fix="Correct the formula in backward, and run gradcheck in float64.",
        repaired="""\
class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2
    @staticmethod
    def backward(ctx, cotangent):
        return cotangent * 2
x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
torch.tensor(torch.autograd.gradcheck(Double.apply, x))
""",
        hint="'gradcli check' holds a gradient against differences and 50 digits.",
        patterns=(
            r"Jacobian mismatch for output|Numerical gradient for function expected to be zero|Backward is not reentrant",
        ),
    ),
)
