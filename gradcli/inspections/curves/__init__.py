"""What a function does over the points of an axis."""
