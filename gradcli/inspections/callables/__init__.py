"""A function or a module of the caller's: is its gradient right at these inputs?"""
