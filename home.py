"""Where things are: the project's folder and `RTM_HOME`, the folder that holds everything that is written."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent


class Home(BaseSettings):
    """Paths below `RTM_HOME`; without that variable, `data/` in the project's folder."""

    model_config = SettingsConfigDict(env_prefix="RTM_")

    home: Path = Field(default=PROJECT / "data")
    published_copies: int = Field(default=5, ge=1)
    """How many published copies are kept, with the current one (`RTM_PUBLISHED_COPIES`)."""

    @property
    def root(self) -> Path:
        """The folder itself, absolute."""
        return self.home.expanduser().resolve()

    @property
    def raw(self) -> Path:
        """What arrived: append-only; the warehouse and all copies are made from it."""
        return self.root / "raw.duckdb"

    @property
    def warehouse(self) -> Path:
        """What dbt makes of raw: disposable."""
        return self.root / "warehouse.duckdb"

    @property
    def as_of(self) -> Path:
        """Databases of `rtm build --as-of`: the marts as they would have been at a moment, a file each."""
        return self.root / "as_of"

    @property
    def published(self) -> Path:
        """Copies of the marts whose tests passed: what people and programs read."""
        return self.root / "published"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes below this folder."""
        return self.root / ".lock"

    @property
    def docs(self) -> Path:
        """The documentation as static pages."""
        return self.root / "docs"

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
def _variables() -> dict[str, Any]:
    """The variables of dbt_project.yml."""
    variables: dict[str, Any] = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    return variables


def market_time_zone() -> ZoneInfo:
    """The market's time zone: the variable `market_time_zone` of dbt_project.yml, its one home (TIME-2)."""
    return ZoneInfo(_variables()["market_time_zone"])


def warehouse_layout() -> int:
    """The layout of warehouses that this version makes: the variable `warehouse_layout` of dbt_project.yml."""
    return int(_variables()["warehouse_layout"])


def project_commit() -> str | None:
    """The project's commit, with `-dirty` behind it where files differ; None: it is not known.

    An image has no git and says it in the variable `RTM_COMMIT`.
    """
    if said := os.environ.get("RTM_COMMIT"):
        return said
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:  # no git
        return None
    return result.stdout.strip() or None
