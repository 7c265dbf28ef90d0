"""The ways to call backward more than once that `retain-demo` shows: rows of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcli.numerics.autodiff import Via


@dataclass(frozen=True)
class ScenarioPlan:
    """A graph and the calls on it.

    setup: statements that every output shares. outputs: what each call differentiates.
    code: the calls as Python, behind GIVEN; None for a graph of the user's own.
    retain: the numbers of the calls with retain_graph=True. rebuild: the forward pass is run before each call.
    second_order: the first call has create_graph=True, and the later ones differentiate its result.
    """

    name: str
    title: str
    setup: str
    outputs: tuple[str, ...]
    code: str | None = None
    retain: frozenset[int] = frozenset()
    via: Via = "grad"
    rebuild: bool = False
    second_order: bool = False

    @property
    def text(self) -> str:
        """The graph as an expression of the language."""
        distinct = list(dict.fromkeys(self.outputs))
        return "; ".join(filter(None, [self.setup, *distinct]))


INPUT = "a=2,1,0.1"
GIVEN = "p = softmax(a, dim=0); y = p[1]"
"""What the code of every scenario begins with. `grad` in it is torch.autograd.grad by `a`."""
_OUTPUT = "softmax(a, dim=0)[1]"

SCENARIOS = (
    ScenarioPlan("single", "one backward pass", "", (_OUTPUT,), code="grad(y)"),
    ScenarioPlan("twice", "two passes over one graph, nothing retained", "", (_OUTPUT,) * 2, code="grad(y); grad(y)"),
    ScenarioPlan(
        "retained",
        "the first pass retains the graph, the second does not",
        "",
        (_OUTPUT,) * 3,
        code="grad(y, retain_graph=True); grad(y); grad(y)",
        retain=frozenset({1}),
    ),
    ScenarioPlan(
        "shared",
        "p[1], then p[2] of one softmax, nothing retained",
        "p = softmax(a, dim=0)",
        ("p[1]", "p[2]"),
        code="grad(p[1]); grad(p[2])",
    ),
    ScenarioPlan(
        "rebuilt",
        "the forward pass is run again before each backward pass",
        "",
        (_OUTPUT,) * 2,
        code="grad(y); y = softmax(a, dim=0)[1]; grad(y)",
        rebuild=True,
    ),
    ScenarioPlan(
        "nothing-saved",
        "a graph of additions only, nothing retained",
        "",
        ("sum(a + 1)",) * 2,
        code="s = sum(a + 1); grad(s); grad(s)",
    ),
    ScenarioPlan(
        "partial",
        "two heads on a trunk that saved nothing",
        "h = a + 1",
        ("sum(exp(h))", "sum(sin(h))"),
        code="h = a + 1; grad(sum(exp(h))); grad(sum(sin(h)))",
    ),
    ScenarioPlan(
        "accumulated",
        "backward() twice, the first retains the graph",
        "",
        (_OUTPUT,) * 2,
        code="y.backward(retain_graph=True); y.backward()",
        retain=frozenset({1}),
        via="backward",
    ),
    ScenarioPlan(
        "create-graph",
        "create_graph=True, then the second derivative",
        "",
        ("sum(a**3)",) * 2,
        code="g = grad(sum(a**3), create_graph=True); grad(sum(g))",
        second_order=True,
    ),
)
"""The scenarios, in the order in which they explain each other."""
BY_NAME = {plan.name: plan for plan in SCENARIOS}
