"""What PyTorch tells no function mode of as one operation: custom functions, compiled regions, function transforms.
That `nn.Parameter` makes a leaf of a tensor it tells of not at all.

Dynamo cannot trace a mode that has a state in Python, and the tensors of a transform die with it: both run without the
log, and are one operation of it. `zero_grad`, which asks each parameter for its gradient, the marks of the profiler
around each step of an optimizer, and `torch.jit.trace`, which writes down who calls, are nothing to tell: they run
without the log too.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch._functorch import apis, eager_transforms

from gradcli.recording.program.log import Log
from gradcli.recording.program.transforms import PULLED_BACK, TRANSFORMS, Taken, Transformed, note

_NOTHING_TO_TELL = (
    (torch.optim.Optimizer, "zero_grad"),
    (torch.autograd.profiler.record_function, "__enter__"),
    (torch.autograd.profiler.record_function, "__exit__"),
    (torch.jit, "trace"),
    (torch.jit, "trace_module"),
)

_RUNNING = ((eager_transforms, "grad_impl"), (eager_transforms, "grad_and_value_impl"), (apis, "vmap_impl"))
"""What runs a function of a transform: also one that has been made before, or by a name that was bound before."""

_in_transform = torch._C._functorch.peek_interpreter_stack


class Untold:
    """Has PyTorch tell a log of these calls, while it is on.

    taken: who is told of each call of a function of torch.func's that takes gradients, while the log rests.
    """

    def __init__(self, log: Log, taken: Callable[[Taken], None] = lambda _taken: None) -> None:
        self._log = log
        self._taken = taken
        self._apply = torch.autograd.Function.__dict__["apply"]
        self._compile = torch.compile
        self._parameter = torch.nn.Parameter.__dict__["__new__"]
        self._resting = {(owner, name): getattr(owner, name) for owner, name in _NOTHING_TO_TELL}
        self._transforms = {name: getattr(torch.func, name) for name in TRANSFORMS}
        self._running = {(space, name): getattr(space, name) for space, name in _RUNNING}
        self._wrap: Callable[..., Any] | None = None

    def put_on(self) -> None:
        log, original, compile_ = self._log, self._apply, self._compile

        def apply(cls: type, *args: Any, **kwargs: Any) -> Any:
            if not log.hears:
                return original.__get__(None, cls)(*args, **kwargs)
            generator = log.state(args, kwargs)
            out = original.__get__(None, cls)(*args, **kwargs)
            log.add(cls.apply, args, kwargs, out, generator)  # type: ignore[attr-defined]
            return out

        @functools.wraps(compile_)
        def compiled(*args: Any, **kwargs: Any) -> Any:
            self._open_dynamo()
            return compile_(*args, **kwargs)

        parameter = self._parameter.__func__

        @functools.wraps(parameter)
        def leaf(cls: type, data: Any = None, *args: Any, **kwargs: Any) -> Any:
            if log.everything and log.hears and isinstance(data, torch.Tensor) and data.requires_grad:
                log.add(torch.nn.Parameter, (data,), {}, None)
            return parameter(cls, data, *args, **kwargs)

        for (owner, name), method in self._resting.items():
            setattr(owner, name, _resting(log, method))
        torch.nn.Parameter.__new__ = staticmethod(leaf)  # type: ignore[method-assign]
        torch.autograd.Function.apply = classmethod(apply)  # type: ignore[assignment, method-assign]
        torch.compile = compiled
        for name, transform in self._transforms.items():
            told = _pulled_back if name == PULLED_BACK else functools.partial(_transformed, name)
            setattr(torch.func, name, told(log, transform, self._taken))
        torch.vmap = torch.func.vmap
        made = {name: getattr(torch.func, name) for name in TRANSFORMS}
        for (space, name), run in self._running.items():
            setattr(space, name, _known_by_name(log, run, made[name.removesuffix("_impl")]))

    def take_off(self) -> None:
        torch.nn.Parameter.__new__ = self._parameter  # type: ignore[method-assign]
        torch.autograd.Function.apply = self._apply  # type: ignore[method-assign]
        torch.compile = self._compile
        for (owner, name), method in self._resting.items():
            setattr(owner, name, method)
        for name, transform in self._transforms.items():
            setattr(torch.func, name, transform)
        torch.vmap = torch.func.vmap
        for (space, name), run in self._running.items():
            setattr(space, name, run)
        if self._wrap is not None:
            sys.modules["torch._dynamo.eval_frame"]._TorchDynamoContext.__call__ = self._wrap

    def _open_dynamo(self) -> None:
        """From the first use of torch.compile on, what it makes steps out of the log."""
        if self._wrap is not None:
            return
        from torch._dynamo.eval_frame import _TorchDynamoContext

        wrap, log = _TorchDynamoContext.__call__, self._log
        self._wrap = wrap

        def call(context: Any, function: Any) -> Any:
            inner = wrap(context, function)
            if isinstance(inner, torch.nn.Module) or not callable(inner):
                return inner
            return functools.wraps(inner)(functools.partial(_apart, log, inner, None))

        _TorchDynamoContext.__call__ = call  # type: ignore[method-assign, assignment]


def _resting(log: Log, method: Callable[..., Any]) -> Callable[..., Any]:
    """A method without the log, which hears nothing of it."""

    @functools.wraps(method)
    def quiet(*args: Any, **kwargs: Any) -> Any:
        if not log.rest():
            return method(*args, **kwargs)
        try:
            return method(*args, **kwargs)
        finally:
            log.wake()

    return quiet


def _transformed(
    name: str, log: Log, transform: Callable[..., Any], taken: Callable[[Taken], None]
) -> Callable[..., Any]:
    @functools.wraps(transform)
    def made(*args: Any, **kwargs: Any) -> Any:
        inner = transform(*args, **kwargs)
        known = Transformed.of(name, args, kwargs)
        tell = None if known.inner is None else lambda *call: taken(Taken(known, *call))
        function = functools.wraps(inner)(functools.partial(_apart, log, inner, tell))
        note(function, known)
        note(inner, known)  # which the log has
        return function

    return made


def _pulled_back(log: Log, transform: Callable[..., Any], taken: Callable[[Taken], None]) -> Callable[..., Any]:
    @functools.wraps(transform)
    def made(func: Callable[..., Any], *primals: Any, **words: Any) -> Any:
        if not log.hears:
            return transform(func, *primals, **words)
        known = Transformed(PULLED_BACK, {**words, "func": func, "argnums": tuple(range(len(primals)))})
        generator, spot = log.state(primals, {}), log.user.here()

        def tell(args: Any, kwargs: Any, out: Any, _generator: Any) -> None:
            cotangents = args[0] if args else kwargs["cotangents"]
            taken(Taken(known, primals, {}, out, generator, cotangents, spot))

        value, pull, *aux = _apart(log, transform, None, func, *primals, **words)
        return (value, functools.wraps(pull)(functools.partial(_apart, log, pull, tell)), *aux)

    return made


def _known_by_name(log: Log, run: Callable[..., Any], made: Callable[..., Any]) -> Callable[..., Any]:
    """What runs a function of a transform, by what the log is told of. made: that transform, as it is told."""

    @functools.wraps(run)
    def running(*args: Any, **kwargs: Any) -> Any:
        if not log.hears:
            return run(*args, **kwargs)
        if run.__name__ == "vmap_impl":
            func, in_dims, out_dims, randomness, chunk_size, *own = args
            words = {"in_dims": in_dims, "out_dims": out_dims, "randomness": randomness, "chunk_size": chunk_size}
            return made(func, **words)(*own, **kwargs)
        func, argnums, has_aux, own, named = args
        return made(func, argnums=argnums, has_aux=has_aux)(*own, **named)

    return running


def _apart(log: Log, inner: Callable[..., Any], tell: Callable[..., None] | None, *args: Any, **kwargs: Any) -> Any:
    """A function without the log, which hears of it as one operation. tell: who else does, while the log rests."""
    if not log.hears:
        return inner(*args, **kwargs)
    generator = log.state(args, kwargs)
    with log.out():
        out = inner(*args, **kwargs)
        if tell is not None and not log.repeats and _in_transform() is None:
            tell(args, kwargs, out, generator)
    log.add(inner, args, kwargs, out, generator)
    return out
