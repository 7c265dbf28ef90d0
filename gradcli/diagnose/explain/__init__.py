"""From an exception of PyTorch's to its entry in the catalogue, its place and a hint."""
