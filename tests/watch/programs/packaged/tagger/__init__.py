"""A tagger of words."""
