"""Servers that others use for the same work, made on demand in folders of their own."""
