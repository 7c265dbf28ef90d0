"""What is found in one step of a program: the rules for tapes, told with the program's files and names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings import of_tape
from gradcli.diagnose.findings.not_finite import backward_phrase, forward_phrase, shows_nan
from gradcli.diagnose.findings.not_finite import finding as finding_of
from gradcli.diagnose.findings.table import NOT_FINITE
from gradcli.diagnose.origins.forward import placed
from gradcli.diagnose.origins.origin import Origin
from gradcli.diagnose.origins.parts import at, shortened
from gradcli.inspections.watching.alone import with_alone
from gradcli.inspections.watching.neighbourhood import around
from gradcli.inspections.watching.rows import Row, row_of_infinities, writer_of_infinities
from gradcli.inspections.watching.same_cause import joined
from gradcli.inspections.watching.sentences import label_of, sentences
from gradcli.inspections.watching.situation import Situation
from gradcli.inspections.watching.spoiled import module_of, spoiled_and_untouched
from gradcli.inspections.watching.telling import lines_around, related_places
from gradcli.inspections.watching.unexplained import unknown, was_there
from gradcli.inspections.watching.updates import Made
from gradcli.model.place import Place
from gradcli.recording.program.again import Repeated, run_again
from gradcli.recording.program.gradient_steps import Derivative
from gradcli.recording.program.operations import CallOperation
from gradcli.recording.program.own_functions import OwnLine
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Finding
from gradcli.results.phrasing import text
from gradcli.results.watch import ProgramFinding

_OF_SCALING = "the gradient scaler has skipped the step for this again and again"


def not_finite(situation: Situation, *, as_warnings: bool = False) -> list[ProgramFinding]:
    """The origins of what is not finite in a step.  Raises what running it again raises.

    as_warnings: a scaled gradient overflows, which is no error by itself.
    """
    call = situation.call
    again = run_again(situation.entries, call.roots, call.cotangents, situation.names, situation.user)
    evidence = Evidence(recorded=again.tape)
    found = []
    updated: set[Place] = set()
    for finding, origin, others in joined(again.tape, _errors(evidence, shows=not call.is_finite)):
        made = _made(origin, situation, again)
        if made is not None and made.place in updated:
            continue  # one step of an optimizer is one cause
        updated |= set() if made is None else {made.place}
        told = _told(finding, origin, situation, again, others, made)
        is_new = told.cause not in situation.known
        found.append(with_alone(told, finding, origin, again.tape, situation.saving) if is_new else told)
    if not found and not (situation.known and was_there(situation, again)):
        found = [unknown(situation, again)]
    return [replace(one, severity="warning", remark=_OF_SCALING) for one in found] if as_warnings else found


def _errors(evidence: Evidence, *, shows: bool) -> list[tuple[Finding, Origin | None]]:
    """What the rules find, with its origins. What spoils the value explains what the gradients have.

    shows: whether the value itself is not finite; then an infinity is no warning alone.
    """
    found = list(_found(evidence))
    forward = [(one, origin) for one, origin in found if origin is not None and origin.kind in ("forward", "given")]
    if shows and forward:
        return [(replace(finding, severity="error"), origin) for finding, origin in forward]
    if shows and not found and evidence.tape is not None:
        return [*islice(((_of_origin(origin, evidence), origin) for origin in placed(evidence.tape)), 1)]
    return [(finding, origin) for finding, origin in found if finding.severity == "error"]


def _found(evidence: Evidence) -> Iterator[tuple[Finding, Origin | None]]:
    """Findings with their origins; a number that was rounded to zero is told where the zero does harm."""
    rounded = [one for one in evidence.origins if one.kind == "underflow"]
    by_step = {one.step.index: one for one in evidence.origins if one.kind != "underflow"}
    constants = {one.constant.place.in_file: one for one in evidence.origins if one.constant is not None}
    told: set[int | None] = set()
    for origin in rounded:
        met = origin.met
        if met is not None and met.step.index not in told:
            told |= {met.step.index, None if met.later is None else met.later.index}
            shown = replace(met, spoils=origin.spoils, rounded=origin.rounded, met=origin)
            yield _of_origin(shown, evidence), shown
    for finding in of_tape(evidence, NOT_FINITE):
        if finding.step not in told - {None}:
            yield finding, constants.get(finding.place) if finding.step is None else by_step.get(finding.step)


def _of_origin(origin: Origin, evidence: Evidence) -> Finding:
    nan = shows_nan(origin) if origin.kind == "forward" else origin.is_nan
    code = f"{'nan' if nan else 'inf'}-{origin.kind}"
    said = (forward_phrase if origin.kind == "forward" else backward_phrase)(origin, evidence)
    return finding_of(origin, evidence, code, said, "error")


def _made(origin: Origin | None, situation: Situation, again: Repeated) -> Made | None:
    """The step of an optimizer that changed a parameter last, where that was not finite before this step."""
    if origin is None or origin.kind != "given" or origin.constant is not None:
        return None
    return situation.updates.made(again.leaves.get(origin.step.variable or ""), origin.index)


def _told(
    finding: Finding,
    origin: Origin | None,
    situation: Situation,
    again: Repeated,
    others: Sequence[tuple[str, Step]],
    made: Made | None,
) -> ProgramFinding:
    """others: steps that belong to it too, with what is said of them. made: where a parameter was made what it is."""
    tape = again.tape
    step = None if finding.step is None else tape.steps[finding.step]
    row = None if origin is None else row_of_infinities(origin.step, origin.index)
    message, why = sentences(finding, origin, row)
    related = [] if origin is None else list(_related(tape, origin, row))
    related += [(label, other.place) for label, other in others]
    own = _own_line(step, origin, again)
    constant = None if origin is None else origin.constant
    place = constant.place if constant is not None else None if step is None else step.place
    if own is not None and place is not None:
        related, place = [("called here", place), *related], own.spot.place
        finding = replace(finding, place=place.in_file, operation=own.operation)
    if made is not None and made.is_proven and place is not None:
        related, place = [("not finite here", place), *related], made.place
        finding = replace(finding, place=place.in_file)
    elif made is not None:
        related = [(made.label, made.place), *related]
    places = [] if place is None else [place]
    spoils, untouched = spoiled_and_untouched(again, situation.call, situation.names)
    return ProgramFinding(
        code=finding.code,
        severity=finding.severity,
        message=message,
        step=situation.number,
        turn=_turn(step, tape),
        module=module_of(step, again),
        variable=finding.variable,
        index=finding.index if origin is None or constant is not None else (origin.index or None),
        operation=finding.operation or _reader(tape, step),
        node=finding.node,
        place=finding.place,
        label=made.label if made is not None and made.is_proven else label_of(origin),
        related=related_places(related),
        lines=lines_around([*places, *(one for _, one in related)]),
        why=why if made is None or made.why is None else made.why,
        reached=situation.reached,
        spoils=spoils,
        untouched=untouched,
        remark="; ".join(_remarks(origin, again)) or None,
        agrees=again.differs is None,
        nearby=() if step is None else around(tape, step),
    )


def _remarks(origin: Origin | None, again: Repeated) -> Iterator[str]:
    if origin is not None and origin.rounded is not None and origin.met is not None:
        yield f"the 0 is not exact: {text(at(origin.met.step, ()))} rounded {origin.rounded.text} to it"
    if again.differs is not None:
        where = shortened(again.differs.text)
        yield f"the step run again differs from {where} on: the numbers are those of the second run"


def _related(tape: Tape, origin: Origin, row: Row | None) -> Iterator[tuple[str, Place]]:
    """Other places that belong to an origin, with what happens there."""
    if (writer := writer_of_infinities(tape, origin, row)) is not None:
        yield writer
    if isinstance(origin.step.operation, Derivative):
        yield "differentiated here, and again later", origin.step.operation.asked
    if origin.later is not None:
        yield "becomes nan here", origin.later.place
    if origin.masked is not None:
        yield "discards the element", origin.masked.place


def _own_line(step: Step | None, origin: Origin | None, again: Repeated) -> OwnLine | None:
    """The line inside of a custom function that makes what is not finite, in its forward or in its backward."""
    operation = None if step is None or origin is None else step.operation
    custom = operation.custom if isinstance(operation, CallOperation) else None
    if custom is None or origin is None:
        return None
    forward = f"{custom.__qualname__}.forward"
    own = [line for line in again.own_lines if line.function.startswith(f"{custom.__qualname__}.")]
    wanted = [line for line in own if line.function.startswith(forward) == (origin.kind == "forward")]
    return next(iter(wanted), None)


def _reader(tape: Tape, step: Step | None) -> str | None:
    """The operation that reads an input first: no other one has to do with what was broken before."""
    readers = [] if step is None else tape.consumers[step.index]
    return readers[0].name if readers else None


def _turn(step: Step | None, tape: Tape) -> tuple[int, int]:
    """Which call of an operation at its place it is: a line that calls a library may be a thousand others."""
    if step is None or not isinstance(step.operation, CallOperation):
        return 1, 1
    calls = [one.index for one in tape.steps if (one.place, one.name) == (step.place, step.name) and not one.is_leaf]
    return calls.index(step.index) + 1, len(calls)
