"""Text in pictures, in fonts that have its characters: those that no font has are no empty boxes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from gradcli.render.text import one_line, shortened, wrapped

_OURS = "DejaVu Sans"
"""Comes with matplotlib."""
_WIDER = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei"),
    *("WenQuanYi Zen Hei", "Droid Sans Fallback", "Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans"),
    *("Yu Gothic", "Malgun Gothic", "Arial Unicode MS", "Noto Sans", "Segoe UI Symbol"),
)
"""Families that have what ours lacks, where they are installed."""

_TITLE_COLUMNS = 84
_TITLE_LINES = 3


class Lettering:
    """The texts of one picture, and the fonts that they need.

    keep: characters that no font here has stay in the text, for a browser to find; otherwise they become escapes.
    """

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self._missing = False
        self._families = [_OURS]
        self._known = _characters(_OURS)

    def text(self, words: str) -> str:
        """The user's words, fit to be drawn."""
        shown = one_line(words)
        for character in {character for character in shown if ord(character) not in self._known}:
            if self._found_elsewhere(character):
                continue
            self._missing = True
            if not self._keep:
                shown = shown.replace(character, character.encode("ascii", "backslashreplace").decode())
        return shown

    def title(self, words: str) -> str:
        """A heading on at most three lines."""
        return "\n".join(wrapped(shortened(self.text(words), _TITLE_COLUMNS * _TITLE_LINES), _TITLE_COLUMNS))

    @contextmanager
    def chosen(self) -> Iterator[None]:
        """While the picture is written: letters as shapes, which look the same everywhere; as text only where a shape
        is missing."""
        matplotlib.rcParams["font.family"] = self._families
        matplotlib.rcParams["svg.fonttype"] = "none" if self._missing else "path"
        yield

    def _found_elsewhere(self, character: str) -> bool:
        installed = {font.name for font in font_manager.fontManager.ttflist}
        for family in _WIDER:
            if family in installed and ord(character) in _characters(family):
                self._families.append(family)
                self._known |= _characters(family)
                matplotlib.rcParams["font.family"] = self._families
                return True
        return False


def _characters(family: str) -> set[int]:
    return set(FT2Font(font_manager.findfont(family)).get_charmap())
