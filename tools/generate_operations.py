"""Write `gradcli/language/catalogue/generated.py` from PyTorch's own schemas.

    python tools/generate_operations.py           # rewrite the file
    python tools/generate_operations.py --check   # exit code 1 if it would change

What is chosen, and what is known about it, stands in the tables below and is reviewed by people; names, order,
kinds and defaults of the arguments come from PyTorch. To add an operation, add its name to a category.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType

import torch
from torch.nn import functional

from gradcli.language.catalogue.operations import PATHS, in_place

GENERATED = Path(__file__).parent.parent / "gradcli" / "language" / "catalogue" / "generated.py"


@dataclass(frozen=True)
class Category:
    """names: `name` or `name=alias,alias`; a `~` in front flips `elementwise` for that name."""

    name: str
    about: str
    names: str
    elementwise: bool = False


CATEGORIES = (
    Category(
        "elementwise",
        "arithmetic, powers, trigonometry, rounding: each element on its own",
        """
        abs=absolute acos=arccos acosh=arccosh add addcdiv addcmul asin=arcsin asinh=arcsinh atan2=arctan2
        atanh=arctanh bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor ceil
        clamp=clip clamp_max clamp_min copysign cos cosh deg2rad div=divide,true_divide exp2=special.exp2
        expm1=special.expm1 float_power floor floor_divide fmax fmin fmod frac frexp gcd hypot lcm ldexp lerp log log10
        log2 logaddexp logaddexp2 maximum minimum mul=multiply nan_to_num neg=negative nextafter
        positive pow rad2deg reciprocal remainder round=special.round rsqrt rsub sgn sinc=special.sinc sinh square
        sub=subtract tan trunc=fix where
        """,
        elementwise=True,
    ),
    Category(
        "special",
        "special functions of mathematics",
        """
        digamma=special.digamma,special.psi erfc=special.erfc erfinv=special.erfinv i0=special.i0
        igamma=special.gammainc igammac=special.gammaincc lgamma=special.gammaln logit=special.logit
        mvlgamma=special.multigammaln polygamma=special.polygamma xlogy=special.xlogy special.airy_ai
        special.bessel_j0 special.bessel_j1 special.bessel_y0 special.bessel_y1 special.chebyshev_polynomial_t
        special.chebyshev_polynomial_u special.chebyshev_polynomial_v special.chebyshev_polynomial_w special.entr
        special.erfcx special.hermite_polynomial_h special.hermite_polynomial_he special.i0e special.i1 special.i1e
        special.laguerre_polynomial_l special.legendre_polynomial_p special.log_ndtr special.modified_bessel_i0
        special.modified_bessel_i1 special.modified_bessel_k0 special.modified_bessel_k1 special.ndtr special.ndtri
        special.scaled_modified_bessel_k0 special.scaled_modified_bessel_k1 special.shifted_chebyshev_polynomial_t
        special.shifted_chebyshev_polynomial_u special.shifted_chebyshev_polynomial_v
        special.shifted_chebyshev_polynomial_w special.spherical_bessel_j0 special.xlog1py special.zeta
        """,
        elementwise=True,
    ),
    Category(
        "comparison",
        "comparisons, masks, logic",
        """
        ~allclose eq ~equal ge=greater_equal gt=greater isclose isfinite ~isin isinf isnan isneginf isposinf isreal
        le=less_equal logical_and logical_not logical_or logical_xor lt=less ne=not_equal signbit
        """,
        elementwise=True,
    ),
    Category(
        "reduction",
        "many elements to one, over all or some dimensions",
        """
        all amax amin aminmax any argmax argmin count_nonzero kthvalue logsumexp=special.logsumexp max mean median min
        mode nanmean nanmedian nanquantile nansum norm prod quantile std std_mean sum sum_to_size trapezoid=trapz var
        var_mean
        """,
    ),
    Category(
        "cumulative",
        "running sums, differences, and their like",
        "cummax cummin cumprod cumsum cumulative_trapezoid diff gradient logcumsumexp",
    ),
    Category(
        "sorting",
        "order, ranks, counts",
        "argsort bincount bucketize histc msort searchsorted sort topk unique unique_consecutive",
    ),
    Category(
        "linear algebra",
        "products, decompositions, solvers, norms of vectors and matrices",
        """
        addbmm addmm addmv addr adjoint baddbmm block_diag bmm cholesky cholesky_inverse cholesky_solve corrcoef cov
        cross det dot einsum geqrf inner inverse kron linalg.cholesky linalg.cholesky_ex linalg.cond linalg.cross
        linalg.det linalg.diagonal linalg.eig linalg.eigh linalg.eigvals linalg.eigvalsh linalg.householder_product
        linalg.inv linalg.inv_ex linalg.ldl_factor linalg.ldl_factor_ex linalg.ldl_solve linalg.lstsq linalg.lu
        linalg.lu_factor linalg.lu_factor_ex linalg.lu_solve linalg.matmul linalg.matrix_exp linalg.matrix_norm
        linalg.matrix_power linalg.matrix_rank linalg.multi_dot linalg.norm linalg.pinv linalg.qr linalg.slogdet
        linalg.solve linalg.solve_ex linalg.solve_triangular linalg.svd linalg.svdvals linalg.tensorinv
        linalg.tensorsolve linalg.vander linalg.vecdot linalg.vector_norm logdet lu_unpack matmul matrix_exp
        matrix_power mm mv orgqr ormqr outer=ger pinverse qr slogdet svd tensordot trace triangular_solve ~tril ~triu
        vander vdot
        """,
    ),
    Category(
        "distance",
        "how far apart vectors are",
        "cdist cosine_similarity dist pairwise_distance pdist",
    ),
    Category(
        "shape",
        "the same elements in another arrangement",
        """
        atleast_1d atleast_2d atleast_3d broadcast_tensors broadcast_to cartesian_prod cat=concat,concatenate chunk
        Tensor.unfold as_strided column_stack combinations constant_pad_nd diag diag_embed diagflat diagonal
        diagonal_scatter dsplit dstack expand expand_as flatten flip fliplr flipud hsplit hstack meshgrid
        movedim=moveaxis narrow narrow_copy pad permute ravel repeat repeat_interleave reshape reshape_as roll rot90
        select_scatter slice_scatter split split_with_sizes squeeze stack swapaxes t tensor_split tile
        transpose=swapdims unbind unflatten unsqueeze view view_as vsplit vstack=row_stack
        """,
    ),
    Category(
        "indexing",
        "elements picked or placed by index or mask",
        """
        argwhere gather index_add index_copy index_fill index_put index_reduce index_select ~masked_fill masked_scatter
        masked_select nonzero put scatter scatter_add scatter_reduce select take take_along_dim tril_indices
        triu_indices unravel_index
        """,
    ),
    Category(
        "creation",
        "tensors from nothing but numbers",
        """
        arange bartlett_window blackman_window eye full ~full_like hamming_window hann_window kaiser_window linspace
        logspace new_full new_ones new_zeros ones ~ones_like
        tensor=BFloat16Tensor,BoolTensor,ByteTensor,CharTensor,DoubleTensor,FloatTensor,HalfTensor,IntTensor,LongTensor,ShortTensor,Tensor,as_tensor,asarray
        zeros ~zeros_like
        """,
    ),
    Category(
        "random",
        "random numbers, and functions that draw them",
        """
        ~alpha_dropout ~bernoulli binomial ~dropout ~dropout1d ~dropout2d ~dropout3d ~feature_alpha_dropout
        gumbel_softmax multinomial ~normal poisson rand ~rand_like randint ~randint_like randn ~randn_like randperm
        """,
    ),
    Category(
        "layer",
        "the functions behind the layers of a network",
        """
        affine_grid bilinear channel_shuffle embedding embedding_bag grid_sample interpolate linear one_hot
        pixel_shuffle pixel_unshuffle scaled_dot_product_attention
        """,
    ),
    Category(
        "convolution",
        "convolutions and their building blocks",
        "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d fold unfold",
    ),
    Category(
        "pooling",
        "means and maxima over windows",
        """
        adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d
        adaptive_max_pool3d avg_pool1d avg_pool2d avg_pool3d fractional_max_pool2d fractional_max_pool3d lp_pool1d
        lp_pool2d lp_pool3d max_pool1d max_pool2d max_pool3d max_unpool1d max_unpool2d max_unpool3d
        """,
    ),
    Category(
        "normalization",
        "scaling by statistics of the elements",
        "batch_norm group_norm instance_norm layer_norm local_response_norm normalize renorm rms_norm",
    ),
    Category(
        "complex numbers",
        "made, taken apart, conjugated",
        "angle complex conj conj_physical imag polar real resolve_conj resolve_neg ~view_as_complex ~view_as_real",
        elementwise=True,
    ),
    Category(
        "fourier",
        "discrete Fourier transforms",
        """
        fft.fft fft.fft2 fft.fftfreq fft.fftn fft.fftshift fft.hfft fft.hfft2 fft.hfftn fft.ifft fft.ifft2 fft.ifftn
        fft.ifftshift fft.ihfft fft.ihfft2 fft.ihfftn fft.irfft fft.irfft2 fft.irfftn fft.rfft fft.rfft2 fft.rfftfreq
        fft.rfftn istft stft
        """,
    ),
    Category(
        "conversion",
        "another dtype, another copy, out of the graph",
        """
        bfloat16 bool byte cdouble cfloat char clone contiguous detach double float half int long short to type
        type_as
        """,
        elementwise=True,
    ),
    Category("shape query", "sizes as Python integers", "dim=ndimension numel=nelement size"),
    Category(
        "in-place",
        "methods that change their tensor",
        """
        abs_=absolute_ acos_=arccos_ acosh_=arccosh_ add_ ~addbmm_ addcdiv_ addcmul_ ~addmm_ ~addmv_ ~addr_
        asin_=arcsin_ asinh_=arcsinh_ atan2_=arctan2_ atan_=arctan_ atanh_=arctanh_ ~baddbmm_ bernoulli_ bitwise_and_
        bitwise_left_shift_ bitwise_not_ bitwise_or_ bitwise_right_shift_ bitwise_xor_ cauchy_ ceil_ celu_ clamp_=clip_
        clamp_max_ clamp_min_ copy_ copysign_ cos_ cosh_ ~cumprod_ ~cumsum_ deg2rad_ detach_ digamma_
        div_=divide_,true_divide_ elu_ eq_ erf_ erfc_ erfinv_ exp2_ exp_ expm1_ exponential_ fill_ fill_diagonal_
        float_power_ floor_ floor_divide_ fmod_ frac_ gcd_ ge_=greater_equal_ geometric_ gt_=greater_ hardtanh_
        heaviside_ hypot_ i0_ igamma_ igammac_ ~index_add_ ~index_copy_ ~index_fill_ ~index_put_ ~index_reduce_ lcm_
        ldexp_ le_=less_equal_ leaky_relu_ lerp_ lgamma_ log10_ log1p_ log2_ log_ log_normal_ logical_and_ logical_not_
        logical_or_ logical_xor_ logit_ lt_=less_ masked_fill_ ~masked_scatter_ mul_=multiply_ mvlgamma_ nan_to_num_
        ne_=not_equal_ neg_=negative_ nextafter_ normal_ polygamma_ pow_ ~put_ rad2deg_ random_ reciprocal_ relu_
        remainder_ ~renorm_ requires_grad_ round_ rrelu_ rsqrt_ ~scatter_ ~scatter_add_ ~scatter_reduce_ selu_ sgn_
        sigmoid_ sign_ sin_ sinc_ sinh_ sqrt_ square_ ~squeeze_ sub_=subtract_ ~swapaxes_ ~t_ tan_ tanh_ threshold_
        ~transpose_=swapdims_ tril_ triu_ trunc_=fix_ uniform_ ~unsqueeze_ xlogy_ zero_
        """,
        elementwise=True,
    ),
)

CHOSEN = {
    word.lstrip("~").partition("=")[0]: category.name for category in CATEGORIES for word in category.names.split()
}
"""The category of each name."""

DTYPE_METHODS = "bfloat16 bool byte cdouble cfloat char double float half int long short"

OVERRIDES = {
    "copy_": ("(input, other)",),  # the schema says `src`, the method takes `other`
    "einsum": ("(equation: str, *operands)",),
    "unique": (
        "(input, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int? = None)",
    ),
    "unique_consecutive": ("(input, return_inverse: bool = False, return_counts: bool = False, dim: int? = None)",),
    "size": ("(input)", "(input, dim: int)"),
    "to": ("(input, dtype: dtype)", "(input, tensor)"),
    "type": ("(input, dtype: dtype)",),
    "Tensor.unfold": ("(input, dimension: int, size: int, step: int)",),
    "tensor": ("(obj: any, *, dtype: dtype? = None, requires_grad: bool = False)",),
    **dict.fromkeys(DTYPE_METHODS.split(), ("(input)",)),
}
"""Where PyTorch's own answer is `*args`, or an overload would move data between devices."""

KINDS = {
    **{
        (f"adaptive_{kind}_pool{n}d", "output_size"): "sizes"  # None keeps a size as it is
        for kind in ("avg", "max")
        for n in (1, 2, 3)
    },
    ("cdist", "compute_mode"): "str",
    ("cdist", "p"): "float",
    ("cdist", "x1"): "tensor",
    ("cdist", "x2"): "tensor",
    ("fractional_max_pool2d", "output_ratio"): "floats?",
    ("fractional_max_pool3d", "output_ratio"): "floats?",
    ("interpolate", "scale_factor"): "floats?",
    ("interpolate", "size"): "ints?",
    ("norm", "dim"): "ints?",
    ("norm", "dtype"): "dtype?",
    ("norm", "input"): "tensor",
    ("norm", "keepdim"): "bool",
    ("norm", "p"): "any",
    ("split", "split_size_or_sections"): "ints",
    ("tensordot", "a"): "tensor",
    ("tensordot", "b"): "tensor",
    ("tensordot", "dims"): "any",
    ("unravel_index", "shape"): "ints",
}
"""Kinds that PyTorch's Python functions do not annotate, or annotate too narrowly."""

NOT_METHODS = {"polygamma", "unfold", "where"}
"""Methods of another meaning or order of arguments than the function of their name: of `unfold` the method has a row of
its own, the other two are turned round by the parser."""

DROPPED_ARGUMENTS = {
    "copy", "device", "generator", "implicit", "inplace", "layout", "memory_format", "non_blocking", "out", "path",
    "pin_memory", "sparse", "sparse_grad",
}  # fmt: skip
"""Arguments that say where a tensor lives, that write into another one, or that ask for sparse gradients."""

DROPPED_OVERLOADS = {("view", "dtype"), ("where", "")}
"""`view(dtype)` reads the bytes of a tensor as something else; `where(condition)` is `nonzero`."""

IN_PYTHON = {"Tensor": "tensor", "int": "int", "float": "float", "bool": "bool", "str": "str", "list[int]": "ints"}
IN_SCHEMAS = {
    "Tensor": "tensor", "Tensor[]": "tensors", "Tensor?[]": "tensors", "Scalar": "number", "Scalar[]": "floats",
    "int": "int",
    "SymInt": "int", "int[]": "ints", "SymInt[]": "ints", "float": "float", "float[]": "floats", "bool": "bool",
    "str": "str", "ScalarType": "dtype",
}  # fmt: skip
GRADIENT_OF_A_LEAF = ("requires_grad", "bool", "False")
SCALAR_TYPES = {"4": "int64"}


@dataclass(frozen=True)
class Argument:
    name: str
    kind: str
    default: str | None
    keyword_only: bool
    variadic: bool = False

    def __str__(self) -> str:
        star = "*" if self.variadic else ""
        kind = "" if self.kind == "tensor" else f": {self.kind}"
        if self.default is None:
            return f"{star}{self.name}{kind}"
        return f"{star}{self.name}{kind or ': tensor'} = {self.default}"


def signature_text(arguments: tuple[Argument, ...]) -> str:
    words = [str(argument) for argument in arguments]
    first = next((i for i, argument in enumerate(arguments) if argument.keyword_only), None)
    if first is not None and not any(argument.variadic for argument in arguments):
        words.insert(first, "*")
    return f"({', '.join(words)})"


def schemas(name: str) -> list[str]:
    """PyTorch's overloads of a name as text: those that take tensors, and write into no `out`."""
    texts = []
    for schema in torch._C._jit_get_schemas_for_operator(f"aten::{name.replace('.', '_')}"):
        text = str(schema)
        head = text[text.index("(") : text.rindex(" -> ")]
        overload = schema.overload_name
        if not torch._C._dispatch_has_kernel(f"{schema.name}.{overload}".removesuffix(".")):
            continue  # of TorchScript alone
        if "out" in overload.split("_") or "Dimname" in head or "prim_" in overload or overload == "hacked_twin":
            continue
        if (name, overload) in DROPPED_OVERLOADS or "out_dtype" in head:
            continue
        if "!)" in head and not name.endswith("_"):
            continue
        texts.append(head)
    return texts


def arguments_of_schema(text: str) -> tuple[Argument, ...] | None:
    """The arguments of `(Tensor(a!) self, int[1]? dim=None, *, ...)`, or None if they are not for people."""
    text = re.sub(r"\((a|b)!?( -> \*)?\)", "", text[1:-1])
    arguments, keyword_only = [], False
    for part in re.split(r", (?![^\[]*\])", text):
        if part == "*":
            keyword_only = True
            continue
        type_, _, rest = part.partition(" ")
        name, _, default = rest.partition("=")
        kind = re.sub(r"\[\d+\]", "[]", type_)
        optional = "?" if kind.endswith("?") else ""
        if name in DROPPED_ARGUMENTS or name.startswith("_"):
            continue
        if kind.removesuffix("?") not in IN_SCHEMAS:
            return None
        kind = IN_SCHEMAS[kind.removesuffix("?")]
        given = None
        if default:
            value = SCALAR_TYPES.get(default, default) if kind == "dtype" else repr(ast.literal_eval(default))
            given = value
        arguments.append(Argument("input" if name == "self" else name, kind + optional, given, keyword_only))
    return tuple(arguments)


def from_schemas(name: str) -> list[tuple[Argument, ...]]:
    found = [arguments_of_schema(text) for text in schemas(name)]
    overloads = [arguments for arguments in dict.fromkeys(found) if arguments]
    strict = {tuple(a.name for a in arguments): arguments for arguments in overloads if is_strict(arguments)}
    answer = []
    for arguments in overloads:
        model = strict.get(tuple(a.name for a in arguments), arguments)
        pairs = zip(arguments, model, strict=True)
        answer.append(tuple(Argument(a.name, a.kind, a.default, m.keyword_only) for a, m in pairs))
    if any(has_tensor(arguments) for arguments in answer):
        answer = [arguments for arguments in answer if has_tensor(arguments)] + [
            arguments for arguments in answer if not has_tensor(arguments) and arguments[-1].name == "dtype"
        ]
    return sorted(answer, key=order)


def is_strict(arguments: tuple[Argument, ...]) -> bool:
    """Whether arguments stand behind a `*`: PyTorch's parser merges such an overload with its numeric sibling."""
    return any(argument.keyword_only for argument in arguments)


def has_tensor(arguments: tuple[Argument, ...]) -> bool:
    return any(argument.kind.startswith("tensor") for argument in arguments)


def order(arguments: tuple[Argument, ...]) -> tuple[int, int, str]:
    """Short overloads first, and tensors before numbers."""
    numbers = sum(not argument.kind.startswith("tensor") for argument in arguments)
    return (len(arguments), numbers, signature_text(arguments))


def from_python(name: str, function: FunctionType) -> list[tuple[Argument, ...]]:
    parameters = inspect.signature(function).parameters.values()
    arguments, moved = [], False
    for parameter in parameters:
        if parameter.name in DROPPED_ARGUMENTS - {"inplace"} or parameter.name.startswith("_"):
            moved = True  # what stands behind it has lost its place
            continue
        variadic = parameter.kind is inspect.Parameter.VAR_POSITIONAL
        default = None if parameter.default is inspect.Parameter.empty else repr(parameter.default)
        kind = "tensor" if variadic else KINDS.get((name, parameter.name)) or annotated(name, parameter)
        keyword_only = moved or parameter.kind is inspect.Parameter.KEYWORD_ONLY
        arguments.append(Argument(parameter.name, kind, default, keyword_only, variadic))
    return [tuple(arguments)]


def annotated(name: str, parameter: inspect.Parameter) -> str:
    text = inspect.formatannotation(parameter.annotation).replace("torch.Tensor", "Tensor")
    optional = "?" if text.endswith(" | None") else ""
    text = text.removesuffix(" | None")
    if text in ("None", "NoneType"):  # BroadcastingList is None at run time
        return "ints?" if parameter.default is None else "ints"
    if text == "int | float":
        return "float" + optional
    if text not in IN_PYTHON:
        raise SystemExit(f"{name}: the kind of '{parameter.name}' is not known, add it to KINDS ({text})")
    return IN_PYTHON[text] + optional


def python_function(name: str) -> FunctionType | None:
    """The Python function behind a name, None if it is one of PyTorch's own operators."""
    for owner in (functional, torch):
        function = getattr(owner, name, None)
        if not inspect.isfunction(function):
            continue
        if list(inspect.signature(function).parameters) == ["args", "kwargs"]:  # dispatched on return_indices
            function = getattr(owner, f"_{name}")
        assert isinstance(function, FunctionType)
        return function
    return None


def path_of(name: str) -> str:
    if name in PATHS:
        return PATHS[name]
    if inspect.isfunction(getattr(functional, name, None)):
        return f"torch.nn.functional.{name}"
    owner, _, last = name.rpartition(".")
    target = getattr(torch, last, None)
    if owner or (callable(target) and not isinstance(target, torch.dtype)):
        return f"torch.{name}"
    if callable(getattr(functional, name, None)):
        return f"torch.nn.functional.{name}"
    return f"torch.Tensor.{name}"


def signatures(name: str, category: str) -> tuple[str, ...]:
    if name in OVERRIDES:
        return OVERRIDES[name]
    function = None if "." in name else python_function(name)
    overloads = from_python(name, function) if function else from_schemas(name)
    if not overloads:
        raise SystemExit(f"{name}: PyTorch has no schema for it")
    if category == "creation" or name in ("rand", "randn", "randint", "rand_like", "randn_like"):
        leaf = Argument(*GRADIENT_OF_A_LEAF, keyword_only=True)
        overloads = [(*arguments, leaf) for arguments in overloads]
    return tuple(dict.fromkeys(signature_text(arguments) for arguments in overloads))


def row(word: str, category: Category) -> str:
    """A line of the file: a name with its aliases, its marks, its signatures unless they follow from another row."""
    flipped = word.startswith("~")
    name, _, aliases = word.removeprefix("~").partition("=")
    path = path_of(name)
    bare = name.removeprefix("Tensor.")
    in_functional = path.startswith("torch.nn.functional.")
    method = name not in NOT_METHODS and callable(getattr(torch.Tensor, bare, None))
    marks = {
        "n": in_functional,
        "t": path == f"torch.Tensor.{bare}",
        "f": not path.startswith("torch.Tensor.") or (category.name == "conversion" and name != "type"),
        "m": method and not (in_functional and not hasattr(torch, name)),
        "p": category.elementwise is not flipped,
    }
    words = [f"{name}={','.join(sorted(aliases.split(',')))}" if aliases else name]
    words.append("".join(mark for mark, is_set in marks.items() if is_set))
    texts = signatures(name, category.name)
    twin = name.removesuffix("_")
    if twin == name or twin not in CHOSEN or texts != in_place(signatures(twin, CHOSEN[twin])):
        words += texts
    return f"        ({', '.join(map(quoted, words))}),"


def quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


HEADER = '''"""Operations by category, and the parts of results: data for `operations.py`, which says how a row is read.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

# fmt: off
'''


def written() -> str:
    """The whole file."""
    lines = [f"{HEADER}ROWS: dict[str, tuple[tuple[str, ...], ...]] = {{"]
    for category in sorted(CATEGORIES, key=lambda category: category.name):
        words = sorted(category.names.split(), key=lambda word: word.lstrip("~").partition("=")[0])
        lines += [f"    {quoted(category.name)}: (  # {category.about}", *(row(w, category) for w in words), "    ),"]
    fields = ", ".join(map(quoted, sorted(set(result_fields()))))
    lines += ["}", f"RESULT_FIELDS = frozenset(({fields}))"]
    return "\n".join(lines) + '\n"""Parts of the named tuples that PyTorch returns, `values` of `max(x, dim=0)`."""\n'


def result_fields() -> Iterator[str]:
    """The fields of the named tuples of the chosen operations."""
    chosen = {name.replace(".", "_") for name in CHOSEN}
    for name in dir(torch.return_types):
        result = getattr(torch.return_types, name)
        if name in chosen and isinstance(result, type):
            yield from getattr(result, "__match_args__", ())


def main(words: list[str]) -> int:
    text = written()
    stale = not GENERATED.exists() or GENERATED.read_text(encoding="utf-8") != text
    if "--check" in words:
        if stale:
            print(f"{GENERATED} is not what the generator writes")
        return int(stale)
    GENERATED.write_text(text, encoding="utf-8")
    print(f"{GENERATED} was {'changed' if stale else 'up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
