"""What the tests state of PyTorch itself and only some versions do: from which on, and why.

gradcli says what the installed PyTorch does. These rows are about tests and documents whose expected values were taken
from 2.13; under an older version than a row names they may fail.
"""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """tests: the beginnings of their ids. since: the first version that they hold for."""

    tests: tuple[str, ...]
    since: tuple[int, int]
    why: str


DIFFERENCES = (
    Difference(
        (
            "tests/inspections/test_errors.py::test_pytorch_raises_it_on_a_line_of_the_program[empty-inputs]",
            "tests/inspections/test_errors.py::test_all_of_them_end_in_a_line_with_the_count",
            "tests/inspections/test_recognition.py::test_an_unknown_wording_is_recognised_by_what_the_programs_raise"
            "[empty-inputs]",
            "tests/inspections/test_recognition.py::test_the_commands_look_among_the_entries_that_they_can_end_up_at"
            "[empty-inputs]",
        ),
        (2, 12),
        "autograd.grad with no inputs raised a ValueError",
    ),
    Difference(
        (
            "tests/inspections/test_gradient_cases.py::test_the_operation_to_blame_is_named[pytorch-36608]",
            "tests/inspections/test_recognition.py::test_a_real_case_comes_out_as_measured_with_its_entry_and_a_hint"
            "[pytorch-36608]",
            "tests/inspections/test_reference_data.py::test_a_real_trouble_shows_what_pytorch_was_observed_to_do"
            "[pytorch-36608]",
        ),
        (2, 12),
        "the message about several views named the node otherwise",
    ),
    Difference(
        (
            "tests/inspections/test_gradient_cases.py::test_the_gradients_are_those_of_pytorch[pytorch-80761]",
            "tests/inspections/test_reference_data.py::test_a_real_trouble_shows_what_pytorch_was_observed_to_do"
            "[pytorch-80761]",
        ),
        (2, 12),
        "the gradient of this case was another number",
    ),
    Difference(
        (
            "tests/compute/reference/test_reference_against_pytorch.py::"
            "test_the_slopes_of_a_call_are_the_gradient_pytorch_gives[aminmax]",
            "tests/compute/reference/test_reference_against_pytorch.py::"
            "test_the_slopes_of_a_call_are_the_gradient_pytorch_gives[narrow_copy]",
        ),
        (2, 12),
        "aminmax and narrow_copy had no derivative",
    ),
    Difference(
        (
            "tests/language/test_losses.py::test_every_loss_module_of_pytorch_has_a_row_or_a_reason",
            "tests/language/test_losses.py::test_every_loss_function_of_pytorch_has_a_row_or_a_reason",
        ),
        (2, 12),
        "linear_cross_entropy was not there",
    ),
    Difference(
        (
            "tests/sources/test_sources_in_commands.py::test_a_command_reads_a_file_and_keeps_its_dtype[argv5]",
            "tests/sources/test_sources_in_commands.py::test_a_command_reads_a_file_and_keeps_its_dtype[argv6]",
        ),
        (2, 12),
        "mse_loss of float32 and float64 had no backward pass",
    ),
    Difference(
        ("README.md::", "docs/errors.md::"),
        (2, 12),
        "messages named ExpBackward0 where they now name Exp, and transcripts show the version",
    ),
)
"""Found with 2.11, of which these failed; 2.12 was not tried."""


def reason(test: str, version: str) -> str | None:
    """Why a test does not hold under a version of PyTorch; None where it should."""
    major, minor = version.split(".")[:2]
    for difference in DIFFERENCES:
        if (int(major), int(minor)) < difference.since and test.startswith(difference.tests):
            return f"before PyTorch {difference.since[0]}.{difference.since[1]}: {difference.why}"
    return None
