"""Backward more than once over one graph: staged as plain PyTorch does it, then taken apart."""
