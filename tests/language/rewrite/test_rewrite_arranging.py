"""What only arranges elements is seen through: the text that a rule makes, and that both have one value in PyTorch."""

from __future__ import annotations

import re

import numpy as np
import torch
from each import each
from rewriting import rewritten

from gradcli.language.parser import parse
from gradcli.language.rewrite import identities, removable
from gradcli.language.rewrite.arrangements import ARRANGEMENTS, arranged_by
from gradcli.language.rewrite.rule import Identity
from gradcli.language.rewrite.terms import term_of
from gradcli.numerics.evaluate import Context, evaluate

A = np.array([[[0.5, -1.25, 2.0], [-0.75, 0.25, 1.5]]])
PLACES = np.array([[[0, 1, 1]]])
INPUTS = {"A": A, "j": PLACES, "k": np.array([1, 0]), "m": A > 0, "t": np.array([[0.25, 1.0, 0.5], [0.0, 0.75, 0.125]])}

ONE_OPERAND = """
broadcast_to({}, (2, 2, 3))
diagonal({}, 0, 1, 2)
{}.expand(2, 2, 3)
{}.expand_as(A)
flatten({})
flip({}, (1,))
{}.squeeze(0).fliplr()
{}.squeeze(0).flipud()
gather({}, 1, j)
index_select({}, 1, k)
linalg.diagonal({})
masked_select({}, m)
movedim({}, 0, 2)
{}.narrow(2, 1, 2)
{}.permute(2, 0, 1)
ravel({})
{}.repeat(2, 1, 1)
repeat_interleave({}, 2, 1)
{}.reshape(-1, 3)
{}.reshape_as(A)
roll({}, 1, 2)
rot90({}, 1, (1, 2))
{}.select(1, 1)
squeeze({}, 0)
{}.squeeze(0).t()
take({}, j)
take_along_dim({}, j, 1)
tile({}, (2, 1))
{}.transpose(1, 2)
{}.unflatten(2, (1, 3))
unsqueeze({}, dim=1)
{}.view(6)
{}.view_as(A)
{}.squeeze(0).T
{}.mT
{}[0, :, 1:]
{}[m]
"""
ROWS = ONE_OPERAND.strip().splitlines()


def value_of(text: str) -> torch.Tensor:
    tensors = {name: torch.tensor(values) for name, values in INPUTS.items()}
    return evaluate(parse(text), tensors, Context(torch.float64, torch.device("cpu")))


@each("row", ROWS)
def test_an_identity_sees_through_an_arrangement(row: str) -> None:
    before = f"log(1 - {row.format('sigmoid(A)')})"
    after = f"logsigmoid(-{row.format('A')})"
    assert after in rewritten(before, "log-sigmoid")
    torch.testing.assert_close(value_of(after), value_of(before), rtol=1e-12, atol=1e-12)


def test_each_arrangement_has_a_row() -> None:
    tried = {name for row in ROWS for name in ARRANGEMENTS if re.search(rf"(^|[}}.]){re.escape(name)}\(", row)}
    assert tried == ARRANGEMENTS


SEEN_THROUGH = [
    # the sum of two arrangements; a name that stands for one; brackets that a call makes needless
    ("log-sigmoid", "log((1 - sigmoid(A)).view(6))", "logsigmoid(-A.view(6))"),
    ("log-sigmoid", "log(1 - flatten((sigmoid(A + 1)).squeeze(0)))", "logsigmoid(-(flatten(A.squeeze(0)) + 1))"),
    ("bce-with-logits", "p = sigmoid(A).squeeze(0); -mean(t*log(p) + (1 - t)*log(1 - p))",
     "binary_cross_entropy_with_logits(A.squeeze(0), t)"),
    # a dimension that comes back was kept
    ("softmax", "exp(A)/exp(A).sum(1).unsqueeze(1)", "softmax(A, dim=1)"),
    ("softmax", "exp(A)/sum(exp(A), dim=1)[:, None]", "softmax(A, dim=1)"),
    ("softmax", "exp(A)/sum(exp(A), dim=0)[None]", "softmax(A, dim=0)"),
    ("softmax", "exp(A)/sum(exp(A), dim=-1)[..., None]", "softmax(A, dim=-1)"),
    ("softmax", "exp(A)/sum(exp(A), dim=-1)[:, :, None]", "softmax(A, dim=-1)"),
    ("log-softmax", "A - log(sum(exp(A), dim=1)).unsqueeze(1)", "log_softmax(A, dim=1)"),
    # a function moves to the call whose elements are arranged before it
    ("arrange-last", "log(softmax(A, dim=2).reshape(-1)[0])", "log(softmax(A, dim=2)).reshape(-1)[0]"),
    ("arrange-last", "squeeze(softmax(A, dim=2), 0).log()", "squeeze(softmax(A, dim=2).log(), 0)"),
    ("arrange-last", "p = softmax(A, dim=2); log(p.gather(1, j).squeeze(0))",
     "p = softmax(A, dim=2); log(p).gather(1, j).squeeze(0)"),
    ("arrange-last", "p = softmax(A, dim=2).view(6); log(p)", "log(softmax(A, dim=2)).view(6)"),
    (
        "arrange-last",
        "log(softmax(A, dim=2).squeeze(0).unsqueeze(0).view(6))",
        "log(softmax(A, dim=2)).squeeze(0).unsqueeze(0).view(6)",
    ),
    ("arrange-last", "clamp(squeeze(sum(A, dim=2), 0), min=0.5)", "squeeze(clamp(sum(A, dim=2), min=0.5), 0)"),
    # and what only its own name shows is found by that
    ("log-softmax", "e = softmax(A, dim=1); log(e)", "log_softmax(A, dim=1)"),
]  # fmt: skip


@each("rule, before, after", SEEN_THROUGH)
def test_it_is_rewritten(rule: str, before: str, after: str) -> None:
    assert after in rewritten(before, rule)
    torch.testing.assert_close(value_of(after), value_of(before), rtol=1e-12, atol=1e-12)


SAME = """
sum(A, dim=1).unsqueeze(1) = sum(A, dim=1, keepdim=True)
mean(A, dim=-1)[..., None] = mean(A, dim=-1, keepdim=True)
sum(A, dim=2)[:, :, None] = sum(A, dim=2, keepdim=True)
squeeze(sigmoid(A), 0) = sigmoid(squeeze(A, 0))
squeeze(clamp(A, min=0.5), 0) = clamp(squeeze(A, 0), min=0.5)
"""
OTHER = """
softmax(A, dim=1).unsqueeze(1) = softmax(A, dim=1, dtype=float64)
sum(A, dim=1).flatten() = sum(A, dim=1, keepdim=True)
sum(A, dim=1)[0, None] = sum(A, dim=1, keepdim=True)
sum(A, dim=-1)[0, None] = sum(A, dim=-1, keepdim=True)
sum(A, dim=1)[..., None] = sum(A, dim=1, keepdim=True)
squeeze(clamp(A, min=t), 0) = clamp(squeeze(A, 0), min=t)
"""


def test_an_arrangement_is_read_as_what_it_is_the_same_as() -> None:
    for rows, are_same in ((SAME, True), (OTHER, False)):
        for row in rows.strip().splitlines():
            one, other = (term_of(parse(text).result) for text in row.split(" = "))
            assert (one == other) is are_same, row
    assert term_of(parse("softmax(A, dim=1).unsqueeze(1)").result).operation == "unsqueeze"


def test_no_identity_has_an_arrangement_outermost() -> None:
    tables = [table for room in (identities, removable) for table in vars(room).values() if isinstance(table, tuple)]
    rows = [row for table in tables for row in table if isinstance(row, Identity)]
    assert len(rows) > 100
    assert [row.pattern for row in rows if arranged_by(parse(row.pattern).result) is not None] == []


LEFT_ALONE = [
    # zeros come in; two tensors would have to be arranged; a sum is no arrangement
    ("log-sigmoid", "log(1 - tril(sigmoid(A)))"),
    ("log-sigmoid", "log(1 - squeeze(where(m, sigmoid(A), A), 0))"),
    ("log-sigmoid", "log(1 - sum(sigmoid(A), dim=0))"),
    # another dimension than the one that was left out; one that was kept already; one at another place
    ("softmax", "exp(A)/sum(exp(A), dim=1).unsqueeze(0)"),
    ("softmax", "exp(A)/sum(exp(A), dim=1, keepdim=True).unsqueeze(1)"),
    ("softmax", "exp(A)/sum(exp(A), dim=1)[None]"),
    ("softmax", "exp(A)/sum(exp(A), dim=1)[..., None]"),
    ("softmax", "exp(A)/sum(exp(A), dim=1)[:, 0]"),
    ("softmax", "exp(A)/sum(exp(A))[None]"),
    # nothing is arranged; what is arranged is no call; four arrangements are more than are looked behind
    ("arrange-last", "log(softmax(A, dim=2))"),
    ("arrange-last", "log(squeeze(A, 0))"),
    ("arrange-last", "log(squeeze(sigmoid(A), 0))"),
    ("arrange-last", "hypot(squeeze(softmax(A, dim=2), 0), t)"),
    ("arrange-last", "cumsum(squeeze(softmax(A, dim=2), 0), 0)"),
    ("arrange-last", "log(softmax(A, dim=2).squeeze(0).unsqueeze(0).squeeze(0).view(6))"),
    # a constant of that name is read before it is assigned
    ("log-softmax", "y = e*A; e = softmax(A, dim=1); log(e) + y"),
    ("log-softmax", "inf = softmax(A, dim=1); log(inf)"),
]


@each("rule, text", LEFT_ALONE)
def test_it_is_left_alone(rule: str, text: str) -> None:
    assert rewritten(text, rule) == []
