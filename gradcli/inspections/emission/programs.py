"""`--emit torch`: for each command the program that does the same, printing every number so that it reads back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps

import torch

from gradcli.diagnose.bound_expression import ComputeOptions, Selection, bind
from gradcli.diagnose.explain.failure import explain
from gradcli.exceptions import UsageError
from gradcli.inspections.curves.ranges import at_points
from gradcli.inspections.derivatives import check_options, directions
from gradcli.inspections.emission import literals
from gradcli.inspections.emission.draft import ProgramDraft, differentiated, gradient_names, printed
from gradcli.inspections.emission.gate import quoted
from gradcli.inspections.grad import maps_elementwise
from gradcli.inspections.loss import check_descent
from gradcli.inspections.options import GradOptions, LossOptions, RetainOptions, SoftmaxOptions, TraceOptions
from gradcli.inspections.retain_demo import chosen_plan, request_of
from gradcli.inspections.softmax import check_softmax, softmax_request
from gradcli.language.loss_call import LossRequest
from gradcli.language.properties import changes_in_place
from gradcli.language.ranges import RangeRequest
from gradcli.language.request import Request, Value
from gradcli.numerics.capture import TorchError
from gradcli.results import Failure, ProgramResult

DERIVATIVE = """\
def derivative(f, x):
    if not f.requires_grad:
        return torch.zeros_like(x)
    (found,) = torch.autograd.grad(f, [x], torch.ones_like(f), create_graph=True, allow_unused=True)
    return torch.zeros_like(x) if found is None else found.clone()
"""
JACOBIAN = """\
def jacobian(f, x):
    if not f.requires_grad:
        return torch.zeros(f.shape + x.shape, dtype=x.dtype)
    rows = [torch.autograd.grad(e, [x], torch.ones_like(e), True, allow_unused=True)[0] for e in f.reshape(-1)]
    if not rows:
        return torch.zeros(f.shape + x.shape, dtype=x.dtype)
    return torch.stack([torch.zeros_like(x) if row is None else row for row in rows]).reshape(f.shape + x.shape)
"""
NUMBERS = """\
def numbers(tensor):
    return None if tensor is None else tensor.tolist()
"""

LONGEST_LABEL = 100

Build = Callable[..., ProgramResult]


def _or_failure(build: Build) -> Callable[..., ProgramResult | Failure]:
    """A program, or what PyTorch raised before there was anything to write: in the expression of an input."""

    @wraps(build)
    def built(*arguments: object) -> ProgramResult | Failure:
        try:
            return build(*arguments)
        except TorchError as raised:
            return explain(raised, raised.text or "")

    return built


@_or_failure
def grad_program(
    request: Request | RangeRequest, options: GradOptions, compute: ComputeOptions, selection: Selection
) -> ProgramResult:
    """What `grad` does."""
    if isinstance(request, RangeRequest):
        request, selection = at_points(request, compute, selection)
    draft = ProgramDraft(request, bind(request, compute, selection))
    if draft.value is not None:
        check_options(
            options,
            draft.value,
            draft.bound.differentiated,
            elementwise=maps_elementwise(draft.bound, draft.value),
            expression=draft.bound.program.text,
        )
    helpers = [DERIVATIVE] if options.order > 1 else []
    helpers += [JACOBIAN] if options.jacobian or options.hessian else []
    # in the order in which `grad` evaluates them: they may draw random numbers
    cotangent = draft.cotangent(options.vjp, none=options.no_cotangent)
    tangents = directions(options.jvp or {}, draft.bound.differentiated, draft.bound.context)
    derivatives = _orders(draft, options.order, cotangent) if options.order > 1 else None
    return draft.program(
        draft.kept_state() if tangents else [],
        draft.forward,
        [printed(draft)],
        _matrices(draft, options),
        _tangent(draft, tangents),
        derivatives or differentiated(draft, cotangent, via=options.via),
        helpers=helpers,
    )


def _orders(draft: ProgramDraft, highest: int, cotangent: str | None) -> Iterator[str]:
    allowed = ", allow_unused=True" if draft.unused else ""
    passed = f", {cotangent}" if cotangent else ""
    first = draft.fresh("first")
    yield f"{first} = torch.autograd.grad({draft.output}, {draft.inputs}{passed}, create_graph=True{allowed})"
    for place, (name, variable) in enumerate(draft.wrt.items()):
        found = f"{first}[{place}]"
        for order in range(1, highest + 1):
            if name in draft.unused:
                yield f"print({quoted(f'derivative {order} by {name}:')}, None)"
                continue
            if order > 1:
                below, found = found, draft.fresh(f"d{order}_{draft.variable(name)}")
                yield f"{found} = derivative({below}, {variable})"
            yield f"print({quoted(f'derivative {order} by {name}:')}, {found}.tolist())"


def _matrices(draft: ProgramDraft, options: GradOptions) -> Iterator[str]:
    def printed_jacobian(label: str, of: str, by: str) -> str:
        known = {by, of.partition("@")[0]} & {*draft.unused}
        matrix = "None" if known else f"jacobian({of.rpartition('@')[2]}, {draft.wrt[by]}).tolist()"
        return f"print({quoted(f'{label}:')}, {matrix})"

    for name in draft.wrt if options.jacobian else ():
        yield printed_jacobian(f"Jacobian by {name}", draft.output, name)
    if options.hessian:
        first = draft.fresh("first")
        allowed = ", allow_unused=True" if draft.unused else ""
        yield f"{first} = torch.autograd.grad({draft.output}, {draft.inputs}, create_graph=True{allowed})"
        for place, name in enumerate(draft.wrt):
            for other in draft.wrt:
                yield printed_jacobian(f"Hessian by {name}, {other}", f"{name}@{first}[{place}]", other)


def _tangent(draft: ProgramDraft, tangents: Mapping[str, torch.Tensor]) -> Iterator[str]:
    """Forward mode: the forward pass once more, with dual numbers."""
    if not tangents:
        return
    if changes_in_place(draft.request.program):
        raise UsageError("--emit writes no --jvp of a program that changes tensors in place", hint="Leave --jvp out.")
    yield "with torch.autograd.forward_ad.dual_level():"
    kept, found, y = {}, draft.fresh("tangent", "jvp"), draft.output
    for name, direction in tangents.items():
        x, source = draft.wrt[name], literals.tensor(direction.detach(), draft.bound.context.dtype)
        kept[x] = draft.fresh(f"primal_{draft.variable(name)}")
        graph = ".requires_grad_()" if name in draft.request.program.followed else ""
        yield f"    {kept[x]}, {x} = {x}, torch.autograd.forward_ad.make_dual({x}.detach(), {source}){graph}"
    yield from (f"    {line}" for line in draft.again)
    yield f"    {found} = torch.autograd.forward_ad.unpack_dual({y}).tangent"
    yield f'    print("tangent:", (torch.zeros_like({y}) if {found} is None else {found}).tolist())'
    yield from (f"{name} = {primal}" for name, primal in kept.items())
    yield from draft.again


@_or_failure
def loss_program(
    asked: LossRequest, options: LossOptions, compute: ComputeOptions, selection: Selection
) -> ProgramResult:
    """What `loss` does; with steps, the loop of gradient descent."""
    bound = bind(asked.request, compute, selection, by_default=asked.predictions)
    draft = ProgramDraft(asked.request, bound)
    if draft.value is not None:
        check_descent(options, draft.value)
    cotangent = draft.cotangent(options.vjp, none=options.no_cotangent)
    once = [*draft.forward, printed(draft), *differentiated(draft, cotangent, via=options.via)]
    if options.steps is None or options.learning_rate is None:
        return draft.program(once)
    return draft.program(
        draft.kept_state(),
        _descent(draft, options.learning_rate, options.steps, asked.trained(bound.wrt, selection.wrt)),
    )


def _descent(draft: ProgramDraft, rate: float, steps: int, trained: Sequence[str]) -> Iterator[str]:
    """One round more than there are updates, so that the last one is seen too."""
    step = draft.fresh("step", "iteration")
    yield f"for {step} in range({steps + 1}):"
    yield from (f"    {line}" for line in draft.again)
    yield f'    print("step", {step}, "loss", {draft.output}.tolist())'
    yield from (f"    {line}" for line in differentiated(draft, None, via="grad"))
    for (name, x), gradient in zip(draft.wrt.items(), gradient_names(draft), strict=True):
        if name in trained and name not in draft.unused:
            yield f"    {x} = ({x}.detach() - {rate!r} * {gradient}).requires_grad_()"


@_or_failure
def softmax_program(points: tuple[Value, ...], options: SoftmaxOptions, compute: ComputeOptions) -> ProgramResult:
    """What `softmax` does."""
    request = softmax_request(points, options)
    draft = ProgramDraft(request, bind(request, compute, Selection()))
    if draft.value is not None:
        check_softmax(draft.value, options)
    y = draft.output
    chosen = []
    if options.index is not None:
        chosen = [
            f"(gradient_x,) = torch.autograd.grad({y}.reshape(-1)[{options.index}], [x], retain_graph=True)",
            'print("gradient of x:", gradient_x.tolist())',
        ]
    matrix = [f'print("Jacobian by x:", jacobian({y}, x).tolist())']
    return draft.program(draft.forward, [printed(draft)], chosen, matrix, helpers=[JACOBIAN])


@_or_failure
def trace_program(
    request: Request, options: TraceOptions, compute: ComputeOptions, selection: Selection
) -> ProgramResult:
    """What `trace` does: a variable for every sub-expression, its value, and the gradient that reaches it."""
    in_place = changes_in_place(request.program)  # there the gradient of a variable is not that of what it once was
    draft = ProgramDraft(request, bind(request, compute, selection), spread=not in_place)
    steps = {**draft.steps, draft.output: request.program.text.rpartition(";")[2].strip()}
    step, kept = draft.fresh("step", "tensor"), []
    if not in_place:
        is_attached = draft.value is not None and draft.value.grad_fn is not None
        attached = [*draft.steps, *([draft.output] if is_attached else [])]
        kept = [f"for {step} in [{', '.join(attached)}]:", f"    {step}.retain_grad()"] if attached else []
    backward = differentiated(draft, draft.cotangent(options.vjp), via="backward")
    shown = [f"print({quoted(f'{_short(text)}:')}, {_shown(name, not in_place)})" for name, text in steps.items()]
    return draft.program(draft.forward, kept, backward, shown, helpers=[] if in_place else [NUMBERS])


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else f"{text[:LONGEST_LABEL]}..."


def _shown(name: str, with_gradient: bool) -> str:
    return f'{name}.tolist(), "gradient", numbers({name}.grad)' if with_gradient else f"{name}.tolist()"


@_or_failure
def retain_demo_program(
    request: Request | None, options: RetainOptions, compute: ComputeOptions, selection: Selection
) -> ProgramResult:
    """The calls of `retain-demo`; without a graph of the user's, those of a scenario.  Raises UsageError for some."""
    plan = chosen_plan(request, options)
    asked = request_of(plan) if request is None else request
    draft = ProgramDraft(asked, bind(asked, compute, selection))
    cotangent = draft.cotangent(None)
    return draft.program(draft.forward, _calls(draft, len(plan.outputs), plan.retain, cotangent, plan.via))


def _calls(draft: ProgramDraft, count: int, retain: frozenset[int], cotangent: str | None, via: str) -> Iterator[str]:
    unused, gradients = draft.unused, draft.fresh("gradients")
    for number in range(1, count + 1):
        kept = ["retain_graph=True"] if number in retain else []
        if via == "backward":
            yield f"{draft.output}.backward({', '.join([*([cotangent] if cotangent else []), *kept])})"
            found = ", ".join(f"{x}.grad" + ("" if name in unused else ".tolist()") for name, x in draft.wrt.items())
        else:
            allowed = ["allow_unused=True"] if unused else []
            words = [draft.output, draft.inputs, *([cotangent] if cotangent else []), *kept, *allowed]
            yield f"{gradients} = torch.autograd.grad({', '.join(words)})"
            places = enumerate(draft.wrt)
            found = ", ".join(f"{gradients}[{i}]" + ("" if name in unused else ".tolist()") for i, name in places)
        yield f'print("call {number}:", [{found}])'
