"""What `check` holds a gradient against, and its verdict."""
