"""Expressions over the whole catalogue: arguments that mostly fit, and some that nobody would write."""

from __future__ import annotations

from random import Random

from gradcli.language import catalogue
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import Parameter, signatures_of

ROWS = catalogue.all_rows()

FITTING = {
    "tensor": "x x x y y y[0] x.long() x>0 [1.,2.] 1 rand(1,2,3) randn(2,2,4,4) [0,1] x*1j z eye(3) -x",
    "tensors": "[x,x] [y,y] [x,y] [] x [y,y.T,y]",
    "int": "0 1 2 -1 3 5 10**12 2**31 2**62 -2**63",
    "ints": "1 0 [1,1] [2] [] -1 [0,1] [3,2] [2**31,2]",
    "sizes": "2 [3,2] [None,3] [None] 0 -1 [2,2,2]",
    "number": "1 2.5 0 -1 1j 1e-8 nan inf 2**62",
    "float": "0.5 1 inf 0.0 -1e308 1e-45 nan",
    "floats": "[1.0] 0.5 [0.,1.] []",
    "bool": "True False",
    "str": "'mean' 'none' 'sum' 'L' 'fro' 'nuc' 'tanh' 'ij->j' 'ij,jk' 'reflect' 'bilinear' 'ortho' 'linear'",
    "dtype": "float64 torch.int8 torch.float16 torch.bool torch.complex64",
    "any": "x 1 'a' None",
}
ATOMS = (
    "x x y z y[0] x[0] x.T x>0 -x x.long() x.bool() x.double() x.half() x.bfloat16() x*1j x.shape x.shape[0] x.dtype "
    "zeros(0) zeros(0,3) 1 2 0 -1 0.5 -0.0 inf nan 1e400 1e-320 10**30 2**63 -2**63 2**31 1j pi e True False None ... "
    "[] () [1,2] [[1,2],[3,4]] [[1],[2,3]] [x,y] [None] 'mean' '' 'ij,jk->ik' float64 torch.int8 linalg.svd(y) "
    "max(y,dim=0) x.max(dim=0).values cat([x,x]) randn(2,2,4,4) rand(1,2,3) ones(3,3) eye(2) arange(4) x.detach() "
    "x[None] x[...,0] y[:,0] y[1:] x[::2] tensor(1) tensor([0,1]) empty(0) full([2],7) x.T.T 1_000 0x10 .5 5. 1e-8"
).split()
ENDINGS = (
    "T real imag values S shape sum() mean() a max()[0] mT abs() backward() item() grad data requires_grad".split()
)
OPERATORS = "+ - * / // % ** @ < <= == != & | ^".split()
TEMPLATES = (
    "{call}",
    "{call}",
    "{call}",
    "{call}",
    "sum({call})",
    "mean({call})",
    "{call} {op} {atom}",
    "{atom} {op} {call}",
    "sum({call} {op} {call2})",
    "({atom})[{atom2}]",
    "{call}[{atom2}]",
    "h = {call}; h {op}= {atom}; sum(h)",
    "h = {call}; h[{atom}] = {atom2}; h",
    "h = x.clone(); h.{method}; h",
    "({call}).{ending}",
    "[{call}, {atom}]",
    "where({atom} > 0, {call}, {call2})",
    "log({call})",
    "exp({call})",
    "sqrt({call})",
    "1 / {call}",
    "x * {call}",
    "-{call}",
    "not {call}",
    "({call}",
    "{call})",
    "{atom} if {atom2} else x",
    "torch.{call}",
    "F.{call}",
    "torch.nn.functional.{call}",
    "lambda x: {call}",
)


def call(random: Random, depth: int = 0, row: Row | None = None) -> str:
    """A call of any row of the catalogue."""
    row = row or random.choice(ROWS)
    signature = random.choice(signatures_of(row))
    positional: list[str] = []
    named: list[str] = []
    for parameter in signature.parameters:
        if not parameter.required and random.random() < 0.6:
            continue
        word = argument(random, parameter, depth)
        by_name = parameter.keyword_only or (parameter.name.isidentifier() and random.random() < 0.1)
        (named if by_name or named else positional).append(f"{parameter.name}={word}" if by_name or named else word)
    words = [*positional, *named]
    if not row.function or (row.method and positional and random.random() < 0.4):
        receiver, *rest = words or ["x"]
        return f"({receiver}).{row.name}({', '.join(rest)})"
    return f"{random.choice((row.name, *row.aliases))}({', '.join(words)})"


def argument(random: Random, parameter: Parameter, depth: int) -> str:
    chance = random.random()
    if chance < 0.72:
        return random.choice(FITTING[parameter.kind].split())
    if chance < 0.9 or depth > 1:
        return random.choice(ATOMS)
    return call(random, depth + 1)


def expression(random: Random) -> str:
    """Most are sound; some are cut, or have a character changed."""
    text = random.choice(TEMPLATES).format(
        call=call(random),
        call2=call(random),
        atom=random.choice(ATOMS),
        atom2=random.choice(ATOMS),
        op=random.choice(OPERATORS),
        method=_in_place(random),
        ending=random.choice(ENDINGS),
    )
    return spoilt(random, text) if random.random() < 0.06 else text


def _in_place(random: Random) -> str:
    name, _, rest = call(random, row=random.choice([row for row in ROWS if row.name.endswith("_")])).rpartition("(")
    return f"{name.rpartition('.')[2]}({rest}"


def spoilt(random: Random, text: str) -> str:
    """The text with a piece cut out, doubled or replaced."""
    start, end = sorted(random.randrange(len(text) + 1) for _ in range(2))
    piece = random.choice(("", text[start:end] * 2, random.choice(ODD), random.choice("()[]{}'\"\\,;:=.*@#$")))
    return text[:start] + piece + text[end:]


ODD = (
    "\udcff", "\x00", "\n", "\r", "\r\n", "\t", "\x1b[31m", "\u2028", "\u202e", "\ufeff", "²", "é", "e\u0301", "１", "𝟙",
    "'''", '"""', "\\", "#", "$(id)", "`id`", "%s", "{}", "{0}", "%n", "-" * 60, "(" * 40, "[" * 40, "9" * 400, "x" * 300,
    "__import__('os')", "x.__class__", "OWNED", "import OWNED", "\x85", "\x0b", "\x0c", "\x1c", "\u200b",
)  # fmt: skip
"""Characters and words that have broken programs before."""
