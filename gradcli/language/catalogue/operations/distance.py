"""Operations, distance: how far apart vectors are.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("distance")

ROWS = (
    row("cdist", "(x1, x2, p: float = 2.0, compute_mode: str = 'use_mm_for_euclid_dist_if_necessary')"),
    row("cosine_similarity", "(x1, x2, dim: int = 1, eps: float = 1e-08)"),
    row("dist", "(input, other, p: number = 2)", method=True),
    row("pairwise_distance", "(x1, x2, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False)"),
    row("pdist", "(input, p: float = 2.0)"),
)
