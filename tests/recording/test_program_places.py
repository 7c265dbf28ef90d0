"""Places of programs: whose code an instruction belongs to, and where it stands in its file."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from each import each

from gradcli.recording.program.places import Spot, UserCode

TEXT = "def called(function):\n    return function(1)\n"


def function_in(path: str) -> Callable[[Any], Any]:
    space: dict[str, Any] = {}
    exec(compile(TEXT, path, "exec"), space)
    return space["called"]  # type: ignore[no-any-return]


def test_the_same_lines_in_two_files_are_two_places_of_two_owners(tmp_path: Path) -> None:
    """Python compares codes by what they do: those of a copied file are equal to the original's."""
    own, copied = tmp_path / "own.py", tmp_path / "copied.py"
    library = f"{sysconfig.get_path('stdlib')}/library.py"
    for path in (own, copied):
        path.write_text(TEXT)
    functions = [function_in(path) for path in (library, str(own), str(copied))]
    assert functions[0].__code__ == functions[1].__code__
    user = UserCode([str(tmp_path)])
    found: list[FrameType | None] = [function(lambda _: user.innermost(sys._getframe(1))) for function in functions]
    names = [frame and Path(frame.f_code.co_filename).name for frame in found]
    assert names == [Path(__file__).name, "own.py", "copied.py"]
    places = [Spot(frame.f_code, frame.f_lasti).place for frame in found[1:] if frame is not None]
    assert [place.source.name and Path(place.source.name).name for place in places] == ["own.py", "copied.py"]


@each(
    "name, own",
    [
        ("/home/somebody/train.py", True),
        ("/home/somebody/site/packages.py", True),
        ("/opt/python/lib/python3/site-packages/torchmetrics/metric.py", False),
        ("/usr/lib/python3/dist-packages/torchmetrics/metric.py", False),
        (f"{sysconfig.get_path('stdlib')}/random.py", False),
        (f"{torch.__path__[0]}/functional.py", False),
        ("<frozen runpy>", False),
        ("<__array_function__ internals>", False),
        ("<string>", False),
        ("<ipython-input-1>", True),
    ],
)
def test_installed_packages_and_texts_without_files_are_not_the_users(name: str, own: bool) -> None:
    assert UserCode().owns(name) is own


def test_what_is_followed_is_the_users_wherever_it_is() -> None:
    assert UserCode(["/usr/lib/python3/dist-packages/mine"]).owns("/usr/lib/python3/dist-packages/mine/model.py")
