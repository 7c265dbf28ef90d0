"""Pictures of real screens for the documents: each is what a terminal of 96 columns shows, as an SVG (`make docs`).

    python -m tools.screens [--check]

--check writes nothing and exits with 1 if a picture shows another text than the command answers now.
"""

from __future__ import annotations

import argparse
import html
import io
import os
import re
import shlex
import subprocess
import sys

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tools import warm
from tools.transcripts import ROOT, agree, workplace

FOLDER = ROOT / "docs" / "screens"
SCREENS = {
    "watch": "gradcli watch programs/pooling_empty_sentence.py",
    "trace": "gradcli trace 'x * log(x)' x=0,0.5",
    "activate": "gradcli activate tanh --range -4:4:5 --plot",
}
"""The pictures by name, and the commands whose screens they are."""
COLUMNS = 96


def _colours(words: str) -> list[tuple[int, int, int]]:
    return [(red, green, blue) for red, green, blue in map(bytes.fromhex, words.split())]


_THEME = TerminalTheme(
    *_colours("fafaf8 262626"),
    _colours("262626 b02020 18783c 966400 005faf 8c328c 00737d 5a5a5a"),
    _colours("5a5a5a c82828 1e8c46 aa730f 146ec8 a03ca0 00828c 262626"),
)
"""Dark on light, with contrasts that hold on a page of either kind."""
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px "DejaVu Sans Mono", Menlo, Consolas, monospace; }}
.{unique_id}-title {{ font: 16px sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
_CHARACTER = 12.2
"""The width of one, in the units of Rich's pictures."""
_LINE = re.compile(r'<text class="[^"]*-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')


def screen(command: str) -> str:
    """What a command writes on a terminal with colours, one line a prompt and then its answer."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GRADCLI_")}
    environment.pop("NO_COLOR", None)
    words = [*warm.gradcli(), *shlex.split(command)[1:]]
    with workplace([command]):
        run = subprocess.run(
            words,
            env={**environment, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
    return f"$ {command}\n{run.stdout.rstrip()}\n"


def picture(name: str, shown: str) -> str:
    """A screen as an SVG that needs nothing from elsewhere."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(shown), end="")
    drawn = console.export_svg(title="", theme=_THEME, code_format=_SVG, unique_id=f"screen-{name}")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def text_of(drawn: str) -> str:
    """The text of a picture, its lines from top to bottom."""
    lines: dict[float, str] = {}
    for x, y, text in _LINE.findall(drawn):
        lines[float(y)] = lines.get(float(y), "").ljust(round(float(x) / _CHARACTER)) + html.unescape(text).replace(
            "\xa0", " "
        )
    return "".join(f"{lines[y].rstrip()}\n" for y in sorted(lines))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    changed = 0
    FOLDER.mkdir(exist_ok=True)
    for name, command in SCREENS.items():
        path = FOLDER / f"{name}.svg"
        drawn = picture(name, screen(command))
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        same = agree(text_of(before), text_of(drawn))
        changed += not same
        if not same and not options.check:
            path.write_text(drawn, encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {'as it was' if same else 'changed'}")
    return 1 if changed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
