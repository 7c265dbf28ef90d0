"""What functions take for granted about their arguments and PyTorch does not check: one row an argument.

Arguments that PyTorch refuses (class indices, both of `binary_cross_entropy`) and functions of one number outside
of their domain (`log(-1)` is nan) need no row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Holds = Literal["not negative", "probability", "log-probability", "log-distribution", "sign", "symmetric"]


@dataclass(frozen=True, slots=True)
class Domain:
    """One argument of a function and what must hold for it.

    function: PyTorch's name, as findings have it. argument: by PyTorch's name.
    holds: `log-distribution`: log-probabilities whose exponentials add up to 1 over the classes, which are along `dim`.
    when: a scalar argument and the value at which this applies.
    """

    function: str
    argument: str
    holds: Holds
    when: tuple[str, object] | None = None
    dim: int = -1


DOMAINS = (
    Domain("kl_div", "input", "log-probability"),
    Domain("kl_div", "target", "not negative", when=("log_target", False)),
    Domain("kl_div", "target", "log-probability", when=("log_target", True)),
    Domain("nll_loss", "input", "log-distribution", dim=1),
    Domain("ctc_loss", "log_probs", "log-distribution"),
    Domain("binary_cross_entropy_with_logits", "target", "probability"),
    Domain("multilabel_soft_margin_loss", "target", "probability"),
    Domain("cross_entropy", "target", "probability"),
    Domain("poisson_nll_loss", "input", "not negative", when=("log_input", False)),
    Domain("poisson_nll_loss", "target", "not negative"),
    Domain("hinge_embedding_loss", "target", "sign"),
    Domain("margin_ranking_loss", "target", "sign"),
    Domain("soft_margin_loss", "target", "sign"),
    Domain("cosine_embedding_loss", "target", "sign"),
    Domain("linalg.cholesky", "input", "symmetric"),
    Domain("linalg.eigh", "input", "symmetric"),
    Domain("linalg.eigvalsh", "input", "symmetric"),
)

FUNCTIONS = frozenset(row.function for row in DOMAINS)
