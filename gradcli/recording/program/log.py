"""The log of a program: an entry for each operation since the last step, as PyTorch is told of it."""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CodeType
from typing import Any, NamedTuple

import torch
from torch.overrides import TorchFunctionMode

from gradcli.numerics.graph import storage_of
from gradcli.recording.program.places import Spot, UserCode

Handler = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Any]

_sequence_number = torch._C._autograd._get_sequence_nr
_in_transform = torch._C._functorch.peek_interpreter_stack

LATEST_CHANGES = 256
"""Changes in place without a gradient that are remembered."""
FEWEST = 256
"""Entries before the log looks which of them still lead to a tensor that the program holds."""

REFERENCES_HERE = 4
"""To a list of the log while it is looked at: the log's, a tuple's, a name's, and the call's that counts them."""

IGNORED, HANDLED, PLAIN, CHANGING, DRAWING = range(5)
"""How an operation is logged: not at all; by its handler; as it is; with its first argument as it was; with the
generator's state."""

_IN_PLACE_OPERATORS = frozenset(
    {"__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__", "__ipow__", "__ifloordiv__", "__imod__"}
)
_QUESTIONS = frozenset(
    {
        "__set__", "dim", "size", "stride", "numel", "is_contiguous", "item", "__bool__", "__len__",
        "__float__", "__int__", "__repr__", "__format__", "__hash__", "tolist", "numpy", "is_floating_point",
        "is_complex", "backward", "grad", "data_ptr", "_set_grad_enabled", "register_hook",
        "storage", "untyped_storage", "element_size", "manual_seed", "__iter__", "retain_grad", "is_tensor",
        "get_default_dtype", "__index__", "ndimension", "is_same_size", "is_pinned", "isfinite", "isnan", "isinf",
        "equal", "allclose", "__contains__", "__reduce_ex__", "__deepcopy__", "device", "get_device", "type",
    }
)  # fmt: skip
"""What asks a tensor something, and computes nothing that a gradient flows through."""
_VIEWS = frozenset({"T", "mT", "H", "mH", "real", "imag", "data"})
"""Attributes that are tensors computed with."""
LEAVES_PYTORCH = frozenset({"tolist", "numpy", "item", "__float__", "__int__", "__array__"})
"""What makes numbers of Python's or numpy's of a tensor: no gradient finds its way back."""
_DRAWS = frozenset(
    {
        "dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d", "dropout3d",
        "rrelu", "gumbel_softmax", "fractional_max_pool2d", "scaled_dot_product_attention", "lstm", "gru", "rnn_tanh",
        "multi_head_attention_forward", "rnn_relu",
    }
)  # fmt: skip
"""Operations on the way of a gradient that may draw random numbers."""
DRAWS_IN_PLACE = frozenset(
    {"uniform_", "normal_", "bernoulli_", "random_", "exponential_", "cauchy_", "geometric_", "log_normal_", "rrelu_"}
)


class Entry(NamedTuple):
    """One call of PyTorch's.

    number: the autograd sequence number after it; the nodes that it made have smaller ones.
    before: the first argument as it was, where the call changes it in place. out: None where places alone are kept.
    differentiates: whether gradients were enabled.
    autocast: the dtype of autocast, where that is on. generator: the state of the generator before a random operation.
    """

    number: int
    code: CodeType
    instruction: int
    function: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] | None
    out: Any
    before: torch.Tensor | None = None
    autocast: torch.dtype | None = None
    generator: torch.Tensor | None = None
    differentiates: bool = True

    @property
    def spot(self) -> Spot:
        return Spot(self.code, self.instruction)

    @property
    def made(self) -> Iterator[torch.Tensor]:
        """The tensors that came out, or that were changed."""
        return tensors_among((self.out, *self.args[: self.before is not None]))

    @property
    def tensors(self) -> Iterator[torch.Tensor]:
        """The tensors among the arguments."""
        return tensors_among((*self.args, *(self.kwargs or {}).values()))


class Log(TorchFunctionMode):
    """Sees every call while it is on.

    handlers: who takes over a call, by its function.
    in_optimizer: whether an optimizer changes its parameters, which it does at one place of the program.
    is_on: whether it is. everything: whether what is not differentiated is logged too.
    changes: where tensors were changed in place lately, with the address of their memory.
    """

    def __init__(self, user: UserCode, handlers: Mapping[Any, Handler]) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.user = user
        self.is_on = False
        self.everything = False
        self.in_optimizer = False
        self.changes: deque[tuple[int, Spot]] = deque(maxlen=LATEST_CHANGES)
        self._handlers = handlers
        self._kinds: dict[Any, int] = {}
        self._most = FEWEST
        self._rests = False

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kind = self._kinds.get(func)
        if kind is None:
            kind = self._kinds[func] = HANDLED if func in self._handlers else _kind_of(func)
        if kind == HANDLED:
            return self._handlers[func](func, args, kwargs or {})
        if kind == IGNORED:
            out = func(*args, **kwargs) if kwargs else func(*args)
            if self.everything and func.__name__ in LEAVES_PYTORCH:
                self.add(func, args, kwargs or {}, out)
            return out
        if not torch.is_grad_enabled():
            out = func(*args, **kwargs) if kwargs else func(*args)
            if kind == CHANGING and not self.in_optimizer and args and isinstance(args[0], torch.Tensor):
                self._note_change(args[0])
            if self.everything:
                self.add(func, args, kwargs or {}, out)
            return out
        before = generator = None
        if kind == DRAWING:
            generator = torch.get_rng_state()
        if kind == CHANGING and args and isinstance(args[0], torch.Tensor):
            before = args[0].detach().clone()
            if func.__name__ in DRAWS_IN_PLACE:
                generator = torch.get_rng_state()
        out = func(*args, **kwargs) if kwargs else func(*args)
        frame = self.user.innermost(sys._getframe(1))
        if frame is not None:
            code, instruction = frame.f_code, frame.f_lasti
            if _in_transform() is None:  # tensors of torch.func's transforms die with them
                entry = (_sequence_number(), code, instruction, func, args, kwargs, out, before, _autocast(), generator)
            else:
                entry = (_sequence_number(), code, instruction, func, (), None, None, None, None, None)
            self.entries.append(entry)  # type: ignore[arg-type]
            if len(self.entries) > self._most:
                self._forget_what_nobody_holds()
        return out

    def add(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], out: Any) -> None:
        """An entry for a call that PyTorch does not tell of."""
        frame = self.user.innermost(sys._getframe(1))
        enabled = torch.is_grad_enabled()
        if frame is not None and (enabled or self.everything):
            number, code, instruction = _sequence_number(), frame.f_code, frame.f_lasti
            entry = (number, code, instruction, function, args, kwargs, out, None, _autocast(), None, enabled)
            self.entries.append(entry)  # type: ignore[arg-type]

    def put_on(self) -> None:
        self.is_on = True
        self._rests = False
        torch._C._push_on_torch_function_stack(self)

    def take_off(self) -> None:
        if self.is_on:
            self.rest()
            self.is_on = False
            self.clear()

    def rest(self) -> None:
        """See nothing until `wake`; a mode that was put on since stays, and so does the log under it."""
        if self.is_on and not self._rests and torch._C._len_torch_function_stack():
            top = torch._C._pop_torch_function_stack()
            self._rests = top is self
            if not self._rests:
                torch._C._push_on_torch_function_stack(top)

    def wake(self) -> None:
        if self.is_on and self._rests:
            self._rests = False
            torch._C._push_on_torch_function_stack(self)

    def _note_change(self, tensor: torch.Tensor) -> None:
        frame = self.user.innermost(sys._getframe(2))
        if frame is not None:
            self.changes.append((storage_of(tensor), Spot(frame.f_code, frame.f_lasti)))

    def recorded(self) -> list[Entry]:
        """The entries since the log was cleared."""
        return [Entry(*entry) for entry in self.entries]

    def clear(self) -> None:
        self._most = max(FEWEST, 2 * len(self.entries))
        self.entries.clear()

    def drop_behind(self, roots: Sequence[torch.Tensor]) -> None:
        """Drop what these tensors were made of, and what leads to no tensor that the program holds."""
        used = set(map(id, roots))
        kept = []
        for values in reversed(self.entries):
            entry = Entry(*values)
            if any(id(tensor) in used for tensor in entry.made):
                used.update(id(tensor) for tensor in entry.tensors if tensor.requires_grad)
            else:
                kept.append(values)
        kept.reverse()
        self.entries[:] = kept
        self._forget_what_nobody_holds()

    def _forget_what_nobody_holds(self) -> None:
        """Drop what leads to no tensor that the program holds: forward passes that nobody differentiates."""
        needed = _held_by_others(self.entries)
        kept = []
        for values in reversed(self.entries):
            entry = Entry(*values)
            if any(id(tensor) in needed for tensor in entry.made):
                kept.append(values)
                needed.update(map(id, entry.tensors))
        kept.reverse()
        self.entries[:] = kept
        self._most = max(FEWEST, 2 * len(kept))


def tensors_among(values: tuple[Any, ...]) -> Iterator[torch.Tensor]:
    """The tensors of arguments, also those in lists, tuples and dictionaries."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from tensors_among(tuple(value))
        elif isinstance(value, dict):
            yield from tensors_among(tuple(value.values()))


def _held_by_others(entries: Sequence[Entry]) -> set[int]:
    """The ids of the tensors of a log that somebody else refers to, as Python counts references."""
    tensors: dict[int, torch.Tensor] = {}
    ours: Counter[int] = Counter()
    for _, _, _, _, args, kwargs, out, *_ in entries:
        for value in (*args, *(kwargs or {}).values(), out):
            # a list that the program still has refers to its tensors, and not the log alone
            is_ours = isinstance(value, torch.Tensor) or sys.getrefcount(value) <= REFERENCES_HERE
            for tensor in tensors_among((value,)):
                tensors[id(tensor)] = tensor
                ours[id(tensor)] += is_ours
    # ours: `tensors` and the call; PyTorch has one of its own for all that its graph saves
    return {key for key in tensors if sys.getrefcount(tensors[key]) - _saved(tensors[key]) > ours[key] + 2}


def _saved(tensor: torch.Tensor) -> bool:
    """Whether PyTorch refers to a tensor besides Python: a tensor that a graph saves keeps its Python object alive."""
    return tensor._use_count() > 1  # type: ignore[attr-defined, no-any-return]


def _autocast() -> torch.dtype | None:
    return torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else None


def _kind_of(function: Any) -> int:
    name = getattr(function, "__name__", "")
    if name == "__get__":
        return PLAIN if getattr(function.__self__, "__name__", "") in _VIEWS else IGNORED
    if not name or name in _QUESTIONS or name.startswith("_record_function"):
        return IGNORED
    if getattr(function, "__module__", None) == "torch.nn.init":
        return IGNORED
    if name == "requires_grad_":
        return PLAIN
    if name in _IN_PLACE_OPERATORS or (name.endswith("_") and not name.endswith("__")):
        return CHANGING
    return DRAWING if name in _DRAWS else PLAIN
