"""Aggregated status, pushed from one center to another: snapshots of days, signed, by a durable outbox."""
