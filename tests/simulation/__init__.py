"""Whole counties, with everything that can go wrong, each drawn from one number: `python -m tests.simulation`."""
