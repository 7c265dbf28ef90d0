"""The operators of the language, and for everything else in Python's syntax what to write instead."""

from __future__ import annotations

import ast

from gradcli.exceptions import ExpressionError, Span

UNARY: dict[type[ast.AST], str] = {ast.USub: "neg", ast.UAdd: "positive", ast.Invert: "bitwise_not"}

BINARY: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.BitAnd: "bitwise_and",
    ast.BitOr: "bitwise_or",
    ast.BitXor: "bitwise_xor",
    ast.LShift: "bitwise_left_shift",
    ast.RShift: "bitwise_right_shift",
}

COMPARISON: dict[type[ast.AST], str] = {
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
}

_STATEMENT = "Statements are 'h = ...', 'h += ...', 'h[0] = ...' or an expression, split by ';'."
_REFUSED: dict[type[ast.AST], tuple[str, str]] = {
    ast.BoolOp: ("'and' and 'or' are not in the language", "Combine masks with & and |: (x > 0) & (y > 0)."),
    ast.Not: ("'not' is not in the language", "Negate a mask with ~: ~(x > 0)."),
    ast.IfExp: ("'a if c else b' is not in the language", "Write where(c, a, b)."),
    ast.Compare: ("chained comparisons are not in the language", "Write (a < b) & (b < c)."),
    ast.In: ("'in' is not in the language", "Compare with ==, or use isin(x, values)."),
    ast.NotIn: ("'not in' is not in the language", "Compare with !=, or use ~isin(x, values)."),
    ast.Is: ("'is' is not in the language", "Compare with ==."),
    ast.IsNot: ("'is not' is not in the language", "Compare with !=."),
    ast.Lambda: ("lambdas are not in the language", "Write the expression itself, with its free names."),
    ast.ListComp: ("comprehensions are not in the language", "Write a tensor expression: x**2 works on every element."),
    ast.SetComp: ("comprehensions are not in the language", "Write a tensor expression: x**2 works on every element."),
    ast.DictComp: ("comprehensions are not in the language", "Write a tensor expression: x**2 works on every element."),
    ast.GeneratorExp: ("generators are not in the language", "Write a tensor expression: sum(x**2)."),
    ast.JoinedStr: ("f-strings are not in the language", "Write the text itself."),
    ast.NamedExpr: ("':=' is not in the language", "Name the part before: h = ...; then use h."),
    ast.Starred: ("'*' stands before arguments and in lists only", "Write f(*x.unbind(0)) or [*x.unbind(0)]."),
    ast.keyword: ("'**' arguments are not in the language", "Write the arguments one by one: dim=0."),
    ast.Dict: ("dictionaries are not in the language", "Write a list [1, 2] for a tensor."),
    ast.Set: ("sets are not in the language", "Write a list [1, 2] for a tensor."),
    ast.Constant: ("bytes are not in the language", "Write numbers, or a text such as 'mean'."),
    ast.Await: ("'await' is not in the language", "Write the expression itself."),
    ast.Yield: ("'yield' is not in the language", "Write the expression itself."),
    ast.YieldFrom: ("'yield from' is not in the language", "Write the expression itself."),
    ast.Import: ("imports are not in the language", "PyTorch's functions are there without: exp(x), F.relu(x)."),
    ast.ImportFrom: ("imports are not in the language", "PyTorch's functions are there without: exp(x), F.relu(x)."),
    ast.FunctionDef: ("functions cannot be defined", "Name the parts: h = tanh(x); sum(h**2)."),
    ast.AsyncFunctionDef: ("functions cannot be defined", "Name the parts: h = tanh(x); sum(h**2)."),
    ast.ClassDef: ("classes cannot be defined", "Name the parts: h = tanh(x); sum(h**2)."),
    ast.For: ("loops are not in the language", "Write a tensor expression, or repeat the statement."),
    ast.While: ("loops are not in the language", "Write a tensor expression, or repeat the statement."),
    ast.If: ("'if' is not in the language", "Write where(c, a, b)."),
    ast.Assert: ("'assert' is not in the language", "Write the expression itself."),
    ast.Return: ("'return' is not in the language", "Write the expression itself."),
    ast.With: ("'with' is not in the language", "Write the expression itself, and x.detach() for what is a constant."),
    ast.Delete: ("'del' is not in the language", "Leave it out."),
    ast.Assign: (
        "only a name or an indexed name can be assigned",
        "Write 'h = ...' one name at a time: r = linalg.svd(x); u = r[0].",
    ),
    ast.AugAssign: ("only a name or an indexed name can be updated", "Write 'h += ...' or 'h[0] += ...'."),
    ast.AnnAssign: ("annotations are not in the language", "Write 'h = ...'; bind a dtype with x:float64=1."),
}


def refuse(construct: ast.AST, span: Span) -> ExpressionError:
    """The error for a piece of Python's syntax that is not in the language."""
    message, hint = _REFUSED.get(
        type(construct), (f"'{type(construct).__name__}' statements are not in the language", _STATEMENT)
    )
    return ExpressionError(message, span=span, hint=hint)
