"""The rule `domain`: what it finds, and what it leaves alone."""

from __future__ import annotations

import math
import shlex

import pytest
import torch
from command_line import captured
from each import each
from looking import Place, findings, found, place

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings.domain import domain
from gradcli.language.catalogue.domains import DOMAINS
from gradcli.language.catalogue.losses import LOSSES
from gradcli.model import place as model
from gradcli.recording.operation import Operation
from gradcli.recording.recorder import Recorder

pytestmark = pytest.mark.usefixtures("no_fixes")

FOUND = {
    "grad 'kl_div(x, t)' x=-1,-2 t=-0.5,0.5": ("error", Place("kl_div", "t", [0], "kl_div(x, t)")),
    "grad 'kl_div(x, t, reduction=\"none\")' x=-1,-2 t=0.5,-0.5": (
        "error",
        Place("kl_div", "t", [1], 'kl_div(x, t, reduction="none")'),
    ),
    "grad 'kl_div(x, t)' x=0.2,0.8 t=0.5,0.5": ("warning", Place("kl_div", "x", [0], "kl_div(x, t)")),
    "grad 'kl_div(x, t, log_target=True)' x=-1,-2 t=-1,0.5": (
        "warning",
        Place("kl_div", "t", [1], "kl_div(x, t, log_target=True)"),
    ),
    "grad '2 * nll_loss(x, [1])' x='[[0.2,0.8]]'": ("warning", Place("nll_loss", "x", [0, 0], "nll_loss(x, [1])")),
    "grad 'nll_loss(x, t)' x='[[-0.6931472,-0.6931472],[-1,-2]]' t:int64=1,0": (
        "warning",
        Place("nll_loss", "x", [1, 0], "nll_loss(x, t)"),
    ),
    "grad 'nll_loss(softmax(x, 1), t)' x='[[1,2]]' t:int64=1,": (
        "warning",
        Place("nll_loss", None, [0, 0], "nll_loss(softmax(x, 1), t)"),
    ),
    "grad 'ctc_loss(x, [1], [2], [1])' x='[[0.5,0.5],[0.2,0.8]]'": (
        "warning",
        Place("ctc_loss", "x", [0, 0], "ctc_loss(x, [1], [2], [1])"),
    ),
    "grad 'binary_cross_entropy_with_logits(x, t)' x=1,2 t=1,2 --wrt x": (
        "warning",
        Place("binary_cross_entropy_with_logits", "t", [1], "binary_cross_entropy_with_logits(x, t)"),
    ),
    "grad 'multilabel_soft_margin_loss(x, t)' x='[[1,2]]' t='[[0,-1]]' --wrt x": (
        "warning",
        Place("multilabel_soft_margin_loss", "t", [0, 1], "multilabel_soft_margin_loss(x, t)"),
    ),
    "grad 'cross_entropy(x, t)' x='[[1,2]]' t='[[1.5,-0.5]]' --wrt x": (
        "warning",
        Place("cross_entropy", "t", [0, 0], "cross_entropy(x, t)"),
    ),
    "grad 'poisson_nll_loss(x, t, log_input=False)' x=1,-2 t=1,1 --wrt x": (
        "error",
        Place("poisson_nll_loss", "x", [1], "poisson_nll_loss(x, t, log_input=False)"),
    ),
    "grad 'poisson_nll_loss(x, t)' x=1,-2 t=1,-1 --wrt x": (
        "warning",
        Place("poisson_nll_loss", "t", [1], "poisson_nll_loss(x, t)"),
    ),
    "grad 'hinge_embedding_loss(x, t)' x=1,2 t=1,0 --wrt x": (
        "warning",
        Place("hinge_embedding_loss", "t", [1], "hinge_embedding_loss(x, t)"),
    ),
    "grad 'margin_ranking_loss(x, y, t)' x=1,2 y=2,1 t=1,0 --wrt x": (
        "warning",
        Place("margin_ranking_loss", "t", [1], "margin_ranking_loss(x, y, t)"),
    ),
    "grad 'soft_margin_loss(x, t)' x=1,2 t=1,0 --wrt x": (
        "warning",
        Place("soft_margin_loss", "t", [1], "soft_margin_loss(x, t)"),
    ),
    "grad 'cosine_embedding_loss(x, y, t)' x='[[1,2]]' y='[[2,1]]' t:int64=0, --wrt x": (
        "warning",
        Place("cosine_embedding_loss", "t", [0], "cosine_embedding_loss(x, y, t)"),
    ),
    "grad 'linalg.cholesky(x).sum()' x='[[4,1],[2,3]]'": (
        "warning",
        Place("linalg.cholesky", "x", [0, 1], "linalg.cholesky(x)"),
    ),
    "grad 'linalg.eigh(x)[0].sum()' x='[[1,2],[3,4]]'": (
        "warning",
        Place("linalg.eigh", "x", [0, 1], "linalg.eigh(x)"),
    ),
    "grad 'linalg.eigvalsh(x).sum()' x='[[1,2],[3,4]]'": (
        "warning",
        Place("linalg.eigvalsh", "x", [0, 1], "linalg.eigvalsh(x)"),
    ),
    "grad 'linalg.eigvalsh(x).sum()' x='[[[1,2],[2,1]],[[1,2],[3,4]]]'": (
        "warning",
        Place("linalg.eigvalsh", "x", [1, 0, 1], "linalg.eigvalsh(x)"),
    ),
    "grad 'linalg.eigvalsh(x).sum()' x='[[4,1.01],[1,3]]'": (
        "warning",
        Place("linalg.eigvalsh", "x", [0, 1], "linalg.eigvalsh(x)"),
    ),
    "grad 'kl_div(x, [0.5,-0.5])' x=-1,-2": ("error", Place("kl_div", None, [1], "kl_div(x, [0.5,-0.5])")),
    "grad 'kl_div(x, -0.5)' x=-1": ("error", Place("kl_div", None, None, "kl_div(x, -0.5)")),
    "grad 'kl_div(x, [1,-1], log_target=True)' x=-1,-2": (
        "warning",
        Place("kl_div", None, [0], "kl_div(x, [1,-1], log_target=True)"),
    ),
}

SAYS = {
    "grad 'kl_div(x, t)' x=-1 t=-0.5 --wrt x": (
        "kl_div(x, t) takes numbers that are not negative, as its target: t = -0.5; its value is nan"
    ),
    "grad 'kl_div(x, y - 1)' x=-1 y=0.5 --wrt x": (
        "kl_div(x, y - 1) takes numbers that are not negative, as its target: y - 1 = -0.5; its value is nan"
    ),
    "grad 'kl_div(x, y - 1)' x=-1,-2 y=0.5,0.75 --wrt x": (
        "kl_div(x, y - 1) takes numbers that are not negative, as its target: "
        "(y - 1)[0] = -0.5 (and 1 more); its value is nan"
    ),
    "grad 'kl_div(x, t)' x=0.2,0.8 t=1,1 --wrt x": (
        "kl_div(x, t) takes logarithms of probabilities, which are not above 0, as its input: "
        "x[0] = 0.2 (and 1 more); these look like probabilities: take their logarithm"
    ),
    "grad 'kl_div(x, t)' x=-0.25,0.5 t=1,1 --wrt x": (  # not all of them could be probabilities
        "kl_div(x, t) takes logarithms of probabilities, which are not above 0, as its input: x[1] = 0.5"
    ),
    "grad 'soft_margin_loss(x, t)' x=1,2 t=0,0.5 --wrt x": (  # nor classes
        "soft_margin_loss(x, t) takes 1 and -1, as its target: t[0] = 0 (and 1 more)"
    ),
    "grad 'cross_entropy(x, t)' x='[[1,2]]' t='[[1.5,-0.5]]' --wrt x": (
        "cross_entropy(x, t) takes numbers from 0 to 1, as its target: t[0, 0] = 1.5 (and 1 more)"
    ),
    "grad 'linalg.eigvalsh(2*x).sum()' x='[[[1,2],[2,1]],[[1,2],[3,4]]]'": (
        "linalg.eigvalsh(2*x) takes a symmetric matrix, as its input: "
        "(2*x)[1, 0, 1] = 4 beside (2*x)[1, 1, 0] = 6: only one triangle is read"
    ),
    # 2*exp(-0.1) = 1.80967
    "grad 'nll_loss(x, t)' x='[[-0.1,-0.1],[-1,-2]]' t:int64=1,0": (
        "nll_loss(x, t) takes logarithms of probabilities as its input: exp(x[0, :]) adds up to 1.80967 (and 1 more)"
    ),
    "grad 'nll_loss(x, t)' x=-0.1,-0.1 t:int64=1": (
        "nll_loss(x, t) takes logarithms of probabilities as its input: exp(x) adds up to 1.80967"
    ),
    "grad 'nll_loss(x, t).sum()' x='[[[-0.1,-0.1],[-0.1,-0.1]]]' t:int64='[[0,1]]'": (
        "nll_loss(x, t) takes logarithms of probabilities as its input: exp(x[0, :, 0]) adds up to 1.80967 (and 1 more)"
    ),
    "grad 'ctc_loss(x, [1], [2], [1])' x='[[-0.1,-0.1],[-0.6931472,-0.6931472]]'": (
        "ctc_loss(x, [1], [2], [1]) takes logarithms of probabilities as its log_probs: exp(x[0, :]) adds up to 1.80967"
    ),
}

LEFT_ALONE = (
    "grad 'kl_div(x, t)' x=-1,-2 t=0,0.5 --wrt x",
    "grad 'kl_div(x, t, log_target=True)' x=-1,-2 t=-1,-0.5",
    "grad 'kl_div(log_softmax(x, 0), softmax(t, 0))' x=1,2 t=3,0",
    "grad 'nll_loss(log_softmax(x, 1), t)' x='[[1,2],[300,4]]' t:int64=1,0",
    "grad 'nll_loss(x, t)' x='[[-0.69,-0.69]]' t:int64=1,",
    "grad 'nll_loss(log_softmax(x, 0), t)' x=1,2 t:int64=1",
    "grad 'ctc_loss(log_softmax(x, -1), [1], [2], [1])' x='[[0.5,0.5],[0.2,0.8]]'",
    "grad 'binary_cross_entropy_with_logits(x, sigmoid(t))' x=1,2 t=100,-200 --wrt x",
    "grad 'cross_entropy(x, t)' x='[[1,2]]' t:int64=1,",
    "grad 'cross_entropy(x, softmax(t, 1))' x='[[1,2]]' t='[[1,2]]' --wrt x",
    "grad 'poisson_nll_loss(x, t)' x=1,-2 t=0,1 --wrt x",
    "grad 'poisson_nll_loss(x, t, log_input=False)' x=1,2 t=0,1 --wrt x",
    "grad 'soft_margin_loss(x, t)' x=1,2 t=1,-1 --wrt x",
    "grad 'soft_margin_loss(x, t)' x=1,2 t:int64=1,-1 --wrt x",
    "grad 'linalg.cholesky(x @ x.T).sum()' x='[[4,0.1],[2,3]]'",
    "grad 'linalg.eigvalsh(linalg.inv(x @ x.T)).sum()' x='[[4,0.1],[2,3]]'",
    "grad 'log(x)' x=-1",
    "grad 'cross_entropy(x, t)' x='[[1,2,3]]' t:int64=2, --wrt x",
    "grad 'soft_margin_loss(x, t)' x=1,2 t=1,nan --wrt x",
    "grad 'linalg.cholesky(x).sum()' x='[[4,1.0001],[1,3]]'",
    "grad 'linalg.cholesky(x).sum()' x='zeros(0, 0)'",
    "grad 'linalg.eigvalsh(x).sum()' x:complex64='[[1,2+1j],[2-1j,4]]'",
    "grad 'nll_loss(x, [1])' x='[[-inf,-inf]]'",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "domain")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "domain") == []


@each("line", SAYS)
def test_it_is_told_which_element_is_outside_and_of_what(line: str) -> None:
    assert [one["message"] for one in found(line, "domain")] == [SAYS[line]]


def test_an_operation_whose_arguments_have_no_names_is_left_alone() -> None:
    recorder = Recorder(in_place=False)
    written = model.Place(model.Source("kl_div(x, t)"), 0, 12)
    recorder.add(Operation(name="kl_div"), written, torch.tensor(1.0), arguments=(torch.ones(2), torch.tensor(-1.0)))
    assert list(domain(Evidence(recorded=recorder.unfinished()))) == []


def test_every_row_of_the_table_has_a_case() -> None:
    shown = {(place.operation, finding["message"].rpartition(" as its ")[2].partition(":")[0])
             for line, (_, place) in FOUND.items() for finding in found(line, "domain")}  # fmt: skip
    assert shown == {(row.function, row.argument) for row in DOMAINS}


@each("row", LOSSES, ids=lambda row: row.name)
def test_the_examples_of_the_catalogue_are_within(row: object) -> None:
    words = [f"{name}={value}" for name, value in row.example]  # type: ignore[attr-defined]
    assert found(shlex.join(["loss", row.name, *words]), "domain") == []  # type: ignore[attr-defined]


def test_the_element_and_the_argument_are_named_with_the_number_and_nothing_is_said_twice() -> None:
    (only,) = findings("grad 'kl_div(x, t)' x=-1,-2 t=0.5,-0.25 --wrt x")
    assert only["message"] == (
        "kl_div(x, t) takes numbers that are not negative, as its target: t[1] = -0.25; its value is nan"
    )


def test_numbers_that_look_like_something_else_are_recognised() -> None:
    (probabilities,) = findings("grad 'nll_loss(x, [1])' x='[[0.2,0.8]]'")
    assert probabilities["message"].endswith(
        "x[0, 0] = 0.2 (and 1 more); these look like probabilities: take their logarithm"
    )
    (logits,) = found("grad 'nll_loss(x, [1])' x='[[0.2,1.8]]'", "domain")
    assert "look like" not in logits["message"]
    (classes,) = found("grad 'soft_margin_loss(x, t)' x=1,2 t=1,0 --wrt x", "domain")
    assert classes["message"].endswith("these look like classes 0 and 1: take 2*t - 1")


@pytest.mark.parametrize(("roundings", "outside"), [(60, False), (70, True)])
def test_rounding_is_within(roundings: int, outside: bool) -> None:
    above = 1 + roundings * 2.0**-52
    line = f"grad 'binary_cross_entropy_with_logits(x, t)' x=1 t={above!r} --wrt x -t float64"
    assert bool(found(line, "domain")) is outside


@pytest.mark.parametrize(("logarithm", "outside"), [(0.019, False), (0.021, True), (-0.019, False), (-0.021, True)])
def test_typed_probabilities_add_up_to_one_to_two_digits(logarithm: float, outside: bool) -> None:
    half = math.log(0.5) + logarithm
    line = f"grad 'nll_loss(x, [1])' x='[[{half!r},{half!r}]]' -t float64"
    assert bool(found(line, "domain")) is outside


def test_fail_on_domain_ends_with_one() -> None:
    line = shlex.split("loss nll '[[0.2,0.8]]' '[1]' --fail-on domain")
    assert captured(line)[0] == 1
