"""Writes gradcli/diagnose/findings/pages.json, which `explain` shows, from the sections of docs/findings.md.

`make docs` runs it behind the transcripts; a test compares. A section has a transcript that shows the finding, behind
it the paragraph that says the cause, and two paragraphs that begin with FIX and RELATED.
"""

from __future__ import annotations

import json
import re

from gradcli.diagnose.findings.table import CODES
from tools.transcripts import BLOCK, ROOT, exchanges

DOCUMENT = ROOT / "docs" / "findings.md"
PAGES = ROOT / "gradcli" / "diagnose" / "findings" / "pages.json"
FIX, RELATED = "**What to do.** ", "See also "

_SECTION = re.compile(r"^## `(?P<code>[a-z-]+)`\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def written_pages(document: str) -> str:
    """The text of pages.json.  Raises LookupError for a section that lacks a part."""
    sections = {match["code"]: match["body"] for match in _SECTION.finditer(document)}
    pages = {code: _page(code, sections[code]) for code in CODES if code in sections}
    return json.dumps(pages, indent=1, ensure_ascii=False) + "\n"


def _page(code: str, section: str) -> dict[str, object]:
    block = BLOCK.search(section)
    if block is None:
        raise LookupError(f"{code} has no transcript")
    behind = [_text(paragraph) for paragraph in section[block.end() :].strip("\n").split("\n\n")]
    return {
        "cause": behind[0],
        "fix": _beginning_with(FIX, behind, code),
        "related": re.findall(r"`([a-z-]+)`", _beginning_with(RELATED, behind, code)),
        "example": _first_that_shows(code, block["body"]),
    }


def _first_that_shows(code: str, block: str) -> list[dict[str, str]]:
    """The commands of a block up to the first whose output has the code."""
    shown = []
    for exchange in exchanges(block):
        shown.append({"command": exchange.command, "output": exchange.output.rstrip("\n")})
        if code in exchange.output:
            return shown
    raise LookupError(f"the first transcript of {code} does not show it")


def _beginning_with(words: str, paragraphs: list[str], code: str) -> str:
    for paragraph in paragraphs:
        if paragraph.startswith(words):
            return paragraph.removeprefix(words)
    raise LookupError(f"{code} has no paragraph that begins with '{words}'")


def _text(paragraph: str) -> str:
    """A paragraph on one line, without its links."""
    return _LINK.sub(r"\1", " ".join(paragraph.split()))


def main() -> None:
    PAGES.write_text(written_pages(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
