"""`errors`: the catalogue of autograd errors. Only what is run needs PyTorch; the list does not."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import SequenceMatcher
from importlib.util import find_spec
from typing import TYPE_CHECKING

from gradcli.exceptions import UsageError, did_you_mean, listed, nearest
from gradcli.language.catalogue.errors import AutogradError, all_errors, find
from gradcli.lean_torch.version import version_of
from gradcli.progress import steps
from gradcli.results import ErrorEntry, ErrorsResult
from gradcli.version import __version__

if TYPE_CHECKING:
    from gradcli.numerics.programs import ProgramRun
    from gradcli.results import ProgramResult

LIKE_ENOUGH = 0.8
"""`leaves` is meant by `leafs`; `none` is not meant by `nope`."""
NO_NUMBER = "the result is not finite"
NO_TENSOR = "the last line gives no tensor"


def errors(ids: Sequence[str] = (), search: str | None = None, run: bool | None = None) -> ErrorsResult:
    """The errors of those ids, or all that mention a text; run where ids are given or `run` says so.

    ids: what is no id is searched. search: a word, a message of PyTorch's, or a piece of one.

    Raises UsageError with the nearest id or word, and for ids together with a search.
    """
    if ids and search is not None:
        raise UsageError(
            "--search looks among all errors, and there are ids too", hint="Leave the ids out, or --search."
        )
    asked: tuple[str, ...] = ()
    text = " ".join(ids) if ids and not _are_ids(ids) else search
    if search is not None:
        rows = searched(search)
    elif ids:
        rows = _meant(ids)
        asked = tuple(row.id for row in rows) if len(rows) == 1 or _are_ids(ids) else ()
    else:
        rows = all_errors()
    if not (bool(asked) if run is None else run):
        return ErrorsResult(None, asked, tuple(map(listed_entry, rows)), text)
    import torch

    return ErrorsResult(torch.__version__, asked, tuple(map(raised_entry, steps(rows, "errors raised"))), text)


def _meant(ids: Sequence[str]) -> tuple[AutogradError, ...]:
    """The rows of these ids; where none is one, those that their text finds.  Raises UsageError."""
    names = tuple(dict.fromkeys(ids))
    if any(map(find, names)):
        return tuple(map(row, names))
    try:
        return searched(" ".join(ids))
    except UsageError:
        if len(names) == 1 and not any(map(str.isspace, names[0])):
            row(names[0])  # a word: the ids like it
        raise


def _are_ids(names: Sequence[str]) -> bool:
    return all(find(name) is not None for name in names)


def searched(text: str) -> tuple[AutogradError, ...]:
    """The errors that mention a text, or raise it.  Raises UsageError."""
    from gradcli.diagnose.explain import searching  # seldom asked for

    return searching.searched(text)


def row(name: str) -> AutogradError:
    """The row of that id.  Raises UsageError with the nearest one."""
    found = find(name)
    if found is None:
        raise UsageError(f"there is no error '{name}'", hint=_hint(name))
    return found


def program(ids: Sequence[str]) -> ProgramResult:
    """The program of one error as a file that ends in PyTorch's own traceback.

    Raises UsageError unless there is exactly one id.
    """
    if len(ids) != 1:
        raise UsageError(
            "--emit torch prints one program" + (f", there are {len(ids)} ids" if ids else ""),
            hint="Name one error: gradcli errors second-backward --emit torch.",
        )
    found = row(ids[0])
    from gradcli.inspections.emission.gate import commented
    from gradcli.results import ProgramResult, Setting  # these need NumPy, which the list does not

    python, torch = ".".join(map(str, sys.version_info[:3])), _torch_version()
    heading = [
        f"{found.id}: {found.title}",
        f"written by gradcli {__version__}, torch {torch}, Python {python}",
    ]
    text = commented(heading, ["import torch", "", *found.program.rstrip("\n").split("\n")])
    return ProgramResult(Setting(torch, "cpu", "float32", 0), None, "torch", text)


def _torch_version() -> str:
    """The program is printed and not run, so PyTorch is not imported for it."""
    if "torch" in sys.modules:
        return str(sys.modules["torch"].__version__)
    spec = find_spec("torch")
    assert spec is not None, "PyTorch is a requirement"
    if (found := version_of(spec)) is not None:
        return found
    from importlib.metadata import version  # which takes longer than a list of errors

    return version("torch")


def _hint(name: str) -> str:
    """The nearest id, else those with a word like it."""
    ids = [row.id for row in all_errors()]
    word = nearest(name, {part for id_ in ids for part in id_.split("-")})
    if word is not None and SequenceMatcher(None, name.lower(), word).ratio() < LIKE_ENOUGH:
        word = None
    alike = [id_ for id_ in ids if word in id_.split("-")]
    if (meant := did_you_mean(name, ids)) is not None:
        return meant
    return (
        f"There {'is' if len(alike) == 1 else 'are'} {listed(alike)}."
        if alike
        else "'gradcli errors' lists them; --search TEXT looks into them."
    )


def listed_entry(row: AutogradError) -> ErrorEntry:
    """A row as it stands in a list: nothing is run."""
    return _entry(row, None, None)


def raised_entry(row: AutogradError) -> ErrorEntry:
    """A row with what its program raised, and what the program with the fix gave."""
    from gradcli.numerics.programs import run

    return _entry(row, None if row.needs else run(row.program), run(row.repaired))


def _entry(row: AutogradError, broken: ProgramRun | None, mended: ProgramRun | None) -> ErrorEntry:
    return ErrorEntry(
        id=row.id,
        family=row.family,
        title=row.title,
        type=row.type,
        raised=None if broken is None else broken.type,
        ok=None if broken is None else broken.type == row.type,
        message=None if broken is None else broken.message,
        warnings=() if broken is None else broken.warnings,
        program=row.program,
        line=None if broken is None else broken.line,
        cause=row.cause,
        fix=row.fix,
        repaired=row.repaired,
        fix_ok=None if mended is None else mended.is_finite,
        fix_error=None if mended is None else _what_is_wrong(mended),
        result=None if mended is None else mended.value,
        needs=row.needs or None,
    )


def _what_is_wrong(mended: ProgramRun) -> str | None:
    if mended.is_finite:
        return None
    if mended.error is not None:
        return f"{mended.type}: {mended.message}"
    return NO_TENSOR if mended.value is None else NO_NUMBER
