"""The JSON Schemas that ship with the package."""

from __future__ import annotations

from importlib.resources import files

from gradcli.exceptions import UsageError, did_you_mean, listed

_ENDING = ".json"


def kinds() -> list[str]:
    """The kinds of result that have a schema."""
    names = (entry.name for entry in (files("gradcli") / "schemas").iterdir())
    return sorted(name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING))


def schema_text(kind: str) -> str:
    """The JSON Schema of one kind. Raises UsageError if there is none."""
    known = kinds()
    if kind not in known:
        raise UsageError(
            f"there is no kind of result '{kind}'",
            hint=did_you_mean(kind, known) or f"Choose one of {listed(known)}.",
        )
    return (files("gradcli") / "schemas" / f"{kind}{_ENDING}").read_text(encoding="utf-8")
