"""Any text, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st


def texts(max_size: int | None = None) -> st.SearchStrategy[str]:
    """The texts of `st.text()`: of every character but half a surrogate pair.

    That one asks for the characters that UTF-8 has, and so tries each of a million, in each process, for seconds.
    """
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=max_size)
