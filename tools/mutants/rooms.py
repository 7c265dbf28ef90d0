"""Which tests are run against the mutants of a room."""

from __future__ import annotations

_FIXES = (
    "tests/inspections/test_closeness.py",
    "tests/inspections/test_comparison_point.py",
    "tests/inspections/test_perturbations.py",
    "tests/inspections/test_fixes.py",
    "tests/inspections/test_truth.py",
    "tests/inspections/test_sampling.py",
)
_REQUESTS = (
    "tests/inspections/test_bound_expression.py",
    "tests/inspections/test_grad_inspection.py",
    "tests/inspections/test_rerun.py",
)
_EVIDENCE = (
    "tests/inspections/test_evidence.py",
    "tests/inspections/test_rerun.py",
    "tests/inspections/test_sampling.py",
    "tests/findings/test_nothing_to_report.py",
    "tests/findings/test_dead.py",
    "tests/findings/test_underflow_forward.py",
)
_REAL_CASES = ("tests/inspections/test_gradient_cases.py", "tests/inspections/test_trace.py")
_CHECKS = (
    "tests/inspections/test_check.py",
    "tests/inspections/test_check_limits.py",
    "tests/inspections/test_check_proven.py",
    "tests/inspections/test_check_stable.py",
    "tests/inspections/test_check_ties.py",
    "tests/inspections/test_comparison.py",
)
_AUDITS = (
    "tests/inspections/test_audit.py",
    "tests/inspections/test_audit_chunks.py",
    "tests/inspections/test_audit_running.py",
    "tests/inspections/test_audit_slow_way.py",
    "tests/inspections/test_audit_cluster.py",
)
_ERRORS = (
    "tests/inspections/test_errors.py",
    "tests/inspections/test_error_search.py",
    "tests/inspections/test_grad_errors.py",
    "tests/inspections/test_hint_text.py",
    "tests/inspections/test_local_hints.py",
    "tests/inspections/test_match_error.py",
    "tests/inspections/test_suggestions.py",
)

TESTS = {
    "gradcli/api": ("tests/test_python.py", "tests/test_python_functions.py", "tests/test_python_showing.py"),
    "gradcli/diagnose": ("tests/findings", *_FIXES, *_REAL_CASES, "tests/inspections/test_rerun.py"),
    "gradcli/diagnose/bound_expression.py": _REQUESTS,
    "gradcli/diagnose/diagnosis.py": _EVIDENCE,
    "gradcli/diagnose/equivalence": (*_FIXES, "tests/findings/test_rewritten.py"),
    "gradcli/diagnose/evidence.py": _EVIDENCE,
    "gradcli/diagnose/findings": (
        "tests/findings",
        "tests/recording/test_from_program.py",
        "tests/inspections/test_match_error.py",
        "tests/schemas",
    ),
    "gradcli/diagnose/fixes": (*_FIXES, "tests/findings/test_rewritten.py"),
    "gradcli/diagnose/explain": (*_ERRORS, *_REAL_CASES),
    "gradcli/diagnose/rerun.py": _EVIDENCE,
    "gradcli/diagnose/sampling.py": _EVIDENCE,
    "gradcli/diagnose/targets.py": _REQUESTS,
    "gradcli/diagnose/values.py": _REQUESTS,
    "gradcli/diagnose/origins": (
        "tests/findings",
        "tests/recording/test_from_program.py",
        "tests/recording/test_program_operations.py",
    ),
    "gradcli/inspections": ("tests/inspections",),
    "gradcli/inspections/auditing": _AUDITS,
    "gradcli/inspections/callables": (
        "tests/inspections/test_assert_gradient.py",
        "tests/inspections/test_assert_gradient_care.py",
    ),
    "gradcli/inspections/checking": _CHECKS,
    "gradcli/numerics": ("tests/numerics", *_CHECKS),
    "gradcli/numerics/reference": ("tests/numerics/reference", *_CHECKS),
    "gradcli/recording": (
        "tests/numerics",
        "tests/recording",
        "tests/findings",
        "tests/inspections/test_paths.py",
        *_REAL_CASES,
    ),
    "gradcli/recording/program": ("tests/recording", "tests/watch/test_watch_in_python.py"),
    "gradcli/language": ("tests/language",),
    "gradcli/language/rewrite": ("tests/language/rewrite", *_FIXES),
    "gradcli/render": ("tests/render",),
    "gradcli/sources": ("tests/sources",),
    "gradcli/sinks": ("tests/sinks",),
    "gradcli": ("tests",),
    "gradcli/leaving.py": ("tests/cli/test_leaving.py",),
}
"""The longest beginning of a path counts."""


def tests_of(path: str) -> tuple[str, ...]:
    """The tests for a file or a folder."""
    return TESTS[max((room for room in TESTS if f"{path}/".startswith(f"{room}/")), key=len)]
