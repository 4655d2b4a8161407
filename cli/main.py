"""The `doorstep` command."""

import click

from cli.answers import Commands
from cli.bodies import body
from cli.center_targets import center
from cli.county import init, recount, verify
from cli.held import held
from cli.importing import import_
from cli.keeping import backup, erase, replace, restore
from cli.people import person
from cli.serve import serve
from cli.tablet import tablet
from cli.tablets import code, revoke, tablets
from cli.units import unit
from cli.worker import worker


@click.group(cls=Commands)
@click.version_option(package_name="doorstep", prog_name="doorstep", message="%(prog)s %(version)s")
def main() -> None:
    """入户走访与纠纷记录。 Door-to-door visits and disputes, recorded offline and settled into one true picture.

    The server's settings come from DOORSTEP_DATABASE_URL (or DOORSTEP_DATA_DIR) and DOORSTEP_COUNTY."""


for _command in (
    init, import_, unit, person, body, code, tablets, revoke, replace, held, verify, recount, backup, restore, erase,
    serve, worker, center, tablet,
):  # fmt: skip
    main.add_command(_command)
