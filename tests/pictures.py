"""Pictures of the dashboard on the published copy: for the README (`make pictures`), or of everything, to look at."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

sys.path[:0] = [str(Path(__file__).parent / "python"), str(Path(__file__).parents[1])]

from browser import browsing, faults, picture, serving, settled  # noqa: E402
from playwright.sync_api import Browser  # noqa: E402

from dashboard import pages  # noqa: E402
from home import PROJECT, Home  # noqa: E402

FOLDER = PROJECT / "docs" / "pictures"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDE, NARROW = 1440, 390
ON_A_PHONE = ("today", "my_assets")


def main(
    everything: Annotated[
        Path | None, typer.Option(help="A folder to put every page into, in both themes; not those of the README.")
    ] = None,
    days: Annotated[str, typer.Option(help="As the dashboard's address says them.")] = "from=2025-10-26&to=2025-10-26",
) -> None:
    """Make them; of everything, say what looks wrong as well."""
    with serving(Home().root, "--development") as url, browsing() as browser:
        if everything is None:
            _take(browser, f"{url}/today?{days}", "dark", WIDE, FOLDER / "dashboard_today.png", most=1150)
            _take(browser, f"{url}/trading?{days}", "light", WIDE, FOLDER / "dashboard_trading.png", most=1150)
            return
        for theme in THEMES:
            for page in pages.PAGES:
                for width in (WIDE, NARROW) if page.name in ON_A_PHONE else (WIDE,):
                    path = everything / f"{page.name}_{theme}_{width}.png"
                    wrong = _take(browser, f"{url}/{page.name}?{days}", theme, width, path)
                    typer.echo("; ".join([path.name, *wrong]))


def _take(
    browser: Browser, address: str, theme: Literal["light", "dark"], width: int, path: Path, most: int = 3200
) -> list[str]:
    page = browser.new_page(color_scheme=theme, viewport={"width": width, "height": 1000})
    page.goto(address)
    settled(page)
    picture(page, path, width=width, most=most)
    wrong = faults(page)
    page.close()
    return wrong


if __name__ == "__main__":
    typer.run(main)
