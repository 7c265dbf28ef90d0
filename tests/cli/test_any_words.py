"""Whatever is typed: an exit code of ours, no traceback, and in JSON exactly one object."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import captured
from hypothesis import example, given
from hypothesis import strategies as st
from texts import texts

from gradcli.language import catalogue
from gradcli.language.catalogue.rows import Activation, Loss, Row
from gradcli.language.catalogue.signature import Parameter, Signature, signatures_of

ROWS = catalogue.all_rows()
ACTIVATIONS = [row.name for row in ROWS if isinstance(row, Activation)]
LOSSES = [row.name for row in ROWS if isinstance(row, Loss)]

ATOMS = [
    "x",
    "x",
    "x",
    "y",
    "y",
    "y[0]",
    "x[0]",
    "x.T",
    "x>0",
    "-x",
    "x.long()",
    "x.bool()",
    "x.double()",
    "x.half()",
    "x*1j",
    "x.shape",
    "x.shape[0]",
    "x.dtype",
    "zeros(0)",
    "1",
    "2",
    "0",
    "-1",
    "0.5",
    "-0.0",
    "inf",
    "nan",
    "1e400",
    "10**30",
    "2**63",
    "-2**63",
    "2**31",
    "1j",
    "pi",
    "True",
    "None",
    "...",
    "[]",
    "()",
    "[1,2]",
    "[[1,2],[3,4]]",
    "[[1],[2,3]]",
    "[x,y]",
    "[x,1]",
    "[None]",
    "'mean'",
    "'sum'",
    "''",
    "'ij,jk->ik'",
    "float64",
    "torch.int8",
    "linalg.svd(y)",
    "max(y,dim=0)",
    "x.max(dim=0).values",
    "cat([x,x])",
    "randn(2,2,4,4)",
    "rand(1,2,3)",
]
FITTING = {
    "tensor": ("x", "y", "y[0]", "x.long()", "x>0", "[1.,2.]", "1", "rand(1,2,3)", "randn(2,2,4,4)", "[0,1]"),
    "tensors": ("[x,x]", "[y,y]", "[x,y]", "[]", "x"),
    "int": ("0", "1", "2", "-1", "5", "10**12"),
    "ints": ("1", "0", "[1,1]", "[2]", "[]", "-1", "[0,1]"),
    "sizes": ("1", "2", "[1,1]", "[2,None]", "[]", "-1"),
    "number": ("1", "2.5", "0", "-1", "1j"),
    "float": ("0.5", "1", "inf"),
    "floats": ("[1.0]", "0.5"),
    "bool": ("True", "False"),
    "str": ("'mean'", "'none'", "'L'", "'fro'", "'tanh'", "'ij->j'"),
    "dtype": ("float64", "torch.int8"),
    "any": ("x", "1"),
}


@st.composite
def calls(draw: Any, depth: int = 0) -> str:
    """A call of any row of the catalogue with arguments that mostly fit."""
    row: Row = draw(st.sampled_from(ROWS))
    signature: Signature = draw(st.sampled_from(signatures_of(row)))
    positional: list[str] = []
    named: list[str] = []
    for parameter in signature.parameters:
        if not parameter.required and draw(st.integers(0, 2)):
            continue
        word = draw(arguments(parameter, depth))
        (named if parameter.keyword_only else positional).append(
            f"{parameter.name}={word}" if parameter.keyword_only else word
        )
    words = [*positional, *named]
    if not row.function or (row.method and words and draw(st.booleans())):
        receiver, *rest = words or ["x"]
        return f"({receiver}).{row.name}({', '.join(rest)})"
    return f"{row.name}({', '.join(words)})"


def test_every_kind_of_parameter_has_arguments_that_fit() -> None:
    kinds = {one.kind for row in ROWS for signature in signatures_of(row) for one in signature.parameters}
    assert kinds == set(FITTING)


def arguments(parameter: Parameter, depth: int) -> st.SearchStrategy[str]:
    fitting = st.sampled_from(FITTING[parameter.kind])
    others = st.sampled_from(ATOMS) if depth else st.one_of(st.sampled_from(ATOMS), calls(depth=1))
    return st.one_of(fitting, fitting, fitting, others)


ENDINGS = ("T", "real", "values", "S", "shape", "sum()", "a", "max()[0]")


@st.composite
def expressions(draw: Any) -> str:
    call = draw(calls())
    operator = draw(st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "@", "<", "==", "&", "|", "^"]))
    other = draw(st.sampled_from(ATOMS))
    return str(
        draw(
            st.sampled_from(
                [
                    call,
                    call,
                    call,
                    f"sum({call})",
                    f"{call} {operator} {other}",
                    f"({other})[{draw(st.sampled_from(ATOMS))}]",
                    f"h = {call}; h {operator}= {other}; sum(h)",
                    f"h = {call}; h[{other}] = {draw(st.sampled_from(ATOMS))}; h",
                    f"({call}).{draw(st.sampled_from(ENDINGS))}",
                    f"[{call}, {other}]",
                ]
            )
        )
    )


DERIVATIVES: list[list[str]] = [
    [],
    [],
    ["--jacobian"],
    ["--hessian"],
    ["--order", "2"],
    ["--vjp", "1,2"],
    ["--vjp", "none"],
    ["--jvp", "1,2"],
    ["--jvp", "x=1,2"],
    ["--via", "backward"],
    ["-t", "float16"],
    ["-t", "float64"],
    ["--wrt", "x"],
    ["--frozen", "x"],
    ["--frozen", "x,y"],
]
BOUND = ["x=1,2", "y=[[1,2],[3,4.5]]"]


@st.composite
def requests(draw: Any) -> list[str]:
    """A command line that is mostly sound."""
    expression = draw(expressions())
    return list(
        draw(
            st.sampled_from(
                [
                    ["grad", expression, *BOUND, *draw(st.sampled_from(DERIVATIVES))],
                    ["grad", expression, *BOUND, *draw(st.sampled_from(DERIVATIVES))],
                    ["grad", "sigmoid", expression],
                    ["retain-demo", expression, *BOUND, "--calls", "3", "--retain", "1"],
                    ["activate", expression.replace("y", "0.5"), "1", "-2", "--order", "2", "--depth", "2"],
                    ["activate", draw(st.sampled_from(ACTIVATIONS)), "1", draw(st.sampled_from(ATOMS)), "nan"],
                    ["softmax", expression.replace("x", "[1., 2.]").replace("y", "[[1., 2.]]")],
                    ["loss", draw(st.sampled_from(LOSSES)), expression, draw(st.sampled_from(ATOMS)), *BOUND],
                    ["loss", draw(st.sampled_from(LOSSES)), "x", "x", "x=1,2", "--lr", "0.1", "--steps", "2"],
                ]
            )
        )
    )


WORDS = st.one_of(
    st.sampled_from(
        [
            "grad",
            "activate",
            "loss",
            "softmax",
            "retain-demo",
            "functions",
            "schema",
            "sigmoid",
            "x*y",
            "x=1",
            "y=[1,2]",
            "-5",
            "-inf",
            "-",
            "--",
            "--json",
            "-t",
            "half",
            "float64",
            "--dtype",
            "--dtype=",
            "--format",
            "csv",
            "-f",
            "json",
            "--order",
            "2",
            "--jvp",
            "--vjp",
            "none",
            "--wrt",
            "x,",
            "--frozen",
            "--range",
            "0:1:3",
            "::",
            "--param",
            "a=1",
            "mse",
            "cross_entropy",
            "[[1,2]]",
            "[0]",
            "--lr",
            "0.1",
            "--steps",
            "3",
            "--calls",
            "--retain",
            "all",
            "--raise",
            "--index",
            "0",
            "--dim",
            "-1",
            "--help",
            "--plot",
        ]
    ),
    texts(max_size=8),
    st.text(alphabet="-=:xy()[],.0123456789 \udcff\0'\"", max_size=12),
)


def check(argv: list[str]) -> None:
    code, out, err = captured([*argv, "--max-elements", "100000"] if argv and argv[0] in COMPUTING else argv)
    assert code in (0, 1, 2), argv
    assert "Traceback" not in err or "--raise" in argv, (argv, err)
    assert "Traceback" not in out, argv


COMPUTING = {"grad", "activate", "loss", "softmax", "retain-demo"}


@given(requests())
@example(["grad", "asin_([1.,2.])", "x=1,2"])
def test_a_sound_request_is_answered_or_refused_in_one_json_object(argv: list[str]) -> None:
    code, out, err = captured([*argv, "--json", "--max-elements", "100000"])
    assert code in (0, 1, 2)
    assert "Traceback" not in err
    document = json.loads(out, parse_constant=strict)
    assert out.count("\n") == 1
    if code:
        assert document["schema"] == "gradcli/error/1"
        assert document["error"]["message"]
        assert document["error"]["code"] in (
            {"pytorch", "autograd"}
            if code == 1
            else {"usage", "syntax", "unknown-name", "argument", "too-large", "source", "device"}
        )
        if document["error"]["span"] is not None:
            start, end = document["error"]["span"]
            assert 0 <= start < end <= len(document["error"]["expression"])
    else:
        assert document["schema"] == f"gradcli/{argv[0]}/1"


def strict(word: str) -> float:
    raise AssertionError(f"{word} is no JSON")


@given(requests(), st.sampled_from(["table", "markdown", "csv", "ndjson"]))
def test_a_sound_request_is_answered_or_refused_in_every_other_format(argv: list[str], format_: str) -> None:
    check([*argv, "--format", format_])


@given(st.lists(WORDS, max_size=8))
def test_any_words_are_answered_or_refused(argv: list[str]) -> None:
    check(argv)


@pytest.mark.parametrize("command", sorted(COMPUTING))
@given(st.lists(WORDS, max_size=6))
def test_any_words_behind_a_command_are_answered_or_refused(command: str, argv: list[str]) -> None:
    check([command, *argv])
