"""Parts of documents that are made: what stands between two markers, `<!-- NAME -->` and `<!-- /NAME -->`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

DOCUMENTS = Path(__file__).parent.parent / "docs"


def between(name: str) -> re.Pattern[str]:
    """What stands between the two markers of that name."""
    return re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)


def held(document: str, name: str) -> str:
    """The part of that name in a document, as it is written there."""
    found = between(name).search((DOCUMENTS / document).read_text(encoding="utf-8"))
    assert found is not None, f"docs/{document} has no part <!-- {name} -->"
    return found[0]


def rewritten(document: str, name: str, table: Callable[[], str], description: str | None) -> int:
    """Write a table into a document, or with --check say whether it would change; the exit code."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    path = DOCUMENTS / document
    before = path.read_text(encoding="utf-8")
    after = between(name).sub(lambda _: table(), before)
    if before != after and not options.check:
        path.write_text(after, encoding="utf-8")
    print(f"docs/{document}: {'changed' if before != after else 'as it was'}")
    return 1 if before != after and options.check else 0
