"""What is known of a step in which something is not finite, where no operation could be blamed."""

from __future__ import annotations

from gradcli.diagnose.origins.parts import shortened
from gradcli.inspections.watching.situation import Situation
from gradcli.inspections.watching.spoiled import spoiled_and_untouched, spoiled_in_program
from gradcli.inspections.watching.telling import lines_around, related_places
from gradcli.numerics.capture import all_finite
from gradcli.recording.program.again import Repeated
from gradcli.recording.program.entries import GoneError
from gradcli.results.watch import ProgramFinding


def was_there(situation: Situation, again: Repeated) -> bool:
    """Whether what is not finite was in the gradients before this step added its own."""
    is_sound = again.differs is None and situation.call.accumulates and situation.call.is_finite
    return is_sound and all(map(all_finite, again.tape.gradients.values()))


def unknown(situation: Situation, again: Repeated | None = None, error: Exception | None = None) -> ProgramFinding:
    """What is known where no operation could be blamed."""
    call = situation.call
    code = "nan-forward" if not call.is_finite else "nan-backward"
    remark = None
    if error is not None:
        said = str(error).partition("\n")[0][:120]
        said = said if isinstance(error, GoneError) else f"{type(error).__name__}: {said}"
        said += "; a larger --memory keeps it" if isinstance(error, GoneError) and situation.is_bounded else ""
        remark = f"the step could not be run again: {said}"
    elif again is not None and again.differs is not None:
        remark = f"the step run again differs from {shortened(again.differs.text)} on"
    spots = [] if situation.spot is None else [situation.spot]
    label, related, operation = "here it shows", [], None
    if situation.made_by:
        last, *others = situation.made_by
        related = [*(("changed here before", one.spot.place) for one in others), *((label, one.place) for one in spots)]
        label, spots, operation = "changed here", [last.spot], last.name
    if remark is None and again is not None and was_there(situation, again):
        remark = "what this step adds to the gradients is finite: they were not before it"
        if hooks := situation.hooks.spots(call.leaves()):
            remark = (
                "what the operations send back is finite: a hook has changed it, or there was more before this step"
            )
            related = [(label, one.place) for one in spots]
            label, spots = "changes gradients", hooks
            related += [(label, one.place) for one in hooks[1:]]
    place = spots[0].place.in_file if spots else None
    return ProgramFinding(
        code=code,
        severity="error",
        message=f"{situation.root} is not finite" if not call.is_finite else "a gradient is not finite",
        step=situation.number,
        place=place,
        label=label,
        operation=operation,
        related=related_places(related),
        lines=lines_around([*(one.place for one in spots), *(where for _, where in related)]),
        reached=situation.reached,
        spoils=spoiled_in_program(call, situation.names)
        if again is None
        else spoiled_and_untouched(again, call, situation.names)[0],
        remark=remark,
        agrees=None if again is None else again.differs is None,
    )
