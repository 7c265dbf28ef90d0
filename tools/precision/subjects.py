"""The functions of one variable that docs/precision.md is about: those of the catalogue that Arb can bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gradcli.exceptions import GradcliError
from gradcli.language.catalogue import all_rows
from gradcli.language.curve import read_curves
from gradcli.numerics.proven.not_bounded import NOT_BOUNDED

DTYPES = ("float16", "bfloat16")

WITH_PARAMETERS = {
    "clamp": "clamp(x, -0.5, 0.5)",
    "gelu": "gelu(x, approximate='tanh')",
    "mvlgamma": "mvlgamma(x, 2)",
    "polygamma": "polygamma(1, x)",
    "pow": "x**3",
    "softplus": "softplus(x, beta=2, threshold=10)",
}
"""Calls beside the one with PyTorch's defaults, or in its place where PyTorch has none for a parameter."""
_WITHOUT_DEFAULTS = ("clamp", "mvlgamma", "polygamma", "pow")
_POWERS = ("x**0.5", "x**-2", "2**x")
_WRITTEN = {"neg": "-x", "positive": "+x"}
"""What a name that is no function of the language is written as."""

IDENTITIES = ("clone", "contiguous", "real", "conj", "conj_physical", "resolve_conj", "resolve_neg")
_OTHER_KINDS = ("in-place", "module", "derivative")


def elementwise_names() -> set[str]:
    """Every elementwise function of one variable in the catalogue, by its name there."""
    return {row.name for row in all_rows() if row.category not in _OTHER_KINDS and _is_of_one_variable(row.name)}


def _is_of_one_variable(name: str) -> bool:
    written = WITH_PARAMETERS[name] if name in _WITHOUT_DEFAULTS else _WRITTEN.get(name, name)
    try:
        read_curves(written, ())
    except GradcliError:
        return False
    return True


def subjects() -> Iterator[tuple[str, str]]:
    """The name of each function that is audited, and the words for it; a name may have several."""
    for name in sorted(elementwise_names() - NOT_BOUNDED.keys() - {*IDENTITIES}):
        if name not in _WITHOUT_DEFAULTS:
            yield name, _WRITTEN.get(name, name)
        if name in WITH_PARAMETERS:
            yield name, WITH_PARAMETERS[name]
        if name == "pow":
            yield from ((name, power) for power in _POWERS)


def not_audited() -> Mapping[str, list[str]]:
    """Reasons, each with the functions that are not audited for it."""
    found: dict[str, list[str]] = {}
    for name in sorted(elementwise_names() & {*NOT_BOUNDED, *IDENTITIES}):
        found.setdefault(NOT_BOUNDED.get(name, "it answers its input"), []).append(name)
    return found
