"""The views: each wires a request to one function and its answer, and does nothing else."""
