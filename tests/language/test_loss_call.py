"""The words of `loss`: a loss by name, its tensors by place or by name, its scalar arguments."""

from __future__ import annotations

import pytest
from each import each

from gradcli.exceptions import GradcliError
from gradcli.language import catalogue
from gradcli.language.catalogue.rows import Loss
from gradcli.language.loss_call import LossRequest, read_loss

LOSSES = [row for row in catalogue.all_rows() if isinstance(row, Loss)]


def asked(name: str, *words: str, reduction: str | None = None, parameters: tuple[str, ...] = ()) -> LossRequest:
    return read_loss(name, list(words), reduction=reduction, parameters=parameters)


def text(request: LossRequest) -> str:
    return request.request.program.text


def test_literals_are_named_input_and_target() -> None:
    request = asked("mse", "[1, 2]", "[3, 4]")
    assert text(request) == "mse_loss(input, target)"
    assert request.request.names == ("input", "target")
    assert request.predictions == ("input",)


def test_an_expression_stands_in_the_call_and_its_names_are_the_predictions() -> None:
    request = asked("mse", "x * w + b", "1", "x=1", "w=2", "b=0")
    assert text(request) == "mse_loss(x * w + b, target)"
    assert request.predictions == ("x", "w", "b")


@pytest.mark.parametrize(
    ("words", "predictions"),
    [
        (["torch.ones(1)", "x*w", "x=1", "w=2"], ("x", "w")),
        (["input=1", "x*w", "x=1", "w=2"], ("x", "w")),
        (["x*w", "x*v", "x=1", "w=2", "v=3"], ("x", "w")),  # both are computed: the prediction is the first one
        (["[1, 2]", "t", "t=3,4"], ("input",)),  # a name alone is data
        (["p", "2 * t", "p=1", "t=3"], ("p",)),
        (["[1, 2]", "[3, 4]"], ("input",)),
    ],
)
def test_what_is_computed_is_differentiated_where_the_prediction_is_a_constant(
    words: list[str], predictions: tuple[str, ...]
) -> None:
    assert asked("mse", *words).predictions == predictions


@pytest.mark.parametrize(
    ("differentiated", "chosen", "trained"),
    [
        (("x", "w", "b"), None, ("w", "b")),
        (("X", "w"), None, ("w",)),
        (("x", "w"), ("x", "w"), ("x", "w")),
        (("x",), None, ("x",)),
        (("x1", "w"), None, ("x1", "w")),
    ],
)
def test_gradient_descent_leaves_data_alone_unless_it_is_asked_for(
    differentiated: tuple[str, ...], chosen: tuple[str, ...] | None, trained: tuple[str, ...]
) -> None:
    assert asked("mse", "1", "2").trained(differentiated, chosen) == trained


def test_tensors_by_pytorchs_names_need_no_order() -> None:
    request = asked("triplet_margin", "negative=[[0,0]]", "anchor=[[1,2]]", "positive=[[1,3]]")
    assert text(request) == "triplet_margin_loss(anchor, positive, negative)"


def test_a_weight_is_given_by_name_in_the_call() -> None:
    request = asked("bce_with_logits", "input=0.5,-1", "target=1,0", "pos_weight=3")
    assert text(request) == "binary_cross_entropy_with_logits(input, target, pos_weight=pos_weight)"


@pytest.mark.parametrize("name", ["mse", "mse_loss", "F.mse_loss", "torch.nn.functional.mse_loss"])
def test_pytorchs_own_names_are_aliases(name: str) -> None:
    assert text(asked(name, "1", "2")) == "mse_loss(input, target)"


def test_the_reduction_is_written_only_where_it_is_not_the_default() -> None:
    assert text(asked("mse", "1", "2", reduction="mean")) == "mse_loss(input, target)"
    assert text(asked("mse", "1", "2", reduction="sum")) == "mse_loss(input, target, reduction='sum')"
    assert text(asked("mse", "1", "2", parameters=("reduction=sum",))) == "mse_loss(input, target, reduction='sum')"


def test_the_unreduced_call_differs_in_its_reduction_alone() -> None:
    request = asked("huber", "1", "2", parameters=("delta=0.5",))
    assert request.text("none") == "huber_loss(input, target, delta=0.5, reduction='none')"


@pytest.mark.parametrize(
    ("word", "value", "written"),
    [
        ("full=true", True, "full=True"),
        ("full=False", False, "full=False"),
        ("eps=1e-3", 1e-3, "eps=1e-3"),
    ],
)
def test_parameters_are_read_as_they_are_meant(word: str, value: object, written: str) -> None:
    request = asked("poisson_nll", "1", "2", parameters=(word,))
    assert request.parameters[word.partition("=")[0]] == value
    assert written in text(request)


@each("row", LOSSES, ids=lambda row: row.name)
def test_every_loss_reads_its_own_example(row: Loss) -> None:
    request = asked(row.name, *(f"{name}={value}" for name, value in row.example))
    assert request.row is row
    assert set(request.places) == {name for name, _ in row.example}


@each("row", LOSSES, ids=lambda row: row.name)
def test_every_loss_says_what_is_missing(row: Loss) -> None:
    with pytest.raises(GradcliError) as caught:
        asked(row.name)
    for argument in row.arguments:
        assert (f"'{argument.name}'" in caught.value.message) == argument.required
    assert f"gradcli loss {row.name}" in (caught.value.hint or "")


@each(
    "name, words, options, message, hint",
    [
        ("mes", ["1", "2"], {}, "unknown loss 'mes': there is no such loss", "Did you mean 'mse'?"),
        ("sigmoid", ["1", "2"], {}, "it is a function, but no loss", "--category loss"),
        ("mse", ["1", "2", "3", "4"], {}, "4 tensors were given", "For example"),
        ("mse", ["1"], {}, "mse needs 'target'", "For example"),
        ("mse", ["x*w", "x=1", "w=2"], {}, "needs 'target'", "gradcli loss mse 'x*w' x=1 w=2 target=3"),
        ("mse", ["x*w", "x=1,2"], {}, "needs 'target'", "gradcli loss mse 'x*w' x=1,2 w=1 'target=[3, -0.5, 2]'"),
        ("nll", ["target=0"], {}, "needs 'input'", "nll target=0 'input=log_softmax([[2, 1, 0.1]], dim=-1)'"),
        ("mse", ["x * 2", "1"], {}, "'x' has no value", "Try: gradcli loss mse"),
        ("mse", ["1", "2"], {"reduction": "average"}, "mse has no reduction 'average'", "Choose"),
        ("mse", ["1", "2"], {"reduction": "non"}, "mse has no reduction 'non'", "Did you mean 'none'?"),
        ("mse", ["1", "2"], {"reduction": "batchmean"}, "has no reduction 'batchmean'", "mean"),
        ("huber", ["1", "2"], {"parameters": ("delt=1",)}, "huber has no parameter 'delt'", "Did you mean 'delta'?"),
        ("bce", ["1", "2"], {"parameters": ("weight=1",)}, "'weight' of bce is a tensor", "without --param"),
        ("mse", ["h = 1; h", "2"], {}, "takes one expression, without statements", "gradcli grad"),
        ("mse", ["1", "2 +"], {}, "cannot read the expression", ""),
    ],
)
def test_words_that_make_no_loss_are_refused(
    name: str, words: list[str], options: dict[str, object], message: str, hint: str
) -> None:
    with pytest.raises(GradcliError) as caught:
        asked(name, *words, **options)  # type: ignore[arg-type]
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_kl_div_alone_has_the_reduction_batchmean() -> None:
    assert asked("kl_div", "1", "2", reduction="batchmean").reduction == "batchmean"
    assert [row.name for row in LOSSES if "batchmean" in row.reductions] == ["kl_div"]
