"""Command lines that write files."""

from __future__ import annotations

from pathlib import Path

from command_line import captured


def written(argv: list[str], path: Path, *, told: str = "") -> Path:
    """The file that a command line writes; nothing is printed but `told`, on standard error."""
    code, out, err = captured([*argv, "--out", str(path)])
    assert (code, out, err.strip()) == (0, "", told), (argv, out, err)
    return path


def refused(argv: list[str], path: Path | str, *, code: int = 2) -> str:
    """What is said about a file that is not written."""
    found, out, err = captured([*argv, "--out", str(path)])
    assert (found, out) == (code, ""), (argv, out, err)
    assert "Traceback" not in err
    return err


def names_in(folder: Path) -> list[str]:
    """What a folder holds, hidden files too."""
    return sorted(path.name for path in folder.iterdir())
