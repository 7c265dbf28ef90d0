"""Rows of operations: each exists in PyTorch, once, under its name, and none does what is forbidden."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys

import pytest
import torch
from operation_rows import OPERATIONS, by_name, resolved

from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.generated import RESULT_FIELDS
from gradcli.language.catalogue.losses import LOSSES
from gradcli.language.catalogue.operations import ATTRIBUTES, CATEGORIES
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import signatures_of

GENERATED_WITH = "2.13"


def exists(path: str, owner: object) -> bool:
    for name in path.split("."):
        owner = getattr(owner, name, None)
    return callable(owner)


def test_there_are_hundreds_of_operations() -> None:
    assert len(OPERATIONS) > 550


def test_no_name_or_alias_stands_twice_in_the_whole_catalogue() -> None:
    rows: tuple[Row, ...] = (*OPERATIONS, *ACTIVATIONS, *LOSSES)
    names = [name for row in rows for name in (row.name, *row.aliases)]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_rows_are_sorted_by_category_and_name() -> None:
    keys = [(row.category, row.name) for row in OPERATIONS]
    assert keys == sorted(keys)
    assert tuple(dict.fromkeys(row.category for row in OPERATIONS)) == CATEGORIES


@by_name
def test_a_name_is_a_public_identifier_of_pytorch(row: Row) -> None:
    for name in (row.name, *row.aliases):
        assert re.fullmatch(r"((linalg|special|fft|Tensor)\.)?[a-zA-Z][a-zA-Z0-9_]*", name)
        assert "__" not in name


@by_name
def test_a_row_and_its_aliases_exist_in_pytorch(row: Row) -> None:
    assert callable(resolved(row.torch))
    for alias in row.aliases:
        owners = (torch, torch.nn.functional, torch.Tensor)
        assert any(exists(alias, owner) for owner in owners)


@by_name
def test_a_row_says_truly_whether_it_is_a_method_and_a_function(row: Row) -> None:
    assert row.function or row.method
    if row.method:
        assert inspect.isroutine(getattr(torch.Tensor, row.name.removeprefix("Tensor.")))
        assert signatures_of(row)[0].positional[0].kind == "tensor"
    if not row.function:
        assert row.torch == f"torch.Tensor.{row.name.removeprefix('Tensor.')}"


FORBIDDEN = {
    "leaks memory that nobody wrote": r"empty|uninit|resize|set_$|storage|data_ptr|frombuffer|^new$",
    "reads or writes files": r"file|^load|^save|memmap|pickle|dlpack",
    "runs code": r"compile|apply|map_|jit|hook|register|vmap|while_loop|fork|import|parse",
    "drives autograd": r"^backward$|^grad$|grad_fn|retain_grad|volatile|is_leaf",
    "leaves the language": r"numpy|tolist|^item$|share_memory|pin_memory|^cuda$|^cpu$|^xpu$|to_sparse|record_stream",
    "changes PyTorch": r"set_|manual_seed|^seed|deterministic|autocast|num_threads|printoptions",
}


@pytest.mark.parametrize("reason", FORBIDDEN)
def test_nothing_in_the_catalogue_does_what_is_forbidden(reason: str) -> None:
    words = [word for row in OPERATIONS for word in (row.name, *row.aliases, row.torch.rpartition(".")[2])]
    words += [*ATTRIBUTES, *RESULT_FIELDS]
    assert [word for word in words if re.search(FORBIDDEN[reason], word.rpartition(".")[2])] == []


@pytest.mark.parametrize("word", ["empty_like", "set_", "resize_as_", "from_file", "register_hook", "data_ptr"])
def test_the_patterns_of_what_is_forbidden_catch_it(word: str) -> None:
    assert any(re.search(pattern, word) for pattern in FORBIDDEN.values())


def test_no_argument_writes_elsewhere_or_names_a_device() -> None:
    arguments = {p.name for row in OPERATIONS for s in signatures_of(row) for p in s.parameters}
    assert arguments & {"out", "device", "layout", "generator", "memory_format", "pin_memory", "f", "file"} == set()
    assert [name for name in arguments if name.startswith("_")] == []


def test_a_subject_calls_its_row_with_x() -> None:
    subjects = {row.name: row.subject for row in OPERATIONS if row.subject}
    assert len(subjects) > 15
    for name, subject in subjects.items():
        assert subject.startswith(f"{name}(")
        assert [
            node.id for node in ast.walk(ast.parse("f" + subject.removeprefix(name))) if isinstance(node, ast.Name)
        ] == ["f", "x"]


def test_reading_the_catalogue_does_not_import_torch() -> None:
    program = "import sys, gradcli.language.catalogue.operations, gradcli.language.catalogue.signature"
    subprocess.run([sys.executable, "-c", f"{program}; sys.exit('torch' in sys.modules)"], check=True)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not torch.__version__.startswith(GENERATED_WITH), reason="rows are those of another PyTorch")
def test_the_rows_are_what_the_generator_writes() -> None:
    from tools.generate_operations import main

    assert main(["--check"]) == 0


def test_every_attribute_and_field_exists_in_pytorch() -> None:
    assert [name for name in ATTRIBUTES if not hasattr(torch.Tensor, name)] == []
    results = [result for result in vars(torch.return_types).values() if isinstance(result, type)]
    fields = {field for result in results for field in getattr(result, "__match_args__", ())}
    assert RESULT_FIELDS - fields == set()
    assert {"values", "indices", "U", "S", "Vh", "Q", "R", "eigenvalues", "logabsdet", "solution"} <= RESULT_FIELDS
