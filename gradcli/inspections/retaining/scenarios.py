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
    retain: the numbers of the calls with retain_graph=True. rebuild: the forward pass is run before each call.
    second_order: the first call has create_graph=True, and the later ones differentiate its result.
    """

    name: str
    title: str
    setup: str
    outputs: tuple[str, ...]
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

SCENARIOS = (
    ScenarioPlan("single", "one backward pass", "", ("softmax(a, dim=0)[1]",)),
    ScenarioPlan("twice", "two passes over one graph, nothing retained", "", ("softmax(a, dim=0)[1]",) * 2),
    ScenarioPlan(
        "retained",
        "the first pass retains the graph, the second does not",
        "",
        ("softmax(a, dim=0)[1]",) * 3,
        retain=frozenset({1}),
    ),
    ScenarioPlan(
        "shared", "p[1], then p[2] of one softmax, nothing retained", "p = softmax(a, dim=0)", ("p[1]", "p[2]")
    ),
    ScenarioPlan(
        "rebuilt",
        "the forward pass is run again before each backward pass",
        "",
        ("softmax(a, dim=0)[1]",) * 2,
        rebuild=True,
    ),
    ScenarioPlan("nothing-saved", "a graph of additions only, nothing retained", "", ("sum(a + 1)",) * 2),
    ScenarioPlan("partial", "two heads on a trunk that saved nothing", "h = a + 1", ("sum(exp(h))", "sum(sin(h))")),
    ScenarioPlan(
        "accumulated",
        "backward() twice, the first retains the graph",
        "",
        ("softmax(a, dim=0)[1]",) * 2,
        retain=frozenset({1}),
        via="backward",
    ),
    ScenarioPlan(
        "create-graph", "create_graph=True, then the second derivative", "", ("sum(a**3)",) * 2, second_order=True
    ),
)
"""The scenarios, in the order in which they explain each other."""
