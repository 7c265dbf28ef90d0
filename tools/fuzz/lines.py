"""Command lines of every command, with points, values and options that mostly fit."""

from __future__ import annotations

import json
import re
from random import Random

from gradcli.language import catalogue
from gradcli.language.catalogue.rows import Activation, Loss
from tools.fuzz.case import MARK, Case, quoted
from tools.fuzz.expressions import ATOMS, ODD, ROWS, expression, spoilt

ACTIVATIONS = [row.name for row in ROWS if isinstance(row, Activation)]
LOSSES = [row for row in ROWS if isinstance(row, Loss)]
NAMES = catalogue.function_names()

NUMBERS = (
    "0 1 -1 0.5 -5 1e-8 1e-45 1e30 1e400 -1e308 nan inf -inf -0.0 2**62 pi/2 1e-320 65504 9007199254740993".split()
)
VALUES = (
    "0,1 1,2 -1,0,2 [[1,2],[3,4]] [[1,2,3],[4,5,6]] [[[1.]]] [] nan nan,1 inf,-inf 1e-30,1e30 rand(3) randn(2,3) "
    "randn(2,3,4,4) linspace(-5,5,7) ones(2,2) zeros(3) eye(3) [[0.]] 1e400 0 1 -3.5 1,2 0,1 3 [[1,2],[3,4]] 1,,2 1;2 [1,[2]] True"
).split()
DTYPES = "float16 bfloat16 float32 float64 half bf16 float double int64 bool complex64 int8 floaty".split()
BOUND = "--max-elements"
ENDINGS = ".ndjson .md .npy .npz .pt .safetensors .parquet .py .svg .mmd .dot .html .q".split()
COMMON = (
    ("-t", DTYPES), ("--dtype", DTYPES), ("-f", ["csv", "ndjson", "table", "json", "markdown", "jsn"]), ("--json", None),
    ("--json", None), ("--json", None), ("-p", ["1", "3", "17", "0", "18", "x"]), ("--max-rows", ["1", "3", "0", "100"]),
    ("--seed", ["0", "7", "-1", str(2**63)]), ("--wrt", ["x", "y", "x,y", "q", ","]), ("--frozen", ["x", "y", "x,y", "q"]),
    ("-d", ["cpu", "auto", "cuda", "meta", "mps", "cpu:0", "gpu"]), ("--fail-on", ["error", "warning", "kink", "nan"]),
    ("--emit", ["torch", "torch", "jax"]), ("-o", ["out.json", "out.csv", *(f"out{ending}" for ending in ENDINGS), "/dev/null"]),
    ("-f", ["ndjson", "csv"]),
)  # fmt: skip
"""Options with their values, two sound ones first; None: a flag. --timeout would start a process for each case."""
OWN = {
    "grad": (
        ("--jacobian", None), ("--hessian", None), ("--order", ["1", "2", "3", "0", "99"]), ("--vjp", ["1,2", "1", "none", "x"]),
        ("--jvp", ["1,2", "x=1,2", "y=eye(2)", "none"]), ("--via", ["grad", "backward", "way"]),
        ("--range", ["-1:1:5", "x=-1:1:4", "::", "1:0:3", "0:1:0", "y=0:1:3", "nan:1:3"]), ("--plot", None),
    ),
    "activate": (
        ("--order", ["1", "2", "3"]), ("--depth", ["1", "3", "0"]), ("--plot", None), ("--range", ["-1:1:5", "-9:9:40"]),
        ("--param", ["alpha=2", "negative_slope=0.2", "beta=nan", "dim=0", "approximate=tanh", "q=1", "=", "alpha"]),
    ),
    "loss": (
        ("--reduction", ["mean", "sum", "none", "batchmean", "avg"]), ("--lr", ["0.1", "nan", "1e30"]), ("--vjp", ["1,2"]),
        ("--steps", ["1", "3", "0", "-1"]), ("--param", ["delta=0.5", "beta=0", "margin=1", "p=2", "ignore_index=0"]),
        ("--plot", None), ("--via", ["backward"]),
    ),
    "softmax": (
        ("--dim", ["0", "-1", "1", "9"]), ("--temperature", ["0.5", "0", "1e-40", "inf"]), ("--log", None),
        ("--index", ["0", "-1", "5"]),
    ),
    "retain-demo": (
        ("--calls", ["1", "2", "3", "0"]), ("--retain", ["1", "all", "none", "1", "2,1", "9", "x"]), ("--via", ["backward"]),
    ),
    "trace": (("--path", ["x", "y", "q"]), ("--vjp", ["1,2", "none", "ones(2)"]), ("--tree", None)),
    "check": (),
    "errors": (("--all", None), ("--search", ["scalar", "leaf", "element 0 of tensors", "²"])),
    "explain": (),
    "functions": (("--category", ["loss", "activation", "x"]), ("--search", ["relu", "0", "²"]), ("--all", None)),
    "schema": (),
    "batch": (("--jobs", ["0", "x"]),),
}  # fmt: skip
ENVIRONMENT = {
    "COLUMNS": ["²", "1", "0", "-5", "9" * 30, "7", "80", "\udcff"],
    "GRADCLI_DTYPE": ["half", "", "floaty", "²", "\udcff"],
    "GRADCLI_FORMAT": ["json", "", "jsn", "csv"],
    "GRADCLI_DEVICE": ["cpu", "", "gpu", "cuda:99"],
    "FORCE_COLOR": ["1", ""],
    "NO_COLOR": ["1", ""],
    "TERM": ["dumb", "", "xterm"],
}
COMPUTING = ("grad", "activate", "loss", "softmax", "retain-demo", "trace", "check")
WEIGHTS = {"grad": 8, "trace": 7, "check": 2, "loss": 5, "activate": 3, "softmax": 2, "retain-demo": 2}
REFERENCE = {"errors": 1, "explain": 1, "functions": 2, "schema": 1}


def point(random: Random) -> str:
    chance = random.random()
    if chance < 0.4:
        return random.choice(NUMBERS)
    return random.choice(VALUES) if chance < 0.97 else random.choice(ATOMS)


def binding(random: Random, name: str) -> str:
    dtype = f":{random.choice(DTYPES)}" if random.random() < 0.15 else ""
    return f"{name}{dtype}={point(random)}"


def options(random: Random, command: str) -> list[str]:
    table = (*(COMMON if command in COMPUTING else COMMON[2:6]), *OWN.get(command, ()))
    words: list[str] = []
    for _ in range(random.choice((0, 0, 1, 1, 2, 3))):
        name, values = random.choice(table)
        if values is not None:  # the first ones are sound
            words += [name, random.choice(values[:2] if random.random() < 0.6 else values)]
        else:
            words.append(name)
    if command in COMPUTING:
        words += [BOUND, random.choice(("1000", "20000"))]
    return words


def subject(random: Random, command: str) -> list[str]:
    """The words between a command and its options."""
    bound = [binding(random, "x")]
    if command == "activate":
        names = ",".join(random.choice(ACTIVATIONS) for _ in range(random.choice((1, 1, 2))))
        first = names if random.random() < 0.8 else expression(random)
        return [first, *(point(random) for _ in range(random.randrange(4)))]
    if command == "loss":
        loss = random.choice(LOSSES)
        if random.random() < 0.5:
            example = [f"{name}={value}" for name, value in loss.example]
            return [loss.name, *(spoilt(random, word) if random.random() < 0.1 else word for word in example)]
        return [loss.name, random.choice((point(random), expression(random))), point(random), *bound[:1]]
    if command == "softmax":
        return [point(random) for _ in range(random.choice((1, 2, 3)))]
    if command == "functions":
        return [random.choice(NAMES)] if random.random() < 0.7 else []
    if command == "explain":
        pages = ("dead", "nan-backward", "nan", "unused-input", "error[kink]: x", "element 0 of tensors", "²", "")
        return [random.choice(pages) for _ in range(random.choice((0, 1, 1, 2)))]
    if command in ("errors", "schema"):
        return [random.choice(("grad", "second-backward", "in-place", "trace", "q"))] if random.random() < 0.7 else []
    if command == "retain-demo" and random.random() < 0.1:
        return random.choice(([], ["twice"], ["create-graph"], ["shared"], ["twise"]))
    if random.random() < 0.03:
        return [random.choice(("1", "x[0]", "x.shape[0]", "[x, x]", "2 > 1", "zeros(0)", "x.detach()")), *bound]
    if random.random() < 0.25:
        return [random.choice(NAMES), *(point(random) for _ in range(random.choice((1, 1, 2, 3))))]
    text = expression(random)
    used = [name for name in ("x", "y", "z") if re.search(rf"\b{name}\b", text) or random.random() < 0.05]
    return [text, *(binding(random, name) for name in used)]


def words(random: Random, weights: dict[str, int] = WEIGHTS) -> list[str]:
    """A command line that is mostly sound."""
    command = random.choices(list(weights), list(weights.values()))[0]
    argv = [command, *subject(random, command), *options(random, command)]
    if random.random() < 0.05:
        place = random.randrange(len(argv))
        argv[place] = spoilt(random, argv[place]) if argv[place] else random.choice(ODD)
    if random.random() < 0.02:
        random.shuffle(argv)
    if random.random() < 0.02:
        argv.insert(random.randrange(len(argv) + 1), random.choice((*ODD, "--", "-", "", "--help", "-h", "--version")))
    return argv


def argv(random: Random) -> Case:
    """A command line by itself."""
    environment = {}
    if random.random() < 0.1:
        name = random.choice(list(ENVIRONMENT))
        environment[name] = random.choice(ENVIRONMENT[name])
    stdin = random.choice((b"", b"1 2 3", b"\xff\x00", b"[1, 2"))
    return Case("argv", words(random, {**WEIGHTS, **REFERENCE}), stdin, environment=environment)


def batch(random: Random) -> Case:
    """A few requests, some of them with broken quoting or odd bytes."""
    lines = [_line(random) for _ in range(random.choice((1, 2, 3)))]
    return Case("batch", ["batch"], b"\n".join(lines) + random.choice((b"", b"\n", b"\r\n", b"\n\n#\n")))


def _line(random: Random) -> bytes:
    request = words(random, {**WEIGHTS, **REFERENCE})
    if random.random() < 0.4:
        line = json.dumps(request).encode()
    else:
        line = " ".join(map(quoted if random.random() < 0.1 else _quoted, request)).encode("utf-8", "surrogateescape")
    if random.random() < 0.1:
        place = random.randrange(len(line) + 1)
        odd = (
            b"'",
            b'"',
            b"\\",
            b"\x00",
            b"\xff",
            b"\xef\xbb\xbf",
            b"#",
            b"[",
            b"]",
            b"null",
            b"9" * 5000,
            b"[" * 3000,
        )
        line = line[:place] + random.choice(odd) + line[place + random.choice((0, 0, 1, 9)) :]
    return line.replace(b"\n", b" ")


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"


def emission(random: Random) -> Case:
    """--emit torch, of texts that would like to be programs themselves."""
    weights = {name: weight for name, weight in WEIGHTS.items() if name not in ("check", "activate")}
    argv = words(random, weights)
    if random.random() < 0.6:
        place = min(1, len(argv) - 1)
        first, second = (random.choice(("\r", "\n", "\x0c", "\x85", "\u2028", " ", ";")) for _ in "12")
        argv[place] = random.choice(
            (
                f'"""{first}{MARK}{second}#"""; {argv[place]}',
                f"{first}{MARK}{second}{argv[place]}",
                f"# {first}{MARK}{second}\n x",
                f"{argv[place]}{first}#{MARK}",
            )
        )
    if random.random() < 0.1:
        argv.append(f"{random.choice(('if', '²', 'class', 'OWNED=1;x', 'x.y', 'torch', 'print', '__name__'))}=2")
    return Case("emission", [*argv, "--emit", "torch"])
