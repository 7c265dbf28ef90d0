"""What the log does with each kind of call: it leaves questions out, and what is run again gives what it gave."""

from __future__ import annotations

import copy
import operator
import pickle
import warnings
from collections.abc import Callable
from functools import partial
from weakref import ref

import numpy as np
import torch
from each import each
from logs import again, logged
from torch import Tensor
from torch.nn import functional

from gradcli.recording.program.kinds import CHANGING, DRAWING, GIVING, IGNORED, LEAVES_PYTORCH, PLAIN, SWITCHED, kind_of

QUESTIONS = (
    "leaf.grad = None",
    "torch.device('cpu')",
    "torch.set_grad_enabled(True)",
    "graph.backward(retain_graph=True)",
    "torch.autograd.grad(graph, leaf, retain_graph=True)",
    "graph.register_hook(print)",
    "graph.retain_grad()",
    "copy.deepcopy(leaf)",
    "pickle.dumps(noted)",
    "x.dim()",
    "x.size()",
    "x.stride()",
    "x.numel()",
    "x.is_contiguous()",
    "x.is_floating_point()",
    "x.is_complex()",
    "x.is_pinned()",
    "x.is_same_size(x)",
    "x.get_device()",
    "x.data_ptr()",
    "x.storage()",
    "x.untyped_storage()",
    "x.element_size()",
    "x.isfinite()",
    "torch.isnan(x)",
    "x.isinf()",
    "torch.equal(x, x)",
    "torch.allclose(x, x)",
    "1.0 in x",
    "repr(x)",
    "len(x)",
    "bool(number)",
    "f'{number:.3f}'",
    "[1, 2, 3][number]",
    "x.shape, x.dtype, x.requires_grad",
    "torch.autograd.profiler.record_function('mine').__enter__()",
)
"""They are about a matrix x, a whole number, and something that has a graph."""
LEAVING = {
    "x.tolist()": "tolist",
    "x.numpy()": "numpy",
    "number.item()": "item",
    "float(number)": "__float__",
    "int(number)": "__int__",
    "np.asarray(x)": "__array__",
}


def calls_told(statement: str, *, everything: bool = False) -> list[str]:
    """The names of the calls of a statement that the log has."""
    leaf = torch.ones(2, requires_grad=True)
    noted = torch.ones(2)
    noted.note = "what a plain tensor has not"  # type: ignore[attr-defined]
    names = {"torch": torch, "copy": copy, "pickle": pickle, "np": np}
    given = {"x": torch.ones(2, 2), "number": torch.tensor(2), "leaf": leaf, "graph": (leaf * 2).sum(), "noted": noted}
    with logged() as log, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a typed storage is out of date
        log.everything = everything
        exec(statement, {**names, **given})
        return [entry.function.__name__ for entry in log.calls.recorded()]


@each("question", QUESTIONS)
def test_a_question_is_no_entry(question: str) -> None:
    assert calls_told(question) == []
    assert [name for name in calls_told(question, everything=True) if name not in LEAVES_PYTORCH] == []


@each("statement, name", LEAVING.items())
def test_what_leaves_pytorch_is_told_where_everything_is(statement: str, name: str) -> None:
    assert calls_told(statement, everything=True) == [name]


@each("statement", LEAVING)
def test_what_leaves_pytorch_is_a_question_else(statement: str) -> None:
    assert calls_told(statement) == []


@each("attribute", ("T", "mT", "H", "mH", "real", "imag", "data"))
def test_a_tensor_that_is_an_attribute_is_a_step(attribute: str) -> None:
    with logged() as log:
        x = torch.tensor([[1 + 2j, 3j], [4.0, 5 - 1j]], requires_grad=True)
        found = again(log, (getattr(x, attribute) * x.abs()).abs().sum())
    assert found.differs is None
    assert attribute in [step.name for step in found.tape.steps]


def test_a_conversion_by_type_is_on_the_way_of_the_gradient() -> None:
    holds(lambda x: x.type(torch.float64) * 3)


def test_what_has_no_name_is_no_operation_of_pytorchs() -> None:
    assert kind_of(partial(torch.add, 1)) == IGNORED


@each(
    "call, kind, changes",
    [
        (lambda x: functional.relu(x, inplace=True), SWITCHED, True),
        (lambda x: functional.relu(x, inplace=False), SWITCHED, False),
        (lambda x: functional.relu(x), SWITCHED, False),
        (lambda x: functional.dropout(x, inplace=True), DRAWING, True),
        (lambda x: functional.softmax(x, dim=0), PLAIN, False),
        (lambda x: x.exp_(), CHANGING, True),
        (lambda x: torch.exp_(input=x), CHANGING, False),  # the first of no arguments
        (lambda x: torch._foreach_exp_([x]), CHANGING, False),  # a list of them is noted apart
        (lambda x: x.requires_grad_(False), PLAIN, False),
        (lambda x: torch.rand_like(x), GIVING, False),
    ],
)
def test_what_a_call_changes_is_known_by_its_name_or_by_how_it_is_asked(
    call: Callable[[Tensor], object], kind: int, changes: bool
) -> None:
    x = torch.ones(2)
    with logged() as log:
        call(x)
        (entry,) = log.calls.recorded()
    assert (kind_of(entry.function), entry.changes) == (kind, changes)


def test_a_change_in_place_of_an_argument_that_is_given_by_name_is_made_again() -> None:
    holds(lambda x: torch.exp_(input=x * 2))


@each("operation", (operator.iand, operator.ior, operator.ixor, operator.ilshift, operator.irshift))
def test_a_mask_that_was_given_is_changed_in_place_once(operation: Callable[[Tensor, Tensor], Tensor]) -> None:
    """What is run again starts from the mask as it was: `^=` twice would be nothing at all."""
    mask, other = torch.tensor([1, 0, 1, 4]), torch.tensor([1, 1, 0, 1])
    holds(lambda x: x[:4] * mask.clone() + x[:4] * operation(mask, other).clone())


def holds(made: Callable[[Tensor], Tensor]) -> None:
    """What is made of 256 numbers is the same again, and so is its gradient."""
    x = torch.linspace(0.1, 0.9, 256, requires_grad=True)
    with logged() as log:
        loss = made(x).sum()
        found = again(log, loss)
    assert found.differs is None
    (expected,) = torch.autograd.grad(loss, x)
    assert torch.equal(found.tape.gradients[found.tape.leaves[0].variable or ""], expected)


def layers(kind: Callable[..., torch.nn.Module], **options: str) -> Callable[[Tensor], Tensor]:
    """A recurrent network with dropout between its layers."""

    def made(x: Tensor) -> Tensor:
        torch.manual_seed(0)
        found: Tensor = kind(64, 16, num_layers=2, dropout=0.5, **options)(x.reshape(4, 1, 64))[0]
        return found

    return made


def attention(x: Tensor) -> Tensor:
    torch.manual_seed(0)
    rows = x.reshape(32, 1, 8)
    found: Tensor = torch.nn.MultiheadAttention(8, 2, dropout=0.5)(rows, rows, rows)[0]
    return found


def planes(x: Tensor) -> Tensor:
    """Thirty-two of them, so that what is drawn for all of them is never the same twice."""
    return x.reshape(1, 16, 16).expand(32, 16, 16)


DRAWN: dict[str, Callable[[Tensor], Tensor]] = {
    "dropout": functional.dropout,
    "torch.dropout": lambda x: torch.dropout(x, 0.5, True),
    "native_dropout": lambda x: torch.native_dropout(x, 0.5, True)[0],
    "alpha_dropout": lambda x: functional.alpha_dropout(x, training=True),
    "feature_dropout": lambda x: torch.feature_dropout(x.reshape(1, 256, 1), 0.5, True),
    "feature_alpha_dropout": lambda x: functional.feature_alpha_dropout(x.reshape(1, 256, 1), training=True),
    "dropout1d": lambda x: functional.dropout1d(x.reshape(1, 256, 1)),
    "dropout2d": lambda x: functional.dropout2d(x.reshape(1, 256, 1, 1)),
    "dropout3d": lambda x: functional.dropout3d(x.reshape(1, 256, 1, 1, 1)),
    "rrelu": lambda x: functional.rrelu(-x, training=True),
    "gumbel_softmax": lambda x: functional.gumbel_softmax(x) * x.detach(),
    "scaled_dot_product_attention": lambda x: functional.scaled_dot_product_attention(
        *[x.reshape(1, 16, 16)] * 3, dropout_p=0.5
    ),
    "multi_head_attention_forward": attention,
    "lstm": layers(torch.nn.LSTM),
    "gru": layers(torch.nn.GRU),
    "rnn_tanh": layers(torch.nn.RNN),
    "rnn_relu": layers(torch.nn.RNN, nonlinearity="relu"),
    "fractional_max_pool2d": lambda x: functional.fractional_max_pool2d(planes(x), 2, output_size=5),
    "fractional_max_pool2d_with_indices": lambda x: functional.fractional_max_pool2d(
        planes(x), 2, output_size=5, return_indices=True
    )[0],
    "fractional_max_pool3d": lambda x: functional.fractional_max_pool3d(planes(x)[None], 1, output_size=5),
    "fractional_max_pool3d_with_indices": lambda x: functional.fractional_max_pool3d(
        planes(x)[None], 1, output_size=5, return_indices=True
    )[0],
    "bernoulli of what is differentiated": lambda x: torch.bernoulli(x) * x,
    "poisson of what is differentiated": lambda x: torch.poisson(x * 4) * x,
    "normal of what is differentiated": lambda x: torch.normal(x, 1.0) * x,
    "gamma": torch._standard_gamma,
    "uniform_": lambda x: x + (x * 2).uniform_(),
    "normal_": lambda x: x + (x * 2).normal_(),
    "bernoulli_": lambda x: x + (x * 2).bernoulli_(),
    "random_": lambda x: x + (x * 2).random_(),
    "exponential_": lambda x: x + (x * 2).exponential_(),
    "cauchy_": lambda x: x + (x * 2).cauchy_(),
    "geometric_": lambda x: x + (x * 2).geometric_(0.5),
    "log_normal_": lambda x: x + (x * 2).log_normal_(),
    "rrelu_": lambda x: torch.rrelu_(x * -2, training=True),
    "dropout_": lambda x: torch.dropout_(x * 2, 0.5, True),
    "alpha_dropout_": lambda x: torch.alpha_dropout_(x * 2, 0.5, True),
    "feature_dropout_": lambda x: torch.feature_dropout_((x * 2).reshape(1, 256, 1), 0.5, True),
    "feature_alpha_dropout_": lambda x: torch.feature_alpha_dropout_((x * 2).reshape(1, 256, 1), 0.5, True),
    "a switch of a function": lambda x: functional.dropout(x * 2, inplace=True),
}


@each("name", DRAWN)
def test_what_was_drawn_is_drawn_again(name: str) -> None:
    holds(DRAWN[name])


@each("device", ["cpu", "meta"])
def test_a_draw_on_a_device_without_a_generator_of_its_own_is_of_the_cpus(device: str) -> None:
    with logged() as log:
        torch.dropout(torch.ones(4, device=device), 0.5, True)
        (generator,) = (entry.generator for entry in log.calls.recorded() if entry.function.__name__ == "dropout")
    assert generator is not None
    assert generator.numbers.shape == torch.get_rng_state().shape


@each(
    "made",
    (
        torch.rand_like,
        torch.randn_like,
        lambda like: torch.randint_like(like, 1000),
        lambda like: torch.multinomial(like, 32),
        lambda like: torch.binomial(like * 100, like / 2),
        torch._sample_dirichlet,
        torch.empty_like,
        lambda like: like.new_empty(32),
    ),
)
def test_what_comes_out_as_it_likes_is_kept(made: Callable[[Tensor], Tensor]) -> None:
    """Each number has a weight of its own: another order of the same numbers is something else."""
    with logged() as log:
        came = made(torch.ones(32))
        loss = ((torch.ones(32, requires_grad=True) + came) * torch.arange(32.0)).sum()
        kept = ref(came)
        del came
        log.calls.settle()
        assert kept() is not None
        found = again(log, loss).tape.output
    assert torch.equal(found.nan_to_num(), loss.nan_to_num())
