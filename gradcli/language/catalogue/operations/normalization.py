"""Operations, normalization: scaling by statistics of the elements.

Written by tools/generate_operations.py from PyTorch's schemas: change that, not this.
"""

from gradcli.language.catalogue.operations.table import category

row = category("normalization")

ROWS = (
    row(
        "batch_norm",
        "(input, running_mean: tensor?, running_var: tensor?, weight: tensor? = None, bias: tensor? = None, "
        "training: bool = False, momentum: float = 0.1, eps: float = 1e-05)",
        torch="torch.nn.functional.batch_norm",
    ),
    row(
        "group_norm",
        "(input, num_groups: int, weight: tensor? = None, bias: tensor? = None, eps: float = 1e-05)",
        torch="torch.nn.functional.group_norm",
    ),
    row(
        "instance_norm",
        "(input, running_mean: tensor? = None, running_var: tensor? = None, weight: tensor? = None, "
        "bias: tensor? = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-05)",
        torch="torch.nn.functional.instance_norm",
    ),
    row(
        "layer_norm",
        "(input, normalized_shape: ints, weight: tensor? = None, bias: tensor? = None, eps: float = 1e-05)",
        torch="torch.nn.functional.layer_norm",
    ),
    row(
        "local_response_norm",
        "(input, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0)",
        torch="torch.nn.functional.local_response_norm",
    ),
    row(
        "normalize",
        "(input, p: float = 2.0, dim: int = 1, eps: float = 1e-12)",
        torch="torch.nn.functional.normalize",
        subject="normalize(x, dim=0)",
    ),
    row("renorm", "(input, p: number, dim: int, maxnorm: number)", method=True),
    row(
        "rms_norm",
        "(input, normalized_shape: ints, weight: tensor? = None, eps: float? = None)",
        torch="torch.nn.functional.rms_norm",
    ),
)
