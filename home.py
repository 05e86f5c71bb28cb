"""Where things are: the project's folder and `RTM_HOME`, the folder that holds everything that is written."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent


class Home(BaseSettings):
    """Paths below `RTM_HOME`; without that variable, `data/` in the project's folder."""

    model_config = SettingsConfigDict(env_prefix="RTM_")

    home: Path = Field(default=PROJECT / "data")

    @property
    def root(self) -> Path:
        """The folder itself, absolute."""
        return self.home.expanduser().resolve()

    @property
    def raw(self) -> Path:
        """What arrived: append-only, the only file to back up."""
        return self.root / "raw.duckdb"

    @property
    def warehouse(self) -> Path:
        """What dbt makes of raw: disposable."""
        return self.root / "warehouse.duckdb"

    @property
    def received(self) -> Path:
        """Answers of interfaces, saved as files before they are landed."""
        return self.root / "received"

    @property
    def sample(self) -> Path:
        """The bundled sample, written here when no source is named."""
        return self.root / "sample"

    @property
    def dbt(self) -> Path:
        """Artifacts and logs of the dbt runs that `rtm` starts."""
        return self.root / "dbt"


@cache
def market_time_zone() -> ZoneInfo:
    """The market's time zone: the variable `market_time_zone` of dbt_project.yml, its one home (TIME-2)."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    return ZoneInfo(project["vars"]["market_time_zone"])
