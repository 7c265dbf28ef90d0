"""A trace as a picture of its graph: one model, and a file for each language that it is drawn in."""
