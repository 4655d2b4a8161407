"""The demo evening: a real server, real tablets in processes of their own, and everything that can go wrong."""
