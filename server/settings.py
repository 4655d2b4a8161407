"""The server's settings, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DATABASE_FILE = "doorstep.db"
LASTING_FILE = "lasting.ndjson"


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
        """The settings of an environment. DOORSTEP_DATA_DIR (default `data`) is where a SQLite file would be kept."""
        folder = Path(environment.get("DOORSTEP_DATA_DIR", "data")).absolute()
        return cls(
            database_url=environment.get("DOORSTEP_DATABASE_URL") or f"sqlite:///{folder / DATABASE_FILE}",
            county=environment.get("DOORSTEP_COUNTY"),
            pool_size=int(environment.get("DOORSTEP_POOL_SIZE", "8")),
            lasting_file=Path(environment.get("DOORSTEP_LASTING_FILE") or folder / LASTING_FILE).absolute(),
        )
