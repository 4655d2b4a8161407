"""The engine that the server and the tablets share: values in, values out; no clock, disk, socket, log or randomness."""
