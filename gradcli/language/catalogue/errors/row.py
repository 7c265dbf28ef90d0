"""What is known about one error of PyTorch's: the program that raises it, why, and the program that does not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AutogradError:
    """One error on demand. What PyTorch says is never written here: it is what the program raises.

    id: stable, kebab-case. family: the group it is listed in. type: name of the exception's class.
    program: PyTorch, `import torch` implied; its last statements raise. repaired: the same with the fix, its last line
    an expression whose value is the result.
    cause: at most two sentences. fix: one sentence, in PyTorch's terms.
    hint: the fix in terms of gradcli's command line and the user's names, see `PLACES`; empty where the command line
        cannot end up there, which shows the fix instead.
    needs: what this machine may not have, or not keep: such a program is not run, only its fix is.
    signs: patterns of the wordings that are known; empty where a sibling raises the same words, which is words_of.
    """

    id: str
    family: str
    title: str
    type: str
    program: str
    cause: str
    fix: str
    repaired: str
    hint: str = ""
    patterns: tuple[str, ...] = ()
    words_of: str = ""
    needs: str = ""


PLACES = (
    "available",
    "cut",
    "frozen",
    "indices",
    "inputs",
    "instead",
    "moved",
    "name",
    "ones",
    "output",
    "part",
    "shapes",
    "step",
    "supported",
    "transposed",
)
"""What a hint can say in the user's own words, between braces.

available: the highest order of differentiation there is. cut: what ends the path from the inputs.
frozen: `{frozen:leave} it` is `Take --frozen w away, or leave it`, and `Leave it` where nothing is frozen.
indices: `t:int64=2,1`, or `long(...)` around what is computed. inputs: their names.
instead: what was run and helps, `write 'y = exp(x); y = y + 1'`. moved: `a + 1e-3 * eye(2)`. name: the tensor concerned.
ones: a cotangent of the output's shape. output: `, which is [2]`. part: the sub-expression concerned.
shapes: `a is [2, 3] and b is [4]. `. step: the smooth step for a comparison. supported: what has another dtype.
transposed: a product that fits, if there is one.
"""
