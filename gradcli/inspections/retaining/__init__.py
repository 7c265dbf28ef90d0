"""Backward more than once over one graph: run as plain PyTorch does it, then watched."""
