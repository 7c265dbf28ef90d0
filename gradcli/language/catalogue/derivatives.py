"""Derivatives inside an expression, which is differentiated again."""

from __future__ import annotations

from gradcli.language.catalogue.rows import Operation

SHORT = "grad"
"""A cotangent of ones, a graph of its own, zeros for an input that is not used, one tensor for one input."""

DERIVATIVES = (
    Operation(
        name="autograd.grad",
        torch="torch.autograd.grad",
        category="derivative",
        signatures=(
            "(outputs: any, inputs: any, grad_outputs: any = None, retain_graph: bool? = None, "
            "create_graph: bool = False, only_inputs: bool = True, allow_unused: bool? = None, *, materialize_grads: bool = False)",
        ),
        subject="autograd.grad(sum(x**2), x, create_graph=True)[0]",
    ),
    Operation(
        name=SHORT,
        torch="torch.autograd.grad",
        category="derivative",
        signatures=("(output, inputs: any)",),
        subject="grad(x**3, x)",
    ),
)
