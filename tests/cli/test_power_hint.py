"""`^` between a tensor and a number is a power that was meant."""

import pytest

from gradcli.cli import main


@pytest.mark.parametrize(
    ("subject", "meant"),
    [
        ("x^2", "x**2."),
        ("(x + 1) ^ 0.5", "(x + 1)**0.5."),
        ("e^x", "e**x."),
        ("2^x", "2**x."),
        ("x^(x + 1)", "x**(x + 1)."),
        ("(x > 1) ^ x", "Masks are combined: x != 0."),
    ],
)
def test_a_power_is_told_for_the_exclusive_or_with_a_number(
    subject: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grad", subject, "3"]) == 1
    assert meant in capsys.readouterr().err
