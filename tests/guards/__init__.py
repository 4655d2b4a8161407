"""Guards of the engine, broken by hand one at a time: the suite must notice each. `make guards` runs them."""
