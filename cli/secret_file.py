"""Files that hold a signing secret: `whsec_…`, for whoever runs the server and nobody else. Never printed."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.answers import CommandError

if TYPE_CHECKING:
    from server.store.center_outbox import Secret

MODE = 0o600
CHARS_MAX = 1000

secret_file = click.option(
    "--secret-file",
    "path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="签名密钥文件。 The file with the secret that both centers share: whsec_….",
)
new_secret = click.option(
    "--new-secret", "makes", is_flag=True, help="生成新密钥文件。 Make the file, with a new secret (mode 0600)."
)


def secret_of(path: Path, *, makes: bool = False) -> "Secret":
    """The secret in a file, which is made first where asked. Raises CommandError, which does not repeat it."""
    from server.center_push import signing

    try:
        if makes:
            _made(path, signing.new_secret().text)
        with path.open(encoding="utf-8") as file:
            return signing.read_secret(file.read(CHARS_MAX))
    except (OSError, ValueError) as error:
        # Of what the file says nothing is told: it may be another secret.
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "whsec_… ?"
        raise CommandError(
            "secret-unusable", f"密钥文件不可用：{path}（{reason}）", f"The secret cannot be used: {path} ({reason})"
        ) from None


def _made(path: Path, text: str) -> None:
    """Raises OSError, also where there is such a file already."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
