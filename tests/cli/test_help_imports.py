"""Help pages and completion import no more than they draw with, and leave rich whole for others."""

from __future__ import annotations

import json

import pytest
from command_line import in_process_of_its_own

NEVER_DRAWN = ["rich.markdown", "rich.traceback", "markdown_it", "pygments", "attr", "pydantic", "torch", "numpy"]
IMPORTED = """
import json, sys
from gradcli.cli import main
code = main(json.loads(sys.argv[1]))
print(code, [name for name in json.loads(sys.argv[2]) if name in sys.modules])
"""


@pytest.mark.parametrize("words", [["--help"], ["grad", "--help"], ["watch", "--help"]], ids=" ".join)
def test_a_help_page_imports_nothing_that_it_does_not_draw(words: list[str]) -> None:
    code, out, err = in_process_of_its_own([json.dumps(words), json.dumps(NEVER_DRAWN)], python=IMPORTED)
    assert (code, out.splitlines()[-1]) == (0, "0 []"), err


def test_a_help_page_does_import_rich() -> None:
    """The nearest neighbour of the above: the question can be answered otherwise."""
    code, out, err = in_process_of_its_own([json.dumps(["--help"]), json.dumps(["rich.panel"])], python=IMPORTED)
    assert (code, out.splitlines()[-1]) == (0, "0 ['rich.panel']"), err


def test_after_a_help_page_markdown_and_tracebacks_are_those_of_rich() -> None:
    program = """
import sys
from gradcli.cli import main
main(["--help"])
from typer import rich_utils
print([name for name in ("rich.markdown", "rich.traceback") if name in sys.modules])
print(type(rich_utils.Markdown("*a*")).__module__, rich_utils.Traceback.from_exception.__self__.__module__)
import rich.markdown
print(type(rich_utils.Markdown("*a*")) is rich.markdown.Markdown)
"""
    code, out, err = in_process_of_its_own(python=program)
    assert (code, out.splitlines()[-3:]) == (0, ["[]", "rich.markdown rich.traceback", "True"]), err


def test_what_has_been_imported_before_stays_as_it_is() -> None:
    program = """
import rich.markdown
whole = rich.markdown.Markdown
from gradcli.cli import main
main(["--help"])
import sys
from typer import rich_utils
print(rich_utils.Markdown is whole, sys.modules["rich.markdown"].Markdown is whole)
"""
    code, out, err = in_process_of_its_own(python=program)
    assert (code, out.splitlines()[-1]) == (0, "True True"), err
