"""Modules called at once: the same bits as the classes of torch.nn, and the same arguments in the same order."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator

import pytest
import torch
from each import each
from torch import nn

from gradcli.exceptions import GradcliError
from gradcli.language import catalogue
from gradcli.language.catalogue.modules import LEGACY, MODULES, UNUSED, WITH_WEIGHTS, Module
from gradcli.language.catalogue.signature import parse_signature, signatures_of
from gradcli.language.parser import parse
from gradcli.numerics.evaluate import Context, evaluate

NAMES = [row.name.removeprefix("nn.") for row in MODULES]
CONTAINERS = {
    *("Container", "DataParallel", "Identity", "Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList"),
    "Sequential",
}
OTHER = {
    "CrossMapLRN2d": "its function is no part of torch.nn.functional",
    "LinearCrossEntropyLoss": "weights, and new in 2.13",
    "NLLLoss2d": "an old name of NLLLoss",
    "RNNBase": "a base class",
    "RNNCellBase": "a base class",
    "Softmax2d": "softmax(x, dim=-3)",
    "Transformer": "weights",
    "TransformerDecoder": "weights",
    "TransformerDecoderLayer": "weights",
    "TransformerEncoder": "weights",
    "TransformerEncoderLayer": "weights",
    "TripletMarginWithDistanceLoss": "takes a function",
}

VECTOR = torch.tensor([[1.5, -2.0, 0.3], [0.2, 4.0, -0.7]])
IMAGE = torch.linspace(-1, 1, 64).reshape(1, 4, 4, 4).sin()
SIGNAL = torch.linspace(-1, 1, 24).reshape(2, 4, 3).cos()
VOLUME = torch.linspace(-1, 1, 256).reshape(1, 4, 4, 4, 4).sin()
BY_SIZE = {"1d": SIGNAL, "2d": IMAGE, "3d": VOLUME}
CLASSES = torch.tensor([2, 0])
SIGNS = torch.tensor([1.0, -1.0])
INPUTS: dict[str, tuple[torch.Tensor, ...]] = {
    **dict.fromkeys(["BCELoss"], (VECTOR.sigmoid(), (VECTOR > 0).float())),
    **dict.fromkeys(["BCEWithLogitsLoss", "MultiLabelSoftMarginLoss"], (VECTOR, (VECTOR > 0).float())),
    **dict.fromkeys(["CrossEntropyLoss", "MultiMarginLoss"], (VECTOR, CLASSES)),
    "NLLLoss": (VECTOR.log_softmax(1), CLASSES),
    "CosineEmbeddingLoss": (VECTOR, VECTOR + 1, SIGNS),
    "MarginRankingLoss": (VECTOR[:, 0], VECTOR[:, 1], SIGNS),
    "HingeEmbeddingLoss": (VECTOR[0], torch.tensor([1.0, -1.0, 1.0])),
    "SoftMarginLoss": (VECTOR[0], torch.tensor([1.0, -1.0, 1.0])),
    "MultiLabelMarginLoss": (VECTOR, torch.tensor([[1, 0, -1], [2, -1, 0]])),
    "GaussianNLLLoss": (VECTOR, VECTOR + 0.5, VECTOR.abs()),
    "TripletMarginLoss": (VECTOR, VECTOR + 0.5, VECTOR - 1),
    "CTCLoss": (
        torch.linspace(-1, 1, 24).reshape(4, 2, 3).log_softmax(2),
        torch.tensor([[1, 2], [2, 1]]),
        torch.tensor([4, 4]),
        torch.tensor([2, 2]),
    ),
    "Fold": (torch.linspace(-1, 1, 32).reshape(1, 8, 4),),
    "GLU": (IMAGE,),
    "Flatten": (IMAGE,),
    "Unflatten": (IMAGE,),
    **dict.fromkeys(
        ["ChannelShuffle", "GroupNorm", "LocalResponseNorm", "PixelShuffle", "Unfold", "Upsample"], (IMAGE,)
    ),
    "PixelUnshuffle": (IMAGE,),
    "AlphaDropout": (IMAGE,),
    "Dropout": (IMAGE,),
    "FeatureAlphaDropout": (IMAGE,),
    "KLDivLoss": (VECTOR.log_softmax(1), VECTOR.softmax(1)),
    **{f"MaxUnpool{n}d": nn.functional.__dict__[f"max_pool{n}d_with_indices"](BY_SIZE[f"{n}d"], 2) for n in (1, 2, 3)},
}
MADE_WITH: dict[str, tuple[str, ...]] = {
    **{f"AdaptiveAvgPool{n}d": ("2", f"({', '.join(['2'] * n)},)") for n in (1, 2, 3)},
    "AdaptiveMaxPool2d": ("(None, 2)",),
    "AvgPool2d": ("2", "3, 1, 1, False, False", "(2, 1), stride=1", "2, divisor_override=3"),
    "MaxPool2d": ("2", "3, 2, 1, ceil_mode=True", "2, dilation=2, stride=1"),
    "BCELoss": ("", "weight=torch.tensor([1.0, 2.0, 3.0])", "reduction='none'"),
    "BCEWithLogitsLoss": ("", "pos_weight=torch.tensor([1.0, 2.0, 3.0])", "None, None, None, 'sum'"),
    "CELU": ("", "0.5"),
    "ConstantPad1d": ("2, 0.5",),
    "ConstantPad3d": ("1, value=2.0",),
    "ConstantPad2d": ("1, 3.5", "(1, 2, 0, 1), value=-1"),
    "CosineEmbeddingLoss": ("", "0.3, reduction='none'"),
    "CosineSimilarity": ("", "0", "dim=1, eps=1e-3"),
    "CrossEntropyLoss": (
        "",
        "label_smoothing=0.1",
        "torch.tensor([1.0, 2.0, 3.0])",
        "ignore_index=0",
        "None, None, -100, None, 'sum', 0.2",
    ),
    "ChannelShuffle": ("2",),
    "Dropout": ("", "0.25", "p=0.0"),
    "ELU": ("", "2.0", "alpha=0.1"),
    "Flatten": ("", "0", "2", "1, 2", "end_dim=2"),
    "Fold": ("(3, 3), 2",),
    "FractionalMaxPool2d": ("2, output_size=2",),
    "FractionalMaxPool3d": ("2, output_size=2",),
    "GELU": ("", "'tanh'", "approximate='tanh'"),
    "GLU": ("", "1"),
    "GroupNorm": ("2, 4, affine=False", "4, 4, 1e-3, False"),
    "Hardtanh": ("", "-2, 2", "min_val=-0.1"),
    "HuberLoss": ("", "'sum', 0.3"),
    "KLDivLoss": ("", "reduction='batchmean'", "log_target=True"),
    **{f"LPPool{n}d": ("2, 2",) for n in (1, 2, 3)},
    "LayerNorm": ("3, elementwise_affine=False", "(2, 3), 1e-3, False"),
    "LeakyReLU": ("", "0.2", "negative_slope=0.3"),
    "LocalResponseNorm": ("2", "3, 1e-3, 0.5, 2.0"),
    "LogSoftmax": ("dim=1", "0"),
    "MSELoss": ("", "reduction='none'", "None, None, 'sum'"),
    "MultiMarginLoss": ("", "2, 0.5"),
    "PairwiseDistance": ("", "1", "p=3.0, keepdim=True"),
    "PixelShuffle": ("2",),
    "PixelUnshuffle": ("2",),
    "PoissonNLLLoss": ("", "False, True", "eps=1e-3, log_input=False"),
    "RMSNorm": ("3, elementwise_affine=False",),
    "RReLU": ("", "0.1, 0.2"),
    "Softmax": ("dim=-1", "0"),
    "Softmin": ("dim=-1",),
    "Softplus": ("", "2", "1.0, 0.5"),
    "Threshold": ("0.1, 20", "0.1, value=3.0"),
    "TripletMarginLoss": ("", "margin=2.0, p=1", "swap=True"),
    "Unflatten": ("1, (2, 2)",),
    "Unfold": ("2", "(2, 1), padding=1"),
    "Upsample": ("scale_factor=2", "size=(2, 2), mode='bilinear', align_corners=True", "(2, 3)"),
    "UpsamplingBilinear2d": ("scale_factor=2", "size=(2, 2)"),
    "UpsamplingNearest2d": ("scale_factor=2", "(2, 3)"),
}
"""What each is made with, where nothing at all, or 2, says too little."""


def tensors_of(name: str) -> tuple[torch.Tensor, ...]:
    if name in INPUTS:
        return INPUTS[name]
    sized = BY_SIZE.get(name[-2:])
    if sized is not None:
        return (sized,)
    row = row_of(name)
    return tuple(VECTOR + 0.3 * place for place in range(row.inputs))


def row_of(name: str) -> Module:
    return next(row for row in MODULES if row.name == f"nn.{name}")


def samples() -> Iterator[tuple[str, str]]:
    for name in NAMES:
        needs = any(p.required for p in signatures_of(row_of(name))[0].parameters)
        for made_with in MADE_WITH.get(name, ("2" if needs else "",)):
            yield name, made_with


def differentiated(output: torch.Tensor, leaves: list[torch.Tensor]) -> list[torch.Tensor | None]:
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    return list(torch.autograd.grad(output, wanted, torch.ones_like(output), allow_unused=True))


def fresh(tensors: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    return [tensor.clone().requires_grad_(place == 0) for place, tensor in enumerate(tensors)]


def same(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.shape == other.shape and torch.equal(one.nan_to_num(), other.nan_to_num())


@each("name, made_with", samples())
@pytest.mark.filterwarnings("ignore")
def test_a_module_gives_the_bits_of_its_class(name: str, made_with: str) -> None:
    tensors = tensors_of(name)
    names = [f"a{place}" for place in range(len(tensors))]
    text = f"nn.{name}({made_with})({', '.join(names)})"
    leaves, again = fresh(tensors), fresh(tensors)
    torch.manual_seed(0)
    module = eval(f"nn.{name}({made_with})", {"nn": nn, "torch": torch})
    expected = module(*leaves)
    torch.manual_seed(0)
    found = evaluate(parse(text, bound=names), dict(zip(names, again, strict=True)), Context())
    assert same(found, expected)
    gradients = zip(differentiated(found, again), differentiated(expected, leaves), strict=True)
    assert all(same(one, other) for one, other in gradients)


@pytest.mark.parametrize("name", ["Dropout", "Dropout2d", "AlphaDropout", "FeatureAlphaDropout", "RReLU"])
def test_a_module_in_evaluation_draws_nothing(name: str) -> None:
    (x,) = tensors_of(name)
    for ways in ("eval()", "train().eval()"):
        found = evaluate(parse(f"nn.{name}().{ways}(x)", bound=["x"]), {"x": x}, Context())
        assert torch.equal(found, getattr(nn, name)().eval()(x))
    training = evaluate(parse(f"nn.{name}().eval().train()(x)", bound=["x"]), {"x": x}, Context())
    assert not torch.equal(training, found)


@each("row", MODULES, ids=lambda row: row.name)
def test_names_order_and_defaults_of_a_constructor_are_those_of_pytorch(row: Module) -> None:
    parameters = list(inspect.signature(getattr(nn, row.name.removeprefix("nn.")).__init__).parameters.values())[1:]
    theirs = {
        p.name: p.default
        for p in parameters
        if p.name not in ("args", "kwargs", "device", "dtype") and not p.name.startswith("_")
    }
    ours = {p.name: p for p in parse_signature(row.signatures[0]).parameters}
    assert set(theirs) <= set(ours)
    assert [name for name in ours if name not in theirs] in ([], ["bias"])  # of later versions
    assert [name for name in ours if name in theirs] == list(theirs)
    empty = inspect.Parameter.empty
    assert all((ours[n].default is None) == (value is empty) for n, value in theirs.items())
    assert all(eval(ours[n].default or "") == value for n, value in theirs.items() if value is not empty)


@each("row", MODULES, ids=lambda row: row.name)
def test_what_a_constructor_is_not_given_the_function_has_as_its_default(row: Module) -> None:
    function = catalogue.find(row.call)
    assert function is not None
    defaults = {p.name: p.default for signature in signatures_of(function) for p in signature.parameters}
    renamed, always = dict(row.renamed), dict(row.always)
    for p in parse_signature(row.signatures[0]).parameters:
        name = renamed.get(p.name, p.name)
        if p.name in LEGACY | UNUSED or p.name == row.off or name in always or p.default is None:
            continue
        ours, theirs = eval(p.default), eval(defaults[name] or "None")
        assert ours == theirs or (ours is None and theirs == []) or theirs == [ours], (row.name, name)


def test_every_module_of_pytorch_is_there_or_has_weights_or_is_left_out_by_name() -> None:
    modules = {
        name
        for name in dir(nn)
        if inspect.isclass(getattr(nn, name)) and issubclass(getattr(nn, name), nn.Module) and "Lazy" not in name
    }
    assert modules - {*NAMES, *WITH_WEIGHTS, *CONTAINERS} == set(OTHER) & modules
    assert {*NAMES, *WITH_WEIGHTS} <= modules


@pytest.mark.parametrize(
    "text", ["nn.ReLU()(x)", "torch.nn.ReLU()(x)", "ReLU()(x)", "nn.modules.ReLU()(x)", "f = nn.ReLU(); f(x)"]
)
def test_a_module_is_found_under_every_name_that_is_pasted(text: str) -> None:
    x = torch.tensor([-1.0, 2.0])
    assert evaluate(parse(text, bound=["x"]), {"x": x}, Context()).tolist() == [0.0, 2.0]


def test_a_module_that_has_a_name_is_called_as_often_as_one_likes() -> None:
    text = "f = nn.LeakyReLU(0.5); g = nn.MSELoss(reduction='sum'); g(f(f(x)), x) + f(x).sum()"
    x = torch.tensor([-4.0, 2.0])
    assert evaluate(parse(text, bound=["x"]), {"x": x}, Context()).item() == 9.0


@each(
    "text, place, words, hint",
    [
        ("nn.Linear(2, 3)(x)", "nn.Linear(2, 3)(x)", "holds weights", "linear(x, w, b)"),
        ("nn.LayerNorm(2)(x)", "nn.LayerNorm(2)(x)", "holds weights", "elementwise_affine=False"),
        ("nn.BatchNorm1d(2)(x)", "nn.BatchNorm1d(2)(x)", "statistics", "batch_norm(x, None, None, training=True)"),
        ("nn.ReLU(x)", "nn.ReLU(x)", "makes a module", "nn.ReLU(...)(x), or relu(x)"),
        ("nn.MSELoss(x, x)", "nn.MSELoss(x, x)", "makes a module", "mse(x, t)"),
        ("nn.Relu()(x)", "nn.Relu()(x)", "no module", "'ReLU'"),
        ("nn.ReLU()(x, x)", "nn.ReLU()(x, x)", "called with one tensor", "nn.ReLU(inplace"),
        ("nn.MSELoss()(x, x, reduction='sum')", None, "called with 2 tensors", "reduction"),
        ("nn.MSELoss()(x)", None, "needs 'target'", "Usage"),
        ("nn.LeakyReLU(slope=1)(x)", None, "no argument 'slope'", "negative_slope"),
        ("nn.LeakyReLU(1, True, 3)(x)", None, "takes 2 arguments", "negative_slope"),
        ("nn.ConstantPad1d(2)(x)", None, "needs 'value'", "padding, value"),
        ("nn.MSELoss(size_average=False)(x, x)", "False", "PyTorch's past", "reduction="),
        ("nn.Hardtanh(min_value=1)(x)", "1", "PyTorch's past", "min_val"),
        ("nn.MaxPool1d(*x)(x)", "*x", "plain arguments", "Write them out"),
        ("nn.ReLU(**x)(x)", "x", "'**' arguments", "one by one"),
        ("f = nn.ReLU(); f + 1", "f", "'f' is a module", "f(x)"),
        ("w = x * 1; f = nn.NLLLoss(w); w = 2; f(x, x)", "f", "has changed since", "Make the module again"),
    ],
)
def test_what_is_no_call_of_a_module_is_named_and_pointed_at(
    text: str, place: str | None, words: str, hint: str
) -> None:
    with pytest.raises(GradcliError) as caught:
        parse(text, bound=["x"])
    error = caught.value
    assert words in error.message
    assert hint in (error.hint or "")
    assert error.span is not None
    assert text[slice(*error.span)] == (text if place is None else place)


def test_another_module_of_the_same_name_takes_its_place() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = "w = 2 * x; f = nn.Softmax(0); w = 1; f = nn.Tanh(); f(x)"
        x = torch.tensor([-1.0, 2.0])
        assert torch.equal(evaluate(parse(text, bound=["x"]), {"x": x}, Context()), x.tanh())
