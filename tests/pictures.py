"""Pictures of the dashboard for the README, on the published copy: `make pictures`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / "python"), str(Path(__file__).parents[1])]

from browser import browsing, picture, serving, settled  # noqa: E402

from home import PROJECT, Home  # noqa: E402

FOLDER = PROJECT / "docs" / "pictures"
PICTURES = {"today": "dark", "trading": "light"}


def main() -> None:
    """Make them."""
    with serving(Home().root, "--development") as url, browsing() as browser:
        for name, theme in PICTURES.items():
            page = browser.new_page(color_scheme=theme, viewport={"width": 1440, "height": 1000})  # type: ignore[arg-type]
            page.goto(f"{url}/{name}?from=2025-10-26&to=2025-10-26")
            settled(page)
            picture(page, FOLDER / f"dashboard_{name}.png", most=1150)


if __name__ == "__main__":
    main()
