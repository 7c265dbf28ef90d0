"""How transcripts are read, run and compared."""

from __future__ import annotations

import re
import shutil

import pytest
from each import each

from tools.transcripts import Exchange, agree, answer, blocks, document_paths, exchanges, missing
from tools.update_transcripts import refreshed

EVERY = [
    (path.name, exchange)
    for path in document_paths()
    for _, _, found in blocks(path.read_text(encoding="utf-8"))
    for exchange in found
]


def test_a_block_holds_commands_with_their_outputs():
    assert exchanges("$ gradcli one\nfirst\n\n$ gradcli two \\\n> more\nsecond\n") == (
        Exchange("gradcli one", "first\n\n"),
        Exchange("gradcli two \\\nmore", "second\n"),
    )


def test_text_before_the_first_command_is_refused():
    with pytest.raises(ValueError, match=r"begins with '\$ '"):
        exchanges("stray\n$ gradcli one\n")


@pytest.mark.parametrize("command", ["gradcli grad 'x > 0 | x < 1' 1", "gradcli grad 'sum(x); x' 1"])
def test_what_is_quoted_needs_no_shell(command: str):
    assert not Exchange(command, "").in_shell


@pytest.mark.parametrize(
    "command", ["gradcli schema | head -1", "seq 3 | gradcli grad tanh -", "gradcli schema > /dev/null; echo $?"]
)
def test_pipes_need_a_shell(command: str):
    assert Exchange(command, "").in_shell


def test_a_pipe_into_jq_needs_jq():
    assert Exchange("gradcli grad tanh 0 --json | jq .", "").needs == ("bash", "jq")
    assert Exchange("gradcli grad jq 0 | head", "").needs == ("bash",)
    assert Exchange("gradcli grad jq 0", "").needs == ()


AGREE = [
    ("value 0.5\n", "value 0.5\n"),
    ("0.00664803\n", "0.00664806\n"),  # s(1 - s) at 5, rounded by two processors
    ("x 0.196612 y\n", "x  0.1966119  y\n"),
    ("| 4.5416677e-05 |\n", "| 4.5416e-05 |\n"),
    ("it is 5,736 ULP off\n", "it is 12 ULP off\n"),
]
DIFFER = [
    ("value 0.5\n", "value 0.51\n"),
    ("value 0.5\n", "values 0.5\n"),
    ("0.5 0.5\n", "0.5\n"),
    ("3 of 10 points\n", "4 of 10 points\n"),
    ("[0, 1]\n", "[1, 0]\n"),
    ("5,736 bytes\n", "5,737 bytes\n"),
    ("1.5\n", "-1.5\n"),
    ("a\nb\n", "a b\n"),
]


@pytest.mark.parametrize(("expected", "actual"), AGREE)
def test_the_same_but_for_a_processors_rounding(expected: str, actual: str):
    assert agree(expected, actual)


@pytest.mark.parametrize(("expected", "actual"), DIFFER)
def test_anything_else_is_a_difference(expected: str, actual: str):
    assert not agree(expected, actual)


def test_an_exit_code_is_noted_behind_both_streams():
    text = answer(Exchange("gradcli grad sigmod 0", ""))
    assert text.startswith("unknown function 'sigmod'")
    assert text.endswith("[exit code 2]\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_shell_finds_this_gradcli():
    assert answer(Exchange("gradcli --version | cat", "")) == answer(Exchange("gradcli --version", ""))


def test_a_document_gets_the_outputs_of_now_and_keeps_its_words():
    document = "before\n```console\n$ gradcli --version\nstale\n```\nafter\n"
    now = refreshed(document, exact=False)
    assert now == f"before\n```console\n$ gradcli --version\n{answer(Exchange('gradcli --version', ''))}```\nafter\n"
    assert refreshed(now, exact=False) == now


def test_there_are_documents_with_transcripts():
    assert {name for name, _ in EVERY} >= {"README.md", "article.md"}


def unquoted(command: str) -> str:
    """What a shell reads into: neither what stands between quotes nor the lines up to a quoted END."""
    without_lines = re.sub(r"<<'(\w+)'\n.*?^\1$", "", command, flags=re.DOTALL | re.MULTILINE)
    return "".join(without_lines.split("'")[::2])


def test_what_a_shell_reads_into_is_outside_of_quotes():
    assert unquoted("a '*' ~ 'b' c") == "a  ~  c"
    assert unquoted("cat > f <<'END'\n[x]\nEND\nrm *") == "cat > f \nrm *"
    assert unquoted("cat > f <<END\n`date`\nEND") == "cat > f <<END\n`date`\nEND"


@each("name, exchange", EVERY)
def test_a_command_can_be_pasted_into_any_shell(name: str, exchange: Exchange):
    assert not set("*[]{}`!~") & set(unquoted(exchange.command)), "quote it"


def test_programs_that_are_missing_are_known(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    assert missing(Exchange("gradcli schema | jq .", "")) == ["bash", "jq"]
