"""The page of `watch`: each finding with its source and what lies around it, the norms over the steps, the end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from gradcli.render.blocks import Heading
from gradcli.render.page.blocks import html_of
from gradcli.render.page.nearby import figure
from gradcli.render.page.norms import curve_class, norms_picture
from gradcli.render.text import escaped
from gradcli.render.view import View
from gradcli.render.views.watch import ending, finding_blocks
from gradcli.results import GradientNorms, ProgramFinding, WatchResult


def body_of_watch(result: WatchResult, view: View) -> Iterator[str]:
    """The findings as sections, then what the whole run has."""
    yield from html_of(Heading(command_of(result), f"watched with PyTorch {result.torch}"), view)
    for finding in result.findings:
        yield f'<section class="finding {finding.severity}">'
        for block in finding_blocks(finding):
            yield from html_of(block, view)
        if len(finding.nearby) > 1:
            yield figure(finding)
        yield "</section>"
    if result.norms is not None:
        yield from _norms(result.norms, result.findings)
    for note in ending(result):
        yield from html_of(note, view)


def command_of(result: WatchResult) -> str:
    """`gradcli watch train.py --epochs 3`, as the program was called."""
    return shlex.join(("gradcli", "watch", result.program, *result.arguments))


def _norms(norms: GradientNorms, findings: tuple[ProgramFinding, ...]) -> Iterator[str]:
    errors = [one for one in findings if one.severity == "error" and one.step]
    spoiled = [name for one in errors for name in one.spoils]
    picture = norms_picture(norms, spoiled, errors[0].step if errors else None)
    if picture is None:
        return
    yield "<h2>gradient norms</h2>"
    yield f'<figure class="norms" tabindex="0">{picture.drawn}'
    yield '<figcaption><ul class="key">'
    for number, name in enumerate(picture.names):
        sample = f'<svg class="gradcli-norms" viewBox="0 0 26 8"><g class="{curve_class(number)}"><path class="curve"'
        yield f'<li>{sample} d="M1 4H25"/></g></svg> <code>{escaped(name)}</code></li>'
    if picture.others:
        band = '<svg class="gradcli-norms" viewBox="0 0 26 8"><path class="band" d="M1 0H25V8H1Z"/></svg>'
        yield f"<li>{band} {picture.others:,} more, from the smallest to the largest</li>"
    yield "</ul>"
    for remark in _remarks(norms):
        yield f'<p class="quiet">{remark}</p>'
    yield "</figcaption></figure>"


def _remarks(norms: GradientNorms) -> Iterator[str]:
    yield f"The 2-norm of each parameter's gradient in {len(norms.steps):,} steps; what is 0 or not finite is left out."
    if norms.scaled:
        yield "A gradient scaler had multiplied the loss, and so these norms."
