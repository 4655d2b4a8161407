"""The `doorstep` command: the server's administration and the tablet, from a shell.

Commands of the server load it when they run: a tablet's installation has the same command, without the server's parts.
"""
