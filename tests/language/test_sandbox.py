"""What leads out of the language is refused by its words alone: exit code 2, a sentence, and no PyTorch."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from each import each

from gradcli.exceptions import GradcliError
from gradcli.language import catalogue
from gradcli.language.catalogue.generated import RESULT_FIELDS
from gradcli.language.catalogue.operations import ATTRIBUTES
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import signatures_of
from gradcli.language.parser import parse

OUTSIDE = (
    "().__class__",
    "().__class__.__bases__[0].__subclasses__()",
    "x.__reduce__()",
    "x.__class__",
    "x.sum.__globals__",
    "exp.__call__(x)",
    "linalg.__builtins__",
    "torch.__builtins__",
    "torch._C",
    "F._jit_internal",
    "torch.nn.functional.__dict__",
    "x._backward_hooks",
    "x__y",
    "x._grad_fn",
    "x.grad_fn",
    "x.grad",
    "__import__('os')",
    "__builtins__",
    "import os",
    "from os import system",
    "getattr(x, 'y')",
    "setattr(x, 'y', 1)",
    "eval('1')",
    "exec('1')",
    "compile('1', '', 'eval')",
    "open('f')",
    "globals()",
    "locals()",
    "vars()",
    "print(x)",
    "breakpoint()",
    "torch.load('f')",
    "torch.save(x, 'f')",
    "x.tofile('f')",
    "torch.from_file('f')",
    "from_file('f')",
    "torch.hub.load('a', 'b')",
    "torch.ops.aten.exp(x)",
    "torch.jit.script(x)",
    "torch.utils.cpp_extension.load(x)",
    "torch.classes.load_library('f')",
    "torch.compile(x)",
    "torch.manual_seed(0)",
    "torch.set_num_threads(1)",
    "torch.set_default_dtype(float64)",
    "torch.empty(3)",
    "empty(3)",
    "x.new_empty(3)",
    "empty_like(x)",
    "frombuffer(x)",
    "from_numpy(x)",
    "x.numpy()",
    "x.tolist()",
    "x.item()",
    "x.data_ptr()",
    "x.storage()",
    "x.untyped_storage()",
    "x.set_(x)",
    "x.resize_(10)",
    "x.apply_(exp)",
    "x.map_(x, exp)",
    "x.share_memory_()",
    "x.pin_memory()",
    "x.register_hook(exp)",
    "x.backward()",
    "x.cuda()",
    "x.to(device='cuda')",
    "x.type('torch.cuda.FloatTensor')",
    "vmap(exp)",
    "x.T = 1; x",
    "x.data = 1; x",
    "x.requires_grad = False; x",
    "exp = 3; exp(x)",
    "torch = x; torch.load('f')",
    "f'{x}'",
    "'{0.__class__}'.format(x)",
    "'a'.join(x)",
    "(y := x)",
    "lambda: x",
    "x.as_strided_((2,), (1,))",
    "torch.nn.Module()(x)",
    "nn.Linear(1, 1)(x)",
    "nn.Module.load_state_dict(x)",
    "nn.ReLU().register_forward_hook(exp)(x)",
    "nn.ReLU().__call__(x)",
    "nn.parallel.DataParallel(x)(x)",
    "nn.Sequential(open('f'))(x)",
    "torch.cuda.FloatTensor([1])",
    "float('open')",
    "math.sqrt(x)",
    "np.load('f')",
    "torch.LongTensor(3)",
    "exp(**x)",
    "[y for y in x]",
    "x if x else x",
    "print",
)


@each("text", OUTSIDE)
def test_what_leads_out_of_the_language_is_refused(text: str, run: Any) -> None:
    code, out, err = run(["grad", text, "x=1,2"])
    assert code == 2
    assert out == ""
    assert len(err.strip().splitlines()) in (2, 4), err
    assert "Traceback" not in err


@each("text", OUTSIDE)
def test_it_is_refused_as_a_value_too(text: str, run: Any) -> None:
    for word in (f"x={text}", text):
        code, out, err = run(["grad", "sigmoid", word])
        assert (code, out) == (2, ""), word
        assert err.strip()


@each("text", [text for text in OUTSIDE if text != "print"])
def test_the_words_alone_are_enough_to_refuse_it(text: str) -> None:
    with pytest.raises(GradcliError):
        parse(text)


@each(
    ("argv"),
    [
        ["loss", "__import__('os')", "1", "2"],
        ["loss", "mse", "torch.load('f')", "2"],
        ["loss", "huber", "1", "2", "--param", "delta=__import__('os')"],
        ["loss", "huber", "1", "2", "--param", "delta=1); open('f'"],
        ["activate", "torch.load('f')"],
        ["activate", "elu", "--param", "alpha=open('f')"],
        ["softmax", "open('f')"],
        ["retain-demo", "x.__class__", "x=1"],
        ["grad", "sigmoid", "1", "--vjp", "open('f')"],
        ["grad", "sigmoid", "1", "--jvp", "open('f')"],
        ["grad", "sigmoid", "__x=1"],
        ["grad", "sigmoid", "_x=1"],
    ],
)
def test_every_word_that_is_read_as_an_expression_is_read_by_the_same_rules(argv: list[str], run: Any) -> None:
    code, out, err = run(argv)
    assert (code, out) == (2, "")
    assert "Traceback" not in err


FORBIDDEN_IN_A_NAME = (
    "load",
    "save",
    "file",
    "storage",
    "_ptr",
    "pickle",
    "hook",
    "script",
    "seed",
    "backend",
    "device",
)


def rows() -> Iterator[Row]:
    return iter(catalogue.all_rows())


def test_no_row_of_the_catalogue_has_a_name_that_leads_outside() -> None:
    suspicious = [row.torch for row in rows() for part in FORBIDDEN_IN_A_NAME if part in row.torch]
    assert suspicious == []
    assert [row.torch for row in rows() if "__" in row.torch or "._" in row.torch] == []


def test_every_row_names_a_function_of_pytorch_and_none_of_its_classes_or_modules() -> None:
    for row in rows():
        found: Any = torch
        for part in row.torch.split(".")[1:]:
            found = getattr(found, part)
        assert callable(found), row.torch
        assert not inspect.isclass(found), row.torch
        assert not inspect.ismodule(found), row.torch


def test_no_signature_takes_a_device_a_file_or_an_out_tensor() -> None:
    taken = {parameter.name for row in rows() for signature in signatures_of(row) for parameter in signature.parameters}
    assert taken & {"device", "out", "file", "filename", "generator", "layout", "pin_memory", "memory_format"} == set()


def test_no_attribute_that_can_be_read_is_a_way_to_memory_or_to_the_graph() -> None:
    readable = {*ATTRIBUTES, *RESULT_FIELDS}
    assert readable & {"grad", "grad_fn", "storage", "data_ptr", "device", "layout", "names", "is_leaf"} == set()
    assert not [name for name in readable if name.startswith("_")]


def test_an_attribute_of_a_named_result_gives_no_method_of_a_tuple() -> None:
    for text in ("linalg.svd(x).count", "linalg.svd(x).index", "linalg.svd(x)._fields", "x.shape.numel"):
        with pytest.raises(GradcliError):
            parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "as_strided(x, (2,), (1000,))",
        "x.as_strided((2,), (1,), 1)",
        "x.as_strided((2,), (1,), -1)",
        "x.as_strided((2,), (-1,))",
        "x.as_strided((2,), (2**62,))",
        "x.as_strided((3,), (1,))",
        "x[1:].as_strided((2,), (1,))",
    ],
)
def test_memory_beyond_a_tensor_is_not_read(text: str, run: Any) -> None:
    code, out, err = run(["grad", text, "x=1,2"])
    assert (code, out) == (2, "")
    assert "would read element" in err


@pytest.mark.parametrize(
    "text", ["x.as_strided((2,), (1,))", "x[1:].as_strided((2,), (1,), 0)", "x.as_strided((3,), (0,), 1)"]
)
def test_memory_within_a_tensor_is_read(text: str, run: Any) -> None:
    code, _, _ = run(["grad", text, "x=1,2"])
    assert code == 0
