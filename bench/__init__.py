"""Workloads and what they cost, measured on real processes."""
