"""What the tests state of PyTorch itself and only some versions do: which ones, and why.

gradcli says what the installed PyTorch does. These rows are about tests and documents whose expected values were taken
from 2.13. Under a version outside of its row a test must fail: a row that has become needless is noticed.
"""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """What holds from one version to the one before another.

    tests: their ids, or the beginnings of documents' ids, of which only some blocks fail.
    since, until: the first version that they hold for, and the first that they do not hold for any more.
    """

    tests: tuple[str, ...]
    why: str
    since: tuple[int, int] = (0, 0)
    until: tuple[int, int] = (99, 0)

    def holds(self, version: tuple[int, int]) -> bool:
        """Whether the tests hold under a version."""
        return self.since <= version < self.until

    @property
    def strict(self) -> bool:
        """Whether every one of them fails where the row does not hold."""
        return not self.tests[0].endswith("::")


DIFFERENCES = (
    Difference(
        (
            "tests/inspections/test_errors.py::test_pytorch_raises_it_on_a_line_of_the_program[empty-inputs]",
            "tests/inspections/test_errors.py::test_all_of_them_end_in_a_line_with_the_count",
            "tests/inspections/test_match_error.py::test_an_unknown_wording_is_recognised_by_what_the_programs_raise"
            "[empty-inputs]",
            "tests/inspections/test_match_error.py::test_the_commands_look_among_the_entries_that_they_can_end_up_at"
            "[empty-inputs]",
        ),
        "autograd.grad with no inputs raised a ValueError",
        since=(2, 12),
    ),
    Difference(
        (
            "tests/inspections/test_gradient_cases.py::test_the_operation_to_blame_is_named_and_a_gradient_that_is_not_"
            "finite_is_an_error[pytorch-36608]",
            "tests/inspections/test_match_error.py::test_a_real_case_comes_out_as_measured_with_its_entry_and_a_hint"
            "[pytorch-36608]",
            "tests/inspections/test_reference_data.py::test_a_real_trouble_shows_what_pytorch_was_observed_to_do"
            "[pytorch-36608]",
        ),
        "the message about several views named the node otherwise",
        since=(2, 12),
    ),
    Difference(
        (
            "tests/inspections/test_reference_data.py::test_a_real_trouble_shows_what_pytorch_was_observed_to_do"
            "[pytorch-80761]",
        ),
        "the gradient of this case was another number",
        since=(2, 12),
    ),
    Difference(
        (
            "tests/numerics/reference/test_reference_against_pytorch.py::"
            "test_the_slopes_of_a_call_are_the_gradient_pytorch_gives[aminmax]",
            "tests/numerics/reference/test_reference_against_pytorch.py::"
            "test_the_slopes_of_a_call_are_the_gradient_pytorch_gives[narrow_copy]",
        ),
        "aminmax and narrow_copy had no derivative",
        since=(2, 12),
    ),
    Difference(
        (
            "tests/language/test_losses.py::test_every_loss_module_of_pytorch_has_a_row_or_a_reason",
            "tests/language/test_losses.py::test_every_loss_function_of_pytorch_has_a_row_or_a_reason",
        ),
        "linear_cross_entropy was not there",
        since=(2, 12),
    ),
    Difference(
        (
            "tests/sources/test_sources_in_commands.py::test_a_command_reads_a_file_and_keeps_its_dtype[argv5]",
            "tests/sources/test_sources_in_commands.py::test_a_command_reads_a_file_and_keeps_its_dtype[argv6]",
        ),
        "mse_loss of float32 and float64 had no backward pass",
        since=(2, 12),
    ),
    Difference(
        ("README.md::", "docs/errors.md::"),
        "messages named ExpBackward0 where they now name Exp, and transcripts show the version",
        since=(2, 12),
        until=(2, 14),
    ),
    Difference(
        (
            "tests/findings/test_true_sentences.py::test_a_nan_elsewhere_does_not_spoil_the_slopes_at_a_kink"
            "[grad 'sum(clamp(x, 0, inf))' x=inf,0-slope 0 to the left and 1 to the right]",
            "tests/inspections/test_gradient_cases.py::test_the_operation_to_blame_is_named[gliner2-155]",
            *(
                f"tests/inspections/{test}[{case}]"
                for test in (
                    "test_gradient_cases.py::test_the_gradients_are_those_of_pytorch",
                    "test_reference_data.py::test_a_real_trouble_shows_what_pytorch_was_observed_to_do",
                )
                for case in ("mmdetection-733", "gliner2-155", "apex-358", "pytorch-76522", "pytorch-7002")
            ),
            "tests/inspections/test_reference_data.py::test_at_the_edge_of_a_loss_pytorchs_convention_is_shown"
            "[margin_ranking-kink: hinge argument exactly 0]",
            "tests/language/test_losses.py::test_an_edge_case_is_as_the_reference_observed_it"
            "[margin_ranking: kink: hinge argument exactly 0]",
            "tests/watch/test_told_rows.py::test_watch_says_of_a_program_what_its_row_says[rotation_angle.py]",
            "tests/watch/test_told_rows.py::test_watch_says_of_a_program_what_its_row_says[bfloat16_cosine.py]",
            "tests/watch/test_programs_are_true.py::test_each_program_has_the_trouble_that_its_row_says",
        ),
        "at a bound the gradient of clamp is now 0, and half where the bound is a tensor; it was 1",
        until=(2, 14),
    ),
    Difference(
        (
            "tests/numerics/reference/test_reference_against_pytorch.py::"
            "test_the_value_of_a_call_is_the_one_pytorch_gives[cholesky]",
            "tests/numerics/reference/test_reference_against_pytorch.py::"
            "test_the_slopes_of_a_call_are_the_gradient_pytorch_gives[cholesky]",
            "tests/language/test_pasted.py::test_what_is_pasted_gives_the_bits_of_pytorch[cholesky(x @ x.T)]",
            "tests/language/test_pasted.py::test_what_is_pasted_gives_the_bits_of_pytorch[qr(x).R.abs()]",
        ),
        "torch.cholesky and torch.qr were removed",
        until=(2, 14),
    ),
)
"""Found with 2.11 and 2.14, of which these failed; 2.12 was not tried."""


def difference(test: str, version: str) -> Difference | None:
    """The row by which a test does not hold under a version of PyTorch; None where it should."""
    major, minor = version.split(".")[:2]
    for row in DIFFERENCES:
        if test.startswith(row.tests) and not row.holds((int(major), int(minor))):
            return row
    return None
