"""Answers as the text that is written for people and for programs."""

from __future__ import annotations

import io

from gradcli.render import Answer, View, write


def shown(answer: Answer, **view: object) -> str:
    """What is written of an answer, with a view of these fields."""
    stream = io.StringIO()
    write(answer, View(**view), stream)  # type: ignore[arg-type]
    return stream.getvalue()
