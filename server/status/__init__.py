"""Aggregated status: counters that change with the records, and the measures that they give."""
