"""The commands as Python functions: the words of the command line, values by name, options by keyword.

    gradcli.grad("sigmoid", 0, 1, 10)
    gradcli.grad("sum((x @ w - 1)**2)", x=[1, 2], w=[3, 4], jacobian=True)

They return the frozen results and print nothing; an exception of PyTorch's comes back as a `Failure`, a mistake in
the call raises `GradcliError`. An input that has an option's name is given as a word: `"order=1"`.
"""

# mypy: disable-error-code="no-any-return"
# what `call` returns is the record that the row of the command names

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcli.api import showing
from gradcli.api.asserting import assert_gradient as assert_gradient
from gradcli.api.calls import Subject, Word, call
from gradcli.api.declared import declared
from gradcli.exceptions import GradcliError as GradcliError
from gradcli.exceptions import SourceError
from gradcli.results.shown import present_with

if TYPE_CHECKING:
    from os import PathLike

    import torch

    from gradcli.inspections.watching.session import WatchedBlock
    from gradcli.results import (
        ActivateResult,
        AuditResult,
        CheckResult,
        CompareResult,
        ErrorsResult,
        ExplainResult,
        Failure,
        FunctionsResult,
        GradResult,
        LossResult,
        Result,
        RetainDemoResult,
        SoftmaxResult,
        TraceResult,
    )

__all__ = [
    "GradcliError",
    "activate",
    "assert_gradient",
    "audit",
    "check",
    "compare",
    "errors",
    "explain",
    "functions",
    "grad",
    "load",
    "loss",
    "plot",
    "retain_demo",
    "softmax",
    "trace",
    "watch",
]


@declared
def grad(subject: Subject, *words: Word, **named: object) -> GradResult | Failure:
    """Value and derivatives of an expression.

    Points for the one open name stand behind the subject; values of several names are given by name.  The gradient of
    an input has the input's shape, a Jacobian the output's shape and then the input's.

    >>> import gradcli
    >>> result = gradcli.grad("sum(x**2)", x=[1, 2])
    >>> result.output.values.item(), result.gradients["x"].values.tolist()
    (5.0, [2.0, 4.0])
    """
    return call("grad", words, named, subject=subject)


@declared
def trace(subject: Subject, *words: Word, **named: object) -> TraceResult | Failure:
    """Every sub-expression with its value and the gradient that reaches it; where a NaN, Inf or zero was born.

    A step's value and its gradient have one shape.

    >>> import gradcli
    >>> result = gradcli.trace("sqrt(x) * 2", 0)
    >>> [step.expression for step in result.steps], [finding.code for finding in result.findings]
    (['x', 'sqrt(x)', 'sqrt(x) * 2'], ['inf-backward'])
    """
    return call("trace", words, named, subject=subject)


@declared
def check(subject: Subject, *words: Word, **named: object) -> CheckResult | Failure:
    """Whether PyTorch's gradient is right: reverse and forward mode, finite differences and 50 digits side by side.

    A row is one element of one input in one dtype.

    >>> import gradcli
    >>> [row.verdict for row in gradcli.check("gelu", 0.5, dtype="float64").rows]
    ['agree']
    """
    return call("check", words, named, subject=subject)


@declared
def audit(functions: str, **named: object) -> AuditResult | Failure:
    """A function's value and derivatives at every number of a dtype, against a truth with a proven bound.

    Needs python-flint. A row is one derivative by one mode and one path of PyTorch's.

    >>> import gradcli
    >>> gradcli.audit("relu", order="0").functions[0].rows[0].worst.ulps
    0.0
    """
    return call("audit", (), named, functions=functions)


@declared
def compare(first: Subject, second: Subject, *words: Word, **named: object) -> CompareResult | Failure:
    """Whether two expressions or functions are the same in value and gradient, and which is closer to the truth.

    A row is one element of the value or of a gradient in one dtype.

    >>> import gradcli
    >>> result = gradcli.compare("log(1 + x)", "log1p(x)", 1e-9, dtype="float64")
    >>> result.equal, result.truth, result.summary[0].closer
    (False, 'same', 'second')
    """
    return call("compare", words, named, first=first, second=second)


@declared
def loss(name: Subject, *words: Word, **named: object) -> LossResult | Failure:
    """A loss, what each element contributes, its gradients; `lr` and `steps` walk gradient descent.

    Tensors stand in PyTorch's order, or by PyTorch's names for them.

    >>> import gradcli
    >>> result = gradcli.loss("mse", [1.0, 3.0], [1.0, 1.0])
    >>> result.loss.values.item(), result.gradients["input"].values.tolist()
    (2.0, [0.0, 2.0])
    """
    return call("loss", words, named, name=name)


@declared
def softmax(*words: Word, **named: object) -> SoftmaxResult | Failure:
    """Probabilities and their Jacobian, which has the shape of the values twice.

    >>> import gradcli
    >>> result = gradcli.softmax(0, 0)
    >>> result.probabilities.values.tolist(), result.jacobian.values.tolist()
    ([0.5, 0.5], [[0.25, -0.25], [-0.25, 0.25]])
    """
    return call("softmax", words, named)


@declared
def activate(functions: Subject | Sequence[Subject], *words: Word, **named: object) -> ActivateResult | Failure:
    """Functions of one variable and their derivatives over common points.

    >>> import gradcli
    >>> {curve.name: curve.derivative.values.tolist() for curve in gradcli.activate("relu,relu6", -1, 1).functions}
    {'relu': [0.0, 1.0], 'relu6': [0.0, 1.0]}
    """
    return call("activate", words, named, functions=functions)


@declared
def retain_demo(subject: Subject | None = None, *words: Word, **named: object) -> RetainDemoResult | Failure:
    """What happens when backward is called more than once: nine scenarios, one by its name, or your own graph.

    retain: the numbers of the calls with retain_graph=True; "all" for all of them.

    >>> import gradcli
    >>> [backward.ok for backward in gradcli.retain_demo("exp(a)", a=1, calls=2, retain=[1]).scenarios[0].calls]
    [True, True]
    """
    if "retain" in named:
        named["retain"] = "all" if named["retain"] is None else named["retain"] or "none"
    return call("retain-demo", words, named, subject=subject)


@declared
def errors(*ids: str, **named: object) -> ErrorsResult:
    """Autograd errors on demand: those of `ids` are raised and mended; without ids they are listed.

    >>> import gradcli
    >>> gradcli.errors("second-backward").entries[0].type
    'RuntimeError'
    """
    return call("errors", (), named, ids=ids)


@declared
def explain(*codes: str, **named: object) -> ExplainResult:
    """What findings and errors mean, and what to do: those of `codes` and ids, or of a message; without, all findings.

    >>> import gradcli
    >>> gradcli.explain("nan-backward").entries[0].related
    ('inf-backward', 'masked-branch', 'nan-accumulated')
    """
    return call("explain", (), named, codes=codes)


@declared
def functions(name: str | None = None, **named: object) -> FunctionsResult:
    """The catalogue: formula, derivative, range, kinks, parameters, paper; of one function by name, or of all.

    >>> import gradcli
    >>> gradcli.functions("relu").functions[0].torch
    'torch.nn.functional.relu'
    """
    return call("functions", (), named, name=name)


def plot(result: Result) -> showing.Picture:
    """The picture of a result: curves, a field, bars, or the graph of a trace; a notebook shows it, `save` writes it.

    Raises GradcliError where there is nothing to draw, or matplotlib is missing: pip install 'gradcli[plot]'.

    >>> import gradcli
    >>> gradcli.plot(gradcli.grad("x**2", range="-1:1:3"))
    <Picture of GradResult of 'x**2'>
    """
    return showing.pictured(result)


def load(path: str | PathLike[str]) -> Result | Failure:
    """The result that `save` has written into a .json file, or the command line with `--json`.

    Raises GradcliError for a file that cannot be read, and for one that holds no result.
    """
    import json

    from gradcli.results.reading import result_of

    try:
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123 - a path may be a text
            return result_of(json.load(stream))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise showing.with_notes(SourceError(f"'{path}' cannot be read: {reason}")) from None
    except (KeyError, TypeError, ValueError, AttributeError):
        hint = "Results are saved as .json: result.save('x.json'). numpy.load and torch.load read their own files."
        raise showing.with_notes(SourceError(f"'{path}' holds no result of gradcli's", hint=hint)) from None


def watch(
    model: torch.nn.Module | None = None,
    *,
    goes_on: bool = False,
    patience: int = 5,
    every: int = 1,
    from_step: int = 1,
    memory: str | int | None = None,
) -> WatchedBlock:
    """A context in which every backward pass is looked at; what it finds is in `findings`.

        with gradcli.watch(model) as watched:
            train(model)
        print(*(finding.message for finding in watched.findings), sep="\\n")

    model: whose gradients are looked at; without one, those of every optimizer's parameters. The block is left at the
    first error, before the optimizer changes a parameter, unless it `goes_on`. memory: the most that is kept of a step
    to run it again, in bytes or as in "500MB".
    """
    from gradcli.commands import option_values
    from gradcli.inspections.options import WatchOptions
    from gradcli.inspections.watching.session import WatchedBlock

    options = WatchOptions(
        goes_on=goes_on, patience=patience, every=every, from_step=from_step, memory=option_values.memory(memory)
    )
    return WatchedBlock(options, model=model)


present_with(showing)
