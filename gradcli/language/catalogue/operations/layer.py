"""Operations, layer: the functions behind the layers of a network.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("layer")

ROWS = (
    row("affine_grid", "(theta, size: ints, align_corners: bool? = None)", torch="torch.nn.functional.affine_grid"),
    row("bilinear", "(input1, input2, weight, bias: tensor? = None)"),
    row("channel_shuffle", "(input, groups: int)"),
    row(
        "embedding",
        "(input, weight, padding_idx: int? = None, max_norm: float? = None, norm_type: float = 2.0, "
        "scale_grad_by_freq: bool = False)",
        torch="torch.nn.functional.embedding",
    ),
    row(
        "embedding_bag",
        "(input, weight, offsets: tensor? = None, max_norm: float? = None, norm_type: float = 2, "
        "scale_grad_by_freq: bool = False, mode: str = 'mean', *, per_sample_weights: tensor? = None, "
        "include_last_offset: bool = False, padding_idx: int? = None)",
        torch="torch.nn.functional.embedding_bag",
    ),
    row(
        "grid_sample",
        "(input, grid, mode: str = 'bilinear', padding_mode: str = 'zeros', align_corners: bool? = None)",
        torch="torch.nn.functional.grid_sample",
    ),
    row(
        "interpolate",
        "(input, size: ints? = None, scale_factor: floats? = None, mode: str = 'nearest', "
        "align_corners: bool? = None, recompute_scale_factor: bool? = None, antialias: bool = False)",
        torch="torch.nn.functional.interpolate",
    ),
    row("linear", "(input, weight, bias: tensor? = None)", torch="torch.nn.functional.linear"),
    row("one_hot", "(input, num_classes: int = -1)", torch="torch.nn.functional.one_hot"),
    row("pixel_shuffle", "(input, upscale_factor: int)"),
    row("pixel_unshuffle", "(input, downscale_factor: int)"),
    row(
        "scaled_dot_product_attention",
        "(query, key, value, attn_mask: tensor? = None, dropout_p: float = 0.0, is_causal: bool = False, *, "
        "scale: float? = None, enable_gqa: bool = False)",
        torch="torch.nn.functional.scaled_dot_product_attention",
    ),
)
