"""Values and derivatives of functions of one variable with a proven error: Arb balls, power series, polynomials.

Needs python-flint, the extra `audit`; nothing here is imported where that is not wanted.
"""
