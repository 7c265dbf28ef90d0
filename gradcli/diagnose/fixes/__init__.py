"""Rewrites that are proved to mend a gradient."""
