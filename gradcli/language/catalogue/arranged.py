"""The functions that only arrange elements: PyTorch does it, on the elements' numbers."""

from __future__ import annotations

_SHAPE = """
atleast_1d atleast_2d atleast_3d broadcast_tensors broadcast_to cartesian_prod cat chunk column_stack combinations diag
diag_embed diagflat diagonal diagonal_scatter dsplit dstack expand expand_as flatten flip fliplr flipud hsplit hstack
meshgrid movedim narrow narrow_copy constant_pad_nd pad permute ravel repeat repeat_interleave reshape reshape_as roll
rot90 select_scatter slice_scatter split split_with_sizes squeeze stack swapaxes t tensor_split tile transpose unbind
unflatten unsqueeze view view_as vsplit vstack
"""
_MATRICES = "adjoint block_diag linalg.diagonal tril triu"
_INDEXING = """
gather index_copy index_fill index_select masked_fill masked_scatter masked_select select take
take_along_dim tril_indices triu_indices unravel_index
"""
_LAYERS = "Tensor.unfold unfold channel_shuffle pixel_shuffle pixel_unshuffle fft.fftshift fft.ifftshift"

ARRANGED = frozenset(f"{_SHAPE} {_MATRICES} {_INDEXING} {_LAYERS}".split())
"""Names of rows whose result holds the elements of its operands, and zeros, and nothing else."""
