"""What helps against an exception, in the user's own words: only what was run, and gives what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.fixes.verifier import verified_fix
from gradcli.exceptions import GradcliError
from gradcli.language.parser import parse
from gradcli.language.printer import ATOM, PRODUCT, Piece
from gradcli.language.rewrite import in_place
from gradcli.language.rewrite.editing import EditableProgram, applied
from gradcli.language.syntax import Binary
from gradcli.numerics import autodiff
from gradcli.numerics.capture import TorchError

LONGEST_WHOLE = 100
"""A longer expression is not repeated whole: only its statements that change are."""
LONGEST_STATEMENT = 60


def suggestions(raised: TorchError, bound: BoundExpression) -> tuple[str, ...]:
    """What was run and helps; empty where nothing is known that does."""
    message = str(raised)
    if "shapes cannot be multiplied" in message:
        return tuple(_transposed(raised, bound))
    if "in-place" in message or "inplace" in message:
        return (*_rewritten(raised, bound), *_frozen(message, bound))
    return ()


def _transposed(raised: TorchError, bound: BoundExpression) -> Iterator[str]:
    """The product with the second matrix transposed, if the whole expression can be computed with it."""
    match raised.node, raised.operands:
        case Binary(operator="matmul") as node, [torch.Tensor() as left, torch.Tensor() as right]:
            pass
        case _:
            return
    if left.shape[-1:] != right.shape[1:]:  # of two dimensions alone
        return
    editable = EditableProgram(bound.program)
    text = f"{editable.piece(node.left).at(ATOM)} @ {editable.piece(node.right).at(ATOM)}.T"
    whole = applied(bound.program.text, [editable.replace(node, Piece(text, PRODUCT))])
    try:
        replace(bound, program=parse(whole, bound=bound.leaves)).evaluate()
    except (TorchError, GradcliError):
        return
    yield f"Try '{text}', which gives {[*left.shape[:-1], right.shape[0]]}."


def _rewritten(raised: TorchError, bound: BoundExpression) -> Iterator[str]:
    """The expression without the change in place, or with a copy that is changed instead."""
    for rule in (in_place.rule, in_place.copy_rule):
        fix = verified_fix(bound, prefer=raised.span, only=(rule,))
        told = None if fix is None else _told(bound.program.text, fix.text)
        if told is not None:
            yield told
            return


def _told(before: str, after: str) -> str | None:
    """`write '...'`, whole or statement by statement; None where that is too long to be read."""
    if len(after) <= LONGEST_WHOLE:
        return f"write '{after}'"
    old, new = ([part.strip() for part in text.replace("\n", ";").split(";")] for text in (before, after))
    if len(old) != len(new):
        return None
    changed = [(was, now) for was, now in zip(old, new, strict=True) if was != now]
    if any(len(text) > LONGEST_STATEMENT for pair in changed for text in pair):
        return None
    return " and ".join(f"write '{now}' for '{was}'" for was, now in changed)


def _frozen(message: str, bound: BoundExpression) -> Iterator[str]:
    """The input that can be changed if it is not differentiated, where another one still is."""
    if "leaf" not in message:
        return
    for name in bound.wrt:
        others = [other for other in bound.wrt if other != name and bound.leaves[other].requires_grad]
        leaves = {n: leaf.detach().clone().requires_grad_(n in others) for n, leaf in bound.leaves.items()}
        wrt = {other: leaves[other] for other in others}
        try:
            output = bound.evaluate(leaves)
            autodiff.gradients(output, wrt, cotangent=torch.ones_like(output))  # raises where none is left
        except (TorchError, GradcliError):
            continue
        yield f"freeze it, --frozen {name}"
        return
