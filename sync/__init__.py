"""The engine that server and tablets share: values in, values out; no clock, disk, socket, log or randomness."""
