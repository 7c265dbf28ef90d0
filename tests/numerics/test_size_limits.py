"""What arithmetic says of the size of a result is never less than PyTorch makes, and not much more."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from each import each
from torch.nn import functional

from gradcli.numerics.size_limits import LIMITS
from gradcli.numerics.sizes import elements_of

SIDES = (6, 5, 7)

Call = tuple[str, Any, tuple[Any, ...], dict[str, Any]]


def convolutions() -> list[Call]:
    calls: list[Call] = []
    for n, stride, padding, dilation, groups in itertools.product((1, 2, 3), (1, 3), (0, 2), (1, 2), (1, 2)):
        x = torch.ones(2, 4, *SIDES[:n])
        given = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        weight, turned = torch.ones(6, 4 // groups, *[2] * n), torch.ones(4, 3, *[2] * n)
        calls.append((f"conv{n}d", getattr(functional, f"conv{n}d"), (x, weight), given))
        calls.append((f"conv_transpose{n}d", getattr(functional, f"conv_transpose{n}d"), (x, turned), given))
    for n in (1, 2, 3):
        x, same = torch.ones(2, 4, *SIDES[:n]), torch.ones(6, 4, *[3] * n)
        calls.append((f"conv{n}d", getattr(functional, f"conv{n}d"), (x, same, None, 1, "same"), {}))
        calls.append((f"conv{n}d", getattr(functional, f"conv{n}d"), (x[0], same, torch.ones(6), [2] * n, [1] * n), {}))
        more = (x, torch.ones(4, 3, *[2] * n), None, 3, 0, 2, 1, 3)
        calls.append((f"conv_transpose{n}d", getattr(functional, f"conv_transpose{n}d"), more, {}))
    return calls


def others() -> list[Call]:
    calls: list[Call] = []
    for n, kind, side in itertools.product((1, 2, 3), ("avg", "max"), (1, 3, 9)):
        name = f"adaptive_{kind}_pool{n}d"
        call = functional.__dict__[f"{name}_with_indices"] if kind == "max" else functional.__dict__[name]
        calls.append((name, call, (torch.ones(2, 4, *SIDES[:n]), [side] * n), {}))
    calls.append(("fold", functional.fold, (torch.ones(1, 12, 6), (3, 4), (2, 2)), {}))
    attention = functional.scaled_dot_product_attention
    query, key, value = torch.ones(2, 1, 9, 2), torch.ones(1, 3, 4, 2), torch.ones(1, 3, 4, 5)
    name = "scaled_dot_product_attention"
    calls += [
        (name, attention, (query, key, value), {}),
        (name, attention, (query[:, 0], key[0, :1], value[0, :1]), {}),
        (name, attention, (query[0, 0], key[0, 0], value[0, 0]), {}),
        (name, attention, (query, key, value, torch.ones(2, 3, 9, 4)), {}),
        (name, attention, (torch.ones(1, 6, 3, 2), key, value), {"enable_gqa": True}),
    ]
    signal, half = torch.rand(4, 6), torch.rand(4, 6, dtype=torch.complex64)
    for name in LIMITS:
        if name.startswith("fft."):
            given = (
                half
                if name in ("fft.irfft", "fft.irfft2", "fft.irfftn", "fft.hfft", "fft.hfft2", "fft.hfftn")
                else signal
            )
            calls.append((name, getattr(torch.fft, name.removeprefix("fft.")), (given,), {}))
    calls += [
        ("embedding", functional.embedding, (torch.tensor([[0, 2, 1], [1, 1, 0]]), torch.ones(3, 5)), {}),
        (
            "grid_sample",
            functional.grid_sample,
            (torch.ones(2, 3, 4, 5), torch.ones(2, 7, 6, 2)),
            {"align_corners": False},
        ),
    ]
    one, m, v = torch.ones(1), torch.ones(3, 2), torch.ones(2)
    calls += [
        ("addmm", torch.addmm, (one, m, torch.ones(2, 7)), {"beta": 0.5}),
        ("addbmm", torch.addbmm, (one, torch.ones(4, 3, 2), torch.ones(4, 2, 7)), {}),
        ("baddbmm", torch.baddbmm, (one, torch.ones(4, 3, 2), torch.ones(4, 2, 7)), {}),
        ("addmv", torch.addmv, (one, m, v), {}),
    ]
    return calls


@each("call", [*convolutions(), *others()], ids=lambda call: call[0])
def test_no_result_is_larger_than_its_limit(call: Call) -> None:
    name, function, arguments, keywords = call
    found = elements_of(function(*arguments, **keywords))
    limit = LIMITS[name](arguments, keywords)
    assert limit is not None
    assert found <= limit <= 1000 * found, call


def test_every_limit_was_tried() -> None:
    assert {name for name, *_ in (*convolutions(), *others())} == set(LIMITS)


def test_what_arithmetic_does_not_understand_is_left_to_pytorch() -> None:
    x = torch.ones(2, 4, 6)
    for name, arguments in (
        ("conv1d", (x,)),
        ("conv1d", (x, torch.ones(()))),
        ("conv1d", (x, torch.ones(6, 4, 2), None, 1.5)),
        ("adaptive_avg_pool2d", (x, (None, 3))),
        ("scaled_dot_product_attention", (x, x)),
        ("scaled_dot_product_attention", (x, x, torch.ones(3))),
        ("addmm", (x,)),
        ("fft.fft", (x, 10_000)),
        ("embedding", (x, torch.ones(()))),
        ("grid_sample", (torch.ones(3), x)),
    ):
        assert LIMITS[name](arguments, {}) is None, name
