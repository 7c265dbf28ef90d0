"""Mutants that change nothing which anybody can see, each with the reason."""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {}
"""By `key` of the mutant: file, function or constant, and the change."""
