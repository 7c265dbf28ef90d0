"""Notation of mathematics that Python does not read, as what is meant: `2x`, `sin x`, `|x|`, `x²`."""

from __future__ import annotations

import ast
import re
import warnings

from gradcli.language import catalogue

_LONGEST = 500
"""Characters of a text that is written anew."""
_SIGNS = {
    "×": "*", "·": "*", "⋅": "*", "÷": "/", "−": "-", "–": "-", "π": "pi", "√": "sqrt", "σ": "sigmoid", "∞": "inf",
    "≤": "<=", "≥": ">=", "≠": "!=", "’": "'", "‘": "'", "“": '"', "”": '"',
}  # fmt: skip
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_WORDS = frozenset(("and", "or", "not", "in", "is", "if", "else", "for", "lambda"))
_SHORT = r"\b[A-Za-z]\w?"
"""A name of a number, rather than a word of a sentence."""
_RULES = (
    (re.compile(r"\|([^|]+)\|"), r"abs(\1)"),
    (re.compile(r"([A-Za-z_]\w*|\d+|\([^()]*\))!(?!=)"), r"exp(lgamma(\1 + 1))"),
    (re.compile(r"/[ ]*(\d[\d.]*[A-Za-z]\w*)(?![\w(])"), r"/(\1)"),  # 1/2x
    (re.compile(r"(?<![\w.])(?!0[box])(\d+\.?\d*|\.\d+)(?!e[+-]?\d)(?=[A-Za-z])"), r"\1*"),  # 2x
    (re.compile(rf"({_SHORT}|\b\d[\d.]*|[)\]])[ ]+(?={_SHORT}\b|\d|\w*\()"), r"\1*"),  # x y
    (re.compile(r"(\)|(?<![\w.])\d[\d.]*)(?=\()"), r"\1*"),  # 2(x), (x)(y)
    (re.compile(r"\)(?=\w)"), ")*"),
)


def in_python(text: str) -> str | None:
    """The text with the signs and the multiplications of Python; None where that is no expression of it either."""
    if len(text) > _LONGEST or _WORDS & set(re.findall(r"[a-z]+", text)) or "'" in text or '"' in text:
        return None
    written = text.strip()
    written = re.sub(r"√\s*(\w[\w.]*)", r"sqrt(\1)", written)
    written = re.sub(r"‖([^‖]+)‖", r"norm(\1)", written)
    written = re.sub(r"π(?=\w)", "pi*", written)
    for sign, meant in _SIGNS.items():
        written = written.replace(sign, meant)
    written = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda power: f"**{power.group().translate(_RAISED)}", written)
    written = re.sub(r"\b([A-Za-z]\w*)[ ]+(\w[\w.]*(?:\([^()]*\))?)", _call, written)
    for pattern, replacement in _RULES:
        written = pattern.sub(replacement, written)
    return written if written != text.strip() and _is_python(written) else None


def _call(found: re.Match[str]) -> str:
    """`sin x` as `sin(x)`, where the first word is a function."""
    row = catalogue.find(found[1])
    return f"{found[1]}({found[2]})" if row is not None and row.function else found[0]


def _is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
