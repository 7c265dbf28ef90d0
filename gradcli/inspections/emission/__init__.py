"""`--emit torch`: the PyTorch program that does what a command does, for a bug report or a file of one's own."""
