"""Command lines that between them use every function, activation, loss and error of the catalogue."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.errors import all_errors
from gradcli.language.catalogue.losses import LOSSES
from gradcli.language.catalogue.operations import operations
from gradcli.language.catalogue.signature import signatures_of
from gradcli.language.parser import parse

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "numerics" / "reference"), str(TESTS / "numerics"), str(TESTS / "inspections")]

from reference_calls import CALLS, INPUTS  # noqa: E402
from test_bounds_of_catalogue import TENSORS, called, small_calls  # noqa: E402
from test_gradient_cases import CASES, words  # noqa: E402

NEED_CIRCLE = ("istft(", "max_unpool", "a[unravel_index(", "bce(p, q / 3, weight", "cholesky((a")
"""PyTorch's own code for these imports more, or its shape is known in Python alone; for the last since 2.14."""
MORE = {
    "istft": "istft(stft(v.repeat(8), 8, return_complex=True), 8)",
    "stft": "stft(v.repeat(4), 8, return_complex=True).abs()",
    "addbmm_": "(p * 1).addbmm_(c, d)",
    "addmv_": "(w[:2] * 1).addmv_(m, v[:3])",
    "addr_": "(m * 1).addr_(v[:2], w[:3])",
    "baddbmm_": "(c[:, :, :2] * 1).baddbmm_(c, d)",
    "clamp_": "(a * 1).clamp_(b)",
    "float_power_": "(q * 1).float_power_(p)",
    "index_add_": "(a * 1).index_add_(0, one, b)",
    "index_copy_": "(a * 1).index_copy_(0, one, b)",
    "index_put_": "(a * 1).index_put_([one], b)",
    "index_reduce_": "(a * 1).index_reduce_(0, one, b, 'amax')",
    "scatter_add_": "(a * 1).scatter_add_(1, two, m)",
    "scatter_reduce_": "(a * 1).scatter_reduce_(1, two, m, 'amax')",
    "affine_grid": "affine_grid(m.reshape(1, 2, 3), [1, 1, 2, 2], align_corners=False)",
    "embedding_bag": "embedding_bag(two, a)",
    "grid_sample": "grid_sample(img, p.reshape(1, 1, 2, 2), align_corners=False)",
    "linalg.ldl_solve": "linalg.ldl_solve(linalg.ldl_factor(a @ a.T)[0], linalg.ldl_factor(a @ a.T)[1], n)",
    "linalg.lu_solve": "linalg.lu_solve(linalg.lu_factor(a)[0], linalg.lu_factor(a)[1], n)",
    "lu_unpack": "lu_unpack(linalg.lu_factor(a)[0], linalg.lu_factor(a)[1])[1]",
    "ormqr": "ormqr(geqrf(a)[0], geqrf(a)[1], b)",
    "fractional_max_pool2d": "fractional_max_pool2d(img, 2, output_size=2)",
    "fractional_max_pool3d": "fractional_max_pool3d(vol, 1, output_size=2)",
    "max_unpool1d": "max_unpool1d(seq[:, :1, :3], one.reshape(1, 1, 3), 1)",
    "max_unpool2d": "max_unpool2d(img[:, :1, :1, :3], one.reshape(1, 1, 1, 3), 1)",
    "max_unpool3d": "max_unpool3d(vol[:, :, :1, :1], one.reshape(1, 1, 1, 1, 3), 1)",
}
"""Calls of the functions that have no reference, and of which none is found by trying."""
LEFT_OUT = {"linalg.lstsq": "its last bits are others each time in PyTorch itself: they depend on the place in memory"}


def questions() -> list[list[str]]:
    """Each with --json; those that PyTorch's modules in the circle are needed for come last."""
    functions = list(_functions())
    lines = [
        *(line for line in functions if not line[1].startswith(NEED_CIRCLE)),
        *(["activate", row.name] for row in ACTIVATIONS),
        *(["grad", f"{row.name}(x)", "0.3", "-1", "--jvp", "1,2"] for row in ACTIVATIONS),
        *(["loss", row.name, *(f"{name}={value}" for name, value in row.example)] for row in LOSSES),
        *(["trace", *words(case)] for case in CASES[::9]),
        *(["errors", entry.id] for entry in sorted(all_errors(), key=lambda entry: "meta" not in entry.program)),
        ["softmax", "1", "2", "3"],
        ["retain-demo"],
        ["grad", "x.softmax(0)", "1", "2", "--jacobian"],
        ["grad", "x.prod()", "1", "2", "--hessian"],
        ["check", "sigmoid(x) + exp(-x)", "0.5", "1"],
        ["check", "relu", "0"],
        *(line for line in functions if line[1].startswith(NEED_CIRCLE)),
    ]
    return [[*line, "--json"] for line in lines]


def _functions() -> Iterator[list[str]]:
    """A call of each function and method, with its gradients where it has some."""
    for name, text in (CALLS | MORE).items():
        if name not in LEFT_OUT:
            yield gradient(text, INPUTS)
    arrays = {name: tensor.numpy() for name, tensor in TENSORS.items()}
    for row in operations():
        for signature in signatures_of(row) if row.name not in CALLS | MORE else ():
            for given in small_calls(row, signature, 1):
                yield gradient(f"sum(real({called(row, signature, given)}))", arrays)


def gradient(text: str, arrays: Mapping[str, np.ndarray]) -> list[str]:
    """The command line of the gradients of an expression at these arrays."""
    used = parse(text, bound=list(arrays)).free_names
    return ["grad", text, *(_bound(name, arrays[name]) for name in arrays if name in used), "--seed", "1"]


def _bound(name: str, array: np.ndarray) -> str:
    numbers = array.real.tolist()
    dtype = {"f": "float64", "i": "int64", "b": "bool", "c": "complex64"}[array.dtype.kind]
    return f"{name}:{dtype}={json.dumps(numbers).replace('true', 'True').replace('false', 'False')}"
