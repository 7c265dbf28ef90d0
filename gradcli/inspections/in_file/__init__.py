"""Functions and modules of the user's own files: they are called once, and answered for as expressions are."""
