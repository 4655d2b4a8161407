"""The server's settings, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DATABASE_FILE = "doorstep.db"
LASTING_FILE = "lasting.ndjson"


class SettingsError(ValueError):
    """A setting is not as it must be; the text says which, in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, from `DOORSTEP_` and its name in capitals."""

    database_url: str
    """DOORSTEP_DATABASE_URL: an SQLAlchemy URL of PostgreSQL or SQLite; by default a file under the data folder."""
    county: str | None = None
    """DOORSTEP_COUNTY: the county this server answers for, needed only where the database holds several."""
    pool_size: int = 8
    """DOORSTEP_POOL_SIZE: database connections a server process keeps."""
    lasting_file: Path | None = None
    """DOORSTEP_LASTING_FILE: where revocations and erasures are kept besides the database, so that they outlast a
    restore; by default `lasting.ndjson` in the data folder."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """The settings of an environment, where an empty one is as if it were not there. DOORSTEP_DATA_DIR (default
        `data`) is where a SQLite file would be kept.

        Raises SettingsError."""
        folder = Path(environment.get("DOORSTEP_DATA_DIR") or "data").absolute()
        return cls(
            database_url=environment.get("DOORSTEP_DATABASE_URL") or f"sqlite:///{folder / DATABASE_FILE}",
            county=environment.get("DOORSTEP_COUNTY") or None,
            pool_size=_count(environment, "DOORSTEP_POOL_SIZE", 8),
            lasting_file=Path(environment.get("DOORSTEP_LASTING_FILE") or folder / LASTING_FILE).absolute(),
        )


def _count(environment: Mapping[str, str], name: str, otherwise: int) -> int:
    text = environment.get(name, "").strip() or str(otherwise)
    if not text.isdecimal() or not text.isascii() or int(text) < 1:
        raise SettingsError(
            f"{name} 应为大于 0 的整数，现为 {text}", f"{name} must be a whole number above 0, not {text}"
        )
    return int(text)
