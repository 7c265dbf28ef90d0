"""Masks and integers that came as numbers, and derivatives inside: the hint says what to type, and it works."""

from __future__ import annotations

import pytest
from command_line import answered, captured, failed
from each import each

MASKS = [
    ("where(m, x, 0*x)", "m:bool=1,0"),
    ("where(condition=m, input=x, other=0*x)", "m:bool=1,0"),
    ("x.where(m, 0*x)", "m:bool=1,0"),
    ("masked_fill(x, m, 0)", "m:bool=1,0"),
    ("masked_fill(x, mask=m, value=0)", "m:bool=1,0"),
    ("x.masked_select(m)", "m:bool=1,0"),
    ("x.masked_scatter(m, x)", "m:bool=1,0"),
    ("x * (m & m)", "m:bool=1,0"),
    ("x * (m | m)", "m:bool=1,0"),
    ("x * (m ^ m)", "m:bool=1,0"),
    ("x * ~m", "m:bool=1,0"),
    ("x[m]", "m:bool=1,0"),
    ("x[m]", "m:int64=1,0"),
    ("x * (m << 2)", "m:int64=1,0"),
    ("x * (m >> 1)", "m:int64=1,0"),
    ("where(input=x, other=0*x, condition=m)", "m:bool=1,0"),
    ("masked_fill(value=0, mask=m, input=x)", "m:bool=1,0"),
    ("x * (long(x) << m)", "m:int64=1,0"),
    ("x * (2 << m)", "m:int64=1,0"),
    ("x.reshape([1, 2])[0, m]", "m:int64=1,0"),
    ("x[[m, m]]", "m:int64=1,0"),
]


@each("text, word", MASKS)
def test_a_mask_that_came_as_numbers_is_given_its_dtype(text: str, word: str) -> None:
    raised = failed(["grad", text, "x=1,2", "m=1,0"], 1)
    assert word in raised["hint"]
    assert captured(["grad", text, "x=1,2", word])[0] == 0


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("where(x - 1, x, 0*x)", "(x - 1) != 0"),
        ("where(x, x, 0*x)", "x != 0"),  # 1 and 2 are no mask
        ("x.masked_fill(relu(x), 0)", "relu(x) != 0"),
    ],
)
def test_what_is_computed_becomes_a_mask_by_a_comparison(text: str, instead: str) -> None:
    raised = failed(["grad", text, "x=1,2"], 1)
    assert f"A mask is boolean: {instead}." in raised["hint"]


@each(
    "text, hint",
    [
        ("h = m*1; where(h, x, 0*x)", "A mask is boolean: h != 0."),  # h is no input that could be given a dtype
        ("h = m*1; x[h]", "long(h) picks elements by number, h != 0 those where it is 1."),
        ("h = m*1; gather(x, 0, h)", "Give the indices an integer dtype: long(h)."),
        ("x * (long(x) << 2.5)", "Integers are shifted: long(2.5)."),
        ("x * (2.5 & (x > 1))", "Masks are combined: (2.5) != 0."),
        ("x & 2", "Masks are combined: x != 0."),
    ],
)
def test_what_is_no_input_is_converted(text: str, hint: str) -> None:
    assert hint in failed(["grad", text, "x=1,2", "m=1,0"], 1)["hint"]


def test_an_index_that_is_no_mask_is_not_called_one() -> None:
    assert "bool" not in failed(["grad", "x[i]", "x=1,2,3", "i=2,0"], 1)["hint"]


@each(
    "argv, hint",
    [
        (["where(m, a, b)", "m:bool=1,0", "a=1,2,3", "b=1,2"], "m is [2] and a is [3] and b is [2]. Sizes must be"),
        (["a & b", "a=1,2", "b=1,2,3"], "a is [2] and b is [3]. Sizes must be the same or 1"),
        (["(a*1j) % a", "a=1,2"], "take real(...), imag(...) or abs(...) of the argument first"),
        (["(a*1j) & m", "a=1,2", "m:bool=1,0"], "take real(...), imag(...) or abs(...) of the argument first"),
        (["index_put(a, [i], a)", "a=1,2", "i=0,1"], "Give the indices an integer dtype"),
        (["a * det(stack([a, a, a]))", "a=1,2"], "linalg.pinv takes any matrix"),
        (["grad(heaviside(a, 0.5), a)", "a=1"], "PyTorch has no derivative of 'grad(heaviside(a, 0.5), a)'"),
    ],
)
def test_another_mistake_has_another_hint(argv: list[str], hint: str | None) -> None:
    found = failed(["grad", *argv], 1)["hint"]
    assert found is None if hint is None else found.startswith(hint) or hint in found
    assert "mask" not in (found or "").lower()


@each(
    "text, instead",
    [
        ("x ^ 2", "x**2"),
        ("2 ^ x", "2**x"),
        ("2.5 ^ n", "2.5**n"),
        ("x ^ y", "x**y"),
        ("x ^ m", "x**m"),
        ("m ^ x", "m**x"),
        ("(x + 1) ^ 2", "(x + 1)**2"),
        ("2 ^ -x", "2**(-x)"),
        ("x ^ m.T", "x**m.T"),
    ],
)
def test_a_power_in_another_language_is_told_from_a_mask(text: str, instead: str) -> None:
    words = ["x=2,3", "y=3,4", "m=1,0", "n:int64=2,3"]
    hint = failed(["grad", f"x * ({text})", *words], 1)["hint"]
    assert hint == f"^ is the exclusive or of masks. A power is written **: {instead}."
    assert captured(["grad", f"x * ({instead})", *words])[0] == 0


@each("text", ["b ^ x", "x ^ b"])
def test_beside_a_mask_there_is_no_power(text: str) -> None:
    assert failed(["grad", text, "x=2,3", "b:bool=1,0"], 1)["hint"] == "Masks are combined: x != 0."


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("torch.autograd.grad(x**2, x)[0]", "Write grad(x**2, x), which takes a cotangent of ones"),
        ("torch.autograd.grad(sum(x**2), w)[0]", "grad(sum(x**2), w), which gives zeros there"),
        ("h = x.detach(); torch.autograd.grad(sum(x), h)[0]", "Nothing leads from h to sum(x)"),
        ("torch.autograd.grad(inputs=x, outputs=x**2)[0]", "Write grad(x**2, x), which takes a cotangent of ones"),
        ("torch.autograd.grad(x**2, x, grad_outputs=ones(3))[0]", "the shape of x**2: torch.ones_like(x**2)."),
    ],
)
def test_a_derivative_inside_says_what_to_write(text: str, hint: str) -> None:
    assert hint in failed(["grad", text, "x=1,2", "w=3"], 1)["hint"]


@each("call, p", [("linalg.cond(x, 1)", ", 1"), ("linalg.cond(x, p='fro')", ", 'fro'")])
def test_what_pytorch_changes_inside_of_a_call_is_no_change_of_the_user(call: str, p: str) -> None:
    """Of [[1, 2], [3, 5]], whose inverse is [[-5, 2], [3, -1]]: 7 * 8, and the sum of squares."""
    hint = failed(["grad", call, "x=[[1,2],[3,5]]"], 1)["hint"]
    instead = f"linalg.norm(x{p}) * linalg.norm(linalg.inv(x){p})"
    assert f"PyTorch that changes it, inside of this call: write the same with other functions, {instead}." in hint
    value = answered(["grad", instead, "x=[[1,2],[3,5]]", "--dtype", "float64"])["output"]["values"]
    assert abs(value - (7 * 8 if p == ", 1" else 39)) < 1e-9
    assert "Change a copy" in failed(["grad", "y = exp(x); y += 1; sum(y)", "x=1"], 1)["hint"]
