"""PyTorch's answers at every number of a dtype, held against proven truths."""
