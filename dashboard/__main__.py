"""Start the dashboard: `python -m dashboard`, or `make dashboard` for one's own machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from dashboard.door import DEVELOPMENT, SAMPLE, is_loopback
from home import PROJECT, Home
from serve import published

WRONG_USAGE = 2
SECRETS = "dashboard_secrets.toml"
"""Below RTM_HOME: the identity provider (docs/dashboard.md)."""


def start(
    development: Annotated[bool, typer.Option(help="No sign-in, everything is shown; this machine only.")] = False,
    address: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8501,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Serve the dashboard on the published copy, or on the bundled sample while there is none."""
    if development and not is_loopback(address):
        typer.echo(
            f"Development mode has no sign-in: it listens on 127.0.0.1, ::1 or localhost, not on {address}. "
            "For others, set up sign-in (docs/dashboard.md) and leave --development out.",
            err=True,
        )
        raise typer.Exit(WRONG_USAGE)
    _sample_if_nothing_is_published()
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    environment.pop(DEVELOPMENT, None)
    if development:
        environment[DEVELOPMENT] = "1"
    script = Path(__file__).with_name("streamlit_app.py")
    options: dict[str, object] = {
        "server.address": address, "server.port": port, "server.headless": str(not browser).lower(),
        "server.fileWatcherType": "none", "browser.gatherUsageStats": "false", "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none", "runner.magicEnabled": "false", "theme.baseFontSize": 14,
        "theme.light.primaryColor": "#2b6cb0", "theme.dark.primaryColor": "#63a4e0",  # both: the browser chooses
    }  # fmt: skip
    secrets = Home().root / SECRETS
    if secrets.exists():
        options["secrets.files"] = secrets
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(script),
        *(f"--{name}={value}" for name, value in options.items()),
    ]
    os.execve(sys.executable, command, environment)


def _sample_if_nothing_is_published() -> None:
    """Build the sample in a home of its own below RTM_HOME, so that no made-up row lands among the real ones."""
    home = Home()
    sample = home.root / SAMPLE
    if published.current(home.published) or published.current(sample / "published"):
        return
    typer.echo(f"Nothing is published in {home.root} yet: building the bundled sample in {sample} (about a minute) ...")
    run = subprocess.run(
        [sys.executable, str(PROJECT / "rtm.py"), "run"],
        env={**os.environ, "RTM_HOME": str(sample)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode not in (0, 3):
        typer.echo(run.stdout + run.stderr, err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(start)
