"""A fuzzer for the whole command line: `make fuzz N=100000`, or `python -m tools.fuzz --help`.

Case number n of a seed is always the same, so that a case can be run again by its number alone. Cases are made and run
in worker processes, which are watched: one that hangs or dies costs its case, and is replaced.
"""
