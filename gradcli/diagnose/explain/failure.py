"""PyTorch's exceptions as data, each with its entry in the catalogue and the fix in terms of the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcli.numerics import device
from gradcli.numerics.capture import TorchError
from gradcli.results import Failure

if TYPE_CHECKING:
    from gradcli.language.catalogue.errors import AutogradError

_SHAPES = re.compile(r"shape|size|dimension|broadcast|must match|stack expects", re.IGNORECASE)
_ONLY_SHAPES = "{shapes}{transposed}"


def explain(
    raised: TorchError,
    text: str,
    *,
    frozen: Sequence[str] = (),
    output: Sequence[int] | None = None,
    inputs: Sequence[str] = (),
) -> Failure:
    """The failure that a captured exception is: PyTorch's words, the place, its entry in the catalogue, and a hint.

    Raises DeviceLostError where a kernel has taken the device away: PyTorch's words are about a later call then.
    """
    device.check_alive()
    # only needed once something went wrong
    from gradcli.diagnose.explain.hint_text import hint_of
    from gradcli.diagnose.explain.local_hints import local_hint
    from gradcli.diagnose.explain.match_error import matching_entry

    expression = raised.text or text
    row = matching_entry(raised.error, raised.ending)
    template = _template(str(raised.error), row)
    hint = local_hint(raised, expression, inputs) or hint_of(
        template, raised, expression, frozen=frozen, output=output, inputs=inputs
    )
    return Failure(
        code="autograd" if raised.stage != "forward" else "pytorch",
        type=type(raised.error).__name__,
        message=str(raised.error).strip(),
        hint=" ".join(filter(None, [raised.cause, hint])) or None,
        expression=expression,
        span=raised.span,
        id=None if row is None else row.id,
    )


def _template(message: str, row: AutogradError | None) -> str:
    """The entry's hint; for an error that is not in the catalogue the shapes, if it is about shapes."""
    if row is not None:
        return row.hint or row.fix.replace("{", "{{").replace("}", "}}")
    return _ONLY_SHAPES if _SHAPES.search(message) else ""
