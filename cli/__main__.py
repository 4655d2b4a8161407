"""`python -m cli` is `doorstep`."""

from cli.main import main

main(prog_name="doorstep")
