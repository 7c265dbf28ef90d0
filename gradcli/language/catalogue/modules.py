"""Modules of torch.nn without weights or memory, and the function that each of them calls.

`nn.LeakyReLU(0.2)(x)` is `leaky_relu(x, negative_slope=0.2)`: the constructor's arguments, here in its order and with its
defaults, are the function's by name. What a module passes besides stands under `always`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradcli.language.catalogue.rows import Row

Passed = tuple[tuple[str, float | str | bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module(Row):
    """A class of torch.nn whose instances can be called at once.

    signatures: the constructor's. call: the function's name. inputs: how many tensors an instance takes.
    renamed: what the function calls an argument of the constructor.
    always: what an instance passes whatever it was made with; `training` is False behind `.eval()`.
    repeated: arguments that may be one integer where the function takes a list of so many: padding of all ends.
    off: the argument that has to be False, so that there are no weights.
    """

    call: str
    inputs: int = 1
    renamed: tuple[tuple[str, str], ...] = ()
    always: Passed = ()
    repeated: tuple[tuple[str, int], ...] = ()
    off: str | None = None


LEGACY = frozenset({"size_average", "reduce", "min_value", "max_value"})
"""Arguments of PyTorch's past, which hold places and are left at None."""
UNUSED = frozenset({"num_channels", "bias"})
"""Arguments that size the weights that are not there."""

TRAINING: Passed = (("training", True),)
REDUCTION = "size_average: any = None, reduce: any = None, reduction: str = 'mean'"
WEIGHTED = f"weight: tensor? = None, {REDUCTION}"
INDEXED = (
    "weight: tensor? = None, size_average: any = None, ignore_index: int = -100, reduce: any = None, "
    "reduction: str = 'mean'"
)
INPLACE = "inplace: bool = False"
DROPPING = f"p: float = 0.5, {INPLACE}"
MAXIMA = (
    "kernel_size: ints, stride: ints? = None, padding: ints = 0, dilation: ints = 1, return_indices: bool = False, "
    "ceil_mode: bool = False"
)
MEANS = (
    "kernel_size: ints, stride: ints? = None, padding: ints = 0, ceil_mode: bool = False, "
    "count_include_pad: bool = True"
)
FRACTIONS = "kernel_size: ints, output_size: ints? = None, output_ratio: floats? = None, return_indices: bool = False"
UNPOOLED = "kernel_size: ints, stride: ints? = None, padding: ints = 0"


def module(
    name: str,
    call: str,
    constructor: str = "",
    inputs: int = 1,
    *,
    renamed: tuple[tuple[str, str], ...] = (),
    always: Passed = (),
    repeated: tuple[tuple[str, int], ...] = (),
    off: str | None = None,
) -> Module:
    return Module(
        name=f"nn.{name}",
        torch=f"torch.nn.{name}",
        category="module",
        signatures=(f"({constructor})",),
        call=call,
        inputs=inputs,
        renamed=renamed,
        always=always,
        repeated=repeated,
        off=off,
    )


def _pads(kind: str, constructor: str, always: Passed) -> tuple[Module, ...]:
    return tuple(
        module(
            f"{kind}Pad{n}d",
            "pad",
            constructor,
            renamed=(("padding", "pad"),),
            always=always,
            repeated=(("padding", 2 * n),),
        )
        for n in (1, 2, 3)
    )


MODULES = (
    *(module(f"AdaptiveAvgPool{n}d", f"adaptive_avg_pool{n}d", "output_size: sizes") for n in (1, 2, 3)),
    *(
        module(f"AdaptiveMaxPool{n}d", f"adaptive_max_pool{n}d", "output_size: sizes, return_indices: bool = False")
        for n in (1, 2, 3)
    ),
    module("AlphaDropout", "alpha_dropout", DROPPING, always=TRAINING),
    module("AvgPool1d", "avg_pool1d", MEANS),
    *(module(f"AvgPool{n}d", f"avg_pool{n}d", f"{MEANS}, divisor_override: int? = None") for n in (2, 3)),
    module("BCELoss", "bce", WEIGHTED, 2),
    module("BCEWithLogitsLoss", "bce_with_logits", f"{WEIGHTED}, pos_weight: tensor? = None", 2),
    module("CELU", "celu", f"alpha: float = 1.0, {INPLACE}"),
    module("CTCLoss", "ctc", "blank: int = 0, reduction: str = 'mean', zero_infinity: bool = False", 4),
    module("ChannelShuffle", "channel_shuffle", "groups: int"),
    *_pads("Circular", "padding: ints", (("mode", "circular"),)),
    *_pads("Constant", "padding: ints, value: float", ()),
    module("CosineEmbeddingLoss", "cosine_embedding", f"margin: float = 0.0, {REDUCTION}", 3),
    module("CosineSimilarity", "cosine_similarity", "dim: int = 1, eps: float = 1e-08", 2),
    module("CrossEntropyLoss", "cross_entropy", f"{INDEXED}, label_smoothing: float = 0.0", 2),
    *(module(f"Dropout{n}", f"dropout{n}", DROPPING, always=TRAINING) for n in ("", "1d", "2d", "3d")),
    module("ELU", "elu", f"alpha: float = 1.0, {INPLACE}"),
    module("FeatureAlphaDropout", "feature_alpha_dropout", DROPPING, always=TRAINING),
    module("Flatten", "flatten", "start_dim: int = 1, end_dim: int = -1", always=(("start_dim", 1),)),
    module(
        "Fold",
        "fold",
        "output_size: ints, kernel_size: ints, dilation: ints = 1, padding: ints = 0, stride: ints = 1",
    ),
    *(module(f"FractionalMaxPool{n}d", f"fractional_max_pool{n}d", FRACTIONS) for n in (2, 3)),
    module("GELU", "gelu", "approximate: str = 'none'"),
    module("GLU", "glu", "dim: int = -1"),
    module("GaussianNLLLoss", "gaussian_nll", "full: bool = False, eps: float = 1e-06, reduction: str = 'mean'", 3),
    module(
        "GroupNorm",
        "group_norm",
        "num_groups: int, num_channels: int, eps: float = 1e-05, affine: bool = True, *, bias: bool = True",
        off="affine",
    ),
    module("Hardshrink", "hardshrink", "lambd: float = 0.5"),
    module("Hardsigmoid", "hardsigmoid", INPLACE),
    module("Hardswish", "hardswish", INPLACE),
    module(
        "Hardtanh",
        "hardtanh",
        f"min_val: float = -1.0, max_val: float = 1.0, {INPLACE}, min_value: any = None, max_value: any = None",
    ),
    module("HingeEmbeddingLoss", "hinge_embedding", f"margin: float = 1.0, {REDUCTION}", 2),
    module("HuberLoss", "huber", "reduction: str = 'mean', delta: float = 1.0", 2),
    module("KLDivLoss", "kl_div", f"{REDUCTION}, log_target: bool = False", 2),
    module("L1Loss", "l1", REDUCTION, 2),
    module(
        "LPPool1d", "lp_pool1d", "norm_type: float, kernel_size: int, stride: ints? = None, ceil_mode: bool = False"
    ),
    *(
        module(
            f"LPPool{n}d",
            f"lp_pool{n}d",
            "norm_type: float, kernel_size: ints, stride: ints? = None, ceil_mode: bool = False",
        )
        for n in (2, 3)
    ),
    module(
        "LayerNorm",
        "layer_norm",
        "normalized_shape: ints, eps: float = 1e-05, elementwise_affine: bool = True, bias: bool = True",
        repeated=(("normalized_shape", 1),),
        off="elementwise_affine",
    ),
    module("LeakyReLU", "leaky_relu", f"negative_slope: float = 0.01, {INPLACE}"),
    module(
        "LocalResponseNorm",
        "local_response_norm",
        "size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0",
    ),
    module("LogSigmoid", "logsigmoid"),
    module("LogSoftmax", "log_softmax", "dim: int? = None"),
    module("MSELoss", "mse", REDUCTION, 2),
    module("MarginRankingLoss", "margin_ranking", f"margin: float = 0.0, {REDUCTION}", 3),
    *(module(f"MaxPool{n}d", f"max_pool{n}d", MAXIMA) for n in (1, 2, 3)),
    *(module(f"MaxUnpool{n}d", f"max_unpool{n}d", UNPOOLED, 2) for n in (1, 2, 3)),
    module("Mish", "mish", INPLACE),
    module("MultiLabelMarginLoss", "multilabel_margin", REDUCTION, 2),
    module("MultiLabelSoftMarginLoss", "multilabel_soft_margin", WEIGHTED, 2),
    module("MultiMarginLoss", "multi_margin", f"p: int = 1, margin: float = 1.0, {WEIGHTED}", 2),
    module("NLLLoss", "nll", INDEXED, 2),
    module("PairwiseDistance", "pairwise_distance", "p: float = 2.0, eps: float = 1e-06, keepdim: bool = False", 2),
    module("PixelShuffle", "pixel_shuffle", "upscale_factor: int"),
    module("PixelUnshuffle", "pixel_unshuffle", "downscale_factor: int"),
    module(
        "PoissonNLLLoss",
        "poisson_nll",
        "log_input: bool = True, full: bool = False, size_average: any = None, eps: float = 1e-08, "
        "reduce: any = None, reduction: str = 'mean'",
        2,
    ),
    module(
        "RMSNorm",
        "rms_norm",
        "normalized_shape: ints, eps: float? = None, elementwise_affine: bool = True",
        repeated=(("normalized_shape", 1),),
        off="elementwise_affine",
    ),
    module("RReLU", "rrelu", f"lower: float = 0.125, upper: float = {1 / 3}, {INPLACE}", always=TRAINING),
    module("ReLU", "relu", INPLACE),
    module("ReLU6", "relu6", INPLACE),
    *_pads("Reflection", "padding: ints", (("mode", "reflect"),)),
    *_pads("Replication", "padding: ints", (("mode", "replicate"),)),
    module("SELU", "selu", INPLACE),
    module("SiLU", "silu", INPLACE),
    module("Sigmoid", "sigmoid"),
    module("SmoothL1Loss", "smooth_l1", f"{REDUCTION}, beta: float = 1.0", 2),
    module("SoftMarginLoss", "soft_margin", REDUCTION, 2),
    module("Softmax", "softmax", "dim: int? = None"),
    module("Softmin", "softmin", "dim: int? = None"),
    module("Softplus", "softplus", "beta: float = 1.0, threshold: float = 20.0"),
    module("Softshrink", "softshrink", "lambd: float = 0.5"),
    module("Softsign", "softsign"),
    module("Tanh", "tanh"),
    module("Tanhshrink", "tanhshrink"),
    module("Threshold", "threshold", f"threshold: float, value: float, {INPLACE}"),
    module(
        "TripletMarginLoss",
        "triplet_margin",
        f"margin: float = 1.0, p: float = 2.0, eps: float = 1e-06, swap: bool = False, {REDUCTION}",
        3,
    ),
    module("Unflatten", "unflatten", "dim: int, unflattened_size: ints", renamed=(("unflattened_size", "sizes"),)),
    module("Unfold", "unfold", "kernel_size: ints, dilation: ints = 1, padding: ints = 0, stride: ints = 1"),
    module(
        "Upsample",
        "interpolate",
        "size: ints? = None, scale_factor: floats? = None, mode: str = 'nearest', align_corners: bool? = None, "
        "recompute_scale_factor: bool? = None",
    ),
    module(
        "UpsamplingBilinear2d",
        "interpolate",
        "size: ints? = None, scale_factor: floats? = None",
        always=(("mode", "bilinear"), ("align_corners", True)),
    ),
    module(
        "UpsamplingNearest2d",
        "interpolate",
        "size: ints? = None, scale_factor: floats? = None",
        always=(("mode", "nearest"),),
    ),
    *_pads("Zero", "padding: ints", ()),
)

WITH_WEIGHTS = {
    "AdaptiveLogSoftmaxWithLoss": "log_softmax(x @ w, dim=1)",
    **{f"BatchNorm{n}d": "batch_norm(x, None, None, training=True)" for n in (1, 2, 3)},
    "Bilinear": "bilinear(x1, x2, w, b)",
    **{f"Conv{n}d": f"conv{n}d(x, w, b)" for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": f"conv_transpose{n}d(x, w, b)" for n in (1, 2, 3)},
    "Embedding": "embedding(t, w)",
    "EmbeddingBag": "embedding_bag(t, w, offsets)",
    "GRU": "sigmoid(x @ w + h @ u)",
    "GRUCell": "sigmoid(x @ w + h @ u)",
    "GroupNorm": "group_norm(x, num_groups, w, b)",
    **{f"InstanceNorm{n}d": "instance_norm(x)" for n in (1, 2, 3)},
    "LSTM": "sigmoid(x @ w + h @ u)",
    "LSTMCell": "sigmoid(x @ w + h @ u)",
    "LayerNorm": "layer_norm(x, normalized_shape, w, b)",
    "Linear": "linear(x, w, b)",
    "MultiheadAttention": "scaled_dot_product_attention(q, k, v)",
    "PReLU": "prelu(x, w)",
    "RMSNorm": "rms_norm(x, normalized_shape, w)",
    "RNN": "tanh(x @ w + h @ u)",
    "RNNCell": "tanh(x @ w + h @ u)",
    "SyncBatchNorm": "batch_norm(x, None, None, training=True)",
}
"""Modules that hold what is learned or remembered, and what one writes with tensors of one's own."""

_BY_NAME = {row.name.removeprefix("nn."): row for row in MODULES}


def find_module(name: str) -> Module | None:
    """The module of that name, `nn.ReLU` or `ReLU`."""
    return _BY_NAME.get(name.removeprefix("nn.").removeprefix("modules."))


def weights_of(name: str) -> str | None:
    """For a module with weights, what to write instead."""
    return WITH_WEIGHTS.get(name.removeprefix("nn.").removeprefix("modules."))
