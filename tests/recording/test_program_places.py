"""Places of programs: whose code an instruction belongs to, and where it stands in its file."""

from __future__ import annotations

import linecache
import random
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch
from each import each
from logs import logged

from gradcli.recording.program import places
from gradcli.recording.program.places import (
    Spot,
    UserCode,
    folder_of,
    forget_sources,
    know_text,
    offset,
    source_of,
)

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


def with_locations(function: Callable[..., Any], known: int) -> Spot:
    """The first instruction of a function, of which Python knows nothing (15) or the line alone (13)."""
    code = function.__code__
    units = len(code.co_code) // 2
    rest = b"\x00" if known == 13 else b""  # the line is that of the function
    entries = [0x80 | known << 3 | min(units - start, 8) - 1 for start in range(0, units, 8)]
    return Spot(code.replace(co_linetable=b"".join(bytes([entry]) + rest for entry in entries)), 0)


def test_where_python_does_not_know_the_columns_the_place_is_the_whole_line() -> None:
    for known in (13, 15):
        place = with_locations(function_in, known).place
        assert place.text == "def function_in(path: str) -> Callable[[Any], Any]:"
        assert place.function == "function_in"


def test_a_place_without_a_file_has_its_line() -> None:
    function = function_in("<no file>")
    (spot,) = (Spot(frame.f_code, frame.f_lasti) for frame in [function(lambda _: sys._getframe(1))])
    assert (spot.place.line, spot.place.text, spot.place.function) == (2, "", "called")


def test_a_loop_over_a_tensor_is_its_head_and_an_expression_all_of_its_lines() -> None:
    x = torch.ones(2, 2)
    with logged() as log:
        for _ in x:
            pass
        for _ in x:
            pass
        for _ in torch.stack(
            [x]
        ):  # fmt: skip
            pass
        torch.mul(
            x, 2
        )  # fmt: skip
        found = [entry.spot.place.text for entry in log.calls.recorded()]
    stacked = "torch.stack(\n            [x]\n        )"
    assert found == [
        "for _ in x",
        "for _ in x",
        stacked,
        f"for _ in {stacked}",
        "torch.mul(\n            x, 2\n        )",
    ]


def test_a_source_is_what_was_told_of_it_or_its_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    program = tmp_path / "a" / "train.py"
    program.write_text("x = 1\n")
    try:
        know_text("<input>", "a = 1\r\nb = 2\n")
        assert source_of("<input>").text == "a = 1\nb = 2"
        assert source_of(str(program)).name == "a/train.py"
        program.write_text("x = 2\n")
        assert source_of(str(program)).text == "x = 1\n"
        forget_sources()
        linecache.checkcache()
        assert source_of(str(program), tmp_path / "a").name == "train.py"
        forget_sources()
        assert source_of(str(program), tmp_path / "b").name == str(program)
    finally:
        forget_sources()
        places._texts.pop("<input>")


@each(
    "line, column, expected",
    [(1, 0, 0), (1, 1, 1), (1, -1, 3), (2, 0, 4), (2, 2, 5), (2, 3, 6), (2, -1, 6), (3, -1, 7), (3, 0, 7)],
)
def test_columns_are_counted_in_bytes_and_offsets_in_characters(line: int, column: int, expected: int) -> None:
    assert offset("abc\néb\n", line, column) == expected


def test_the_files_of_a_package_are_in_a_folder_and_those_of_a_module_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "without_init").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert folder_of("torch") == f"{Path(torch.__file__).parent}/"
    assert folder_of("random") == random.__file__
    assert folder_of("no_such_package") == "no_such_package"
    assert folder_of("without_init") == "without_init"


def test_the_frames_of_the_users_code_are_the_innermost_first() -> None:
    class Foreign(UserCode):
        def owns(self, name: str) -> bool:
            return False

    def inner(user: UserCode) -> tuple[list[str], str | None]:
        here, frames = user.here(), list(user.frames())
        return [frame.f_code.co_name for frame in frames], None if here is None else here.code.co_name

    names, here = inner(UserCode((str(Path(__file__).parent),)))
    assert names[:2] == ["inner", "test_the_frames_of_the_users_code_are_the_innermost_first"]
    assert here == "inner"
    assert inner(Foreign()) == ([], None)
