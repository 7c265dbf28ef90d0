"""The rule `masked-branch`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from each import each
from looking import Place, findings, found, on_tape, place

from gradcli.diagnose.findings.table import NOT_FINITE

CODE = "masked-branch"

FOUND = {
    "grad 'p = softmax(where(m, -inf, x), -1); sum((p @ v)[1])' x='ones(2, 2)' m:bool='[[1,1],[0,1]]' v='eye(2)'": (
        "error",
        Place("softmax", None, [0, 0], "softmax(where(m, -inf, x), -1)"),
    ),
    "grad 'sum(nan_to_num(softmax(q + m, -1)) @ q)' q='[[1,2],[1,2]]' m='[[-inf,-inf],[0,0]]' --frozen m": (
        "error",
        Place("softmax", None, [0, 0], "softmax(q + m, -1)"),
    ),
    "trace 'where(x > 0, sqrt(x), 0 * x)' x=0,1": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "trace 'where(x > 0, log(x), 0)' x=0,2": ("error", Place("log", "x", [0], "log(x)")),
    "trace '(x / d)[d != 0].sum()' x=1,2 d=0,1 --frozen d": ("error", Place("div", "x", [0], "x / d")),
    "trace 'log1p(a)[a > -1].sum()' a=-1,0.5": ("error", Place("log1p", "a", [0], "log1p(a)")),
    "trace 'nansum(x / y)' x=0,1 y=0,1": ("error", Place("div", "x", [0], "x / y")),
    "trace 'masked_fill(1 / x, x == 0, 0)' x=0,2": ("error", Place("div", "x", [0], "1 / x")),
    "trace 'sqrt(x) * m' x=0,4 m=0,1 --frozen m": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "trace 'maximum(sqrt(sum(w**2)), e)' w=0,0 e=0.1 --frozen e": (
        "error",
        Place("sqrt", None, None, "sqrt(sum(w**2))"),
    ),
    "trace '(x @ w).masked_fill(isnan(x @ w), 0).sum()' x='[[1,1],[nan,nan]]' w=0.5,0.25 --frozen x": (
        "error",
        Place("matmul", "w", [0], "x @ w"),
    ),
    "trace 'exp(x)[0]' x=0,100": ("error", Place("exp", "x", [1], "exp(x)")),
}

LEFT_ALONE = (
    "trace 'where(x > 0, sqrt(where(x > 0, x, 1)), 0 * x)' x=0,1",
    "trace 'where(x > 0, x, 0 * x)' x=-1,1",
    "trace 'log(x)[x > 0].sum()' x=1,2",
    "trace 'clamp(x, 0, 1)' x=-1,0.5",
    "trace 'sqrt(x) * 0' x=0",
    "trace 'where(x > 0, log(x), 0)' x=-1,2",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = (one for one in findings(line) if one["code"] in NOT_FINITE)
    assert finding["code"] == CODE
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, CODE) == []


OF_TWO_ROOTS = (
    "where(x > 0, sqrt(x), 0*x)",
    "masked_fill(sqrt(x), x == 0, 1)",
    "y = sqrt(x)*1; y.masked_fill_(x == 0, 1); y",
    "masked_select(sqrt(x), x > 0)",
    "masked_scatter(sqrt(x), x == 0, ones(2))",
    "clamp(sqrt(x), min=1)",
    "clamp_min(sqrt(x), 1)",
    "clamp_max(1 - sqrt(x), 0.5)",
    "y = sqrt(x)*1; y.clamp_(min=1); y",
    "maximum(sqrt(x), ones(2))",
    "minimum(1 - sqrt(x), zeros(2))",
    "fmax(sqrt(x), ones(2))",
    "fmin(1 - sqrt(x), zeros(2))",
    "max(sqrt(x))",
    "min(1 - sqrt(x))",
    "amax(sqrt(x))",
    "amin(1 - sqrt(x))",
    "aminmax(sqrt(x))[1]",
    "nanquantile(sqrt(x), 1.0)",
    "sqrt(x)[1]",
    "index_fill(sqrt(x), 0, tensor([0]), 1)",
    "y = sqrt(x)*1; y.index_fill_(0, tensor([0]), 1); y",
    "index_select(sqrt(x), 0, tensor([1]))",
    "index_put(sqrt(x), [tensor([0])], tensor(1.))",
    "y = sqrt(x)*1; y[0] = 1; y",
    "select(sqrt(x), 0, 1)",
    "select_scatter(sqrt(x), tensor(1.), 0, 0)",
    "take(sqrt(x), tensor([1]))",
    "take_along_dim(sqrt(x), tensor([1]), 0)",
    "gather(sqrt(x), 0, tensor([1]))",
    "index_copy(sqrt(x), 0, tensor([0]), ones(1))",
    "scatter(sqrt(x), 0, tensor([0]), 1.0)",
    "y = sqrt(x)*1; y.scatter_(0, tensor([0]), 1.0); y",
    "relu(sqrt(x) - 1)",
    "y = sqrt(x) - 1; y.relu_(); y",
    "relu6(sqrt(x) - 1)",
    "threshold(sqrt(x), 1, 0)",
    "hardshrink(sqrt(x), 1)",
    "softshrink(sqrt(x), 1)",
    "narrow(sqrt(x), 0, 1, 1)",
    "unbind(sqrt(x))[1]",
    "split(sqrt(x), 1)[1]",
    "chunk(sqrt(x), 2)[1]",
    "tensor_split(sqrt(x), 2)[1]",
    "topk(sqrt(x), 1)[0]",
    "kthvalue(sqrt(x), 2)[0]",
    "dropout(sqrt(x), 1.0)",
    "slice_scatter(sqrt(x), ones(1), 0, 0, 1)",
)
DISCARDING: dict[str, dict[str, object]] = {
    **{text: {"x": [0.0, 4.0]} for text in OF_TWO_ROOTS},
    "nansum(x / y)": {"x": [0.0, 1.0], "y": [0.0, 1.0]},
    "nanmean(x / y)": {"x": [0.0, 1.0], "y": [0.0, 1.0]},
    "nan_to_num(x / y)": {"x": [0.0, 1.0], "y": [0.0, 1.0]},
    "y = x / z; y.nan_to_num_(); y": {"x": [0.0, 1.0], "z": [0.0, 1.0]},
    "nanmedian(sqrt(x))": {"x": [0.0, 4.0, 9.0]},
    "hardtanh(sqrt(x) - 2)": {"x": [0.0, 5.0]},
    "median(sqrt(x))": {"x": [0.0, 4.0, 9.0]},
    "mode(sqrt(x))[0]": {"x": [0.0, 4.0, 4.0]},
    "cummax(sqrt(x), 0)[0]": {"x": [4.0, 0.0]},
    "cummin(1 - sqrt(x), 0)[0]": {"x": [4.0, 0.0]},
    "tril(sqrt(x))": {"x": [[1.0, 0.0], [1.0, 1.0]]},
    "triu(sqrt(x))": {"x": [[1.0, 1.0], [0.0, 1.0]]},
    "diag(sqrt(x))": {"x": [[1.0, 0.0], [1.0, 1.0]]},
    "diagonal(sqrt(x))": {"x": [[1.0, 0.0], [1.0, 1.0]]},
    "nll_loss(log(x), t)": {"x": [[0.0, 1.0]], "t": [1]},
    "cross_entropy(sqrt(x), t)": {"x": [[0.0, 1.0], [4.0, 1.0]], "t": [-100, 1]},
    "scaled_dot_product_attention(q, sqrt(x), v, attn_mask=m)": {
        "q": [[[1.0, 1.0]]],
        "x": [[[0.0, 1.0], [1.0, 1.0]]],
        "v": [[[1.0, 2.0], [3.0, 5.0]]],
        "m": [[False, True]],
    },
    "diagonal_scatter(sqrt(x), ones(2))": {"x": [[0.0, 1.0], [1.0, 0.0]]},
}
"""One element of a root, a logarithm or a quotient goes no further; its slope is infinite, and 0 * inf is nan."""


@each("text", DISCARDING)
def test_what_discards_an_element_is_told(text: str) -> None:
    finding, *others = (one for one in on_tape(text, **DISCARDING[text]) if one.code in NOT_FINITE)
    assert (finding.code, others) == (CODE, [])
    assert "which discards the element" in finding.message


def test_it_is_told_how_the_discarded_element_does_harm() -> None:
    (forward,) = found("grad 'sum(nan_to_num(softmax(q + m, -1)) @ q)' q='[[1,2],[1,2]]' m='[[-inf,-inf],[0,0]]'", CODE)
    assert "nan_to_num(softmax(q + m, -1)) discards it, and 0 * nan is nan on the way back" in forward["message"]
    (backward,) = found("grad 'where(x > 0, sqrt(x), 0)' x=0", CODE)
    assert "; the zero is from where(x > 0, sqrt(x), 0), which discards the element" in backward["message"]
