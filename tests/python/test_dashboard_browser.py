"""The dashboard in a real browser: flows, screens in both themes and on a phone, and signing in."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlparse

import duckdb
import pytest
from browser import (
    browsing,
    charts_drawn,
    faults,
    free_port,
    picture,
    serving,
    settled,
    sign_in_with,
    signed_in,
)
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.parametrize("built", ["sample"], indirect=True)


@pytest.fixture
def home(built: tuple[Path, Path], tmp_path: Path) -> Path:
    """RTM_HOME with the sample published."""
    folder = tmp_path / "published"
    folder.mkdir()
    shutil.copyfile(next((built[1] / "published").glob("copy_*.duckdb")), folder / "copy_000001.duckdb")
    (folder / "current.duckdb").symlink_to("copy_000001.duckdb")
    return tmp_path


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Chromium."""
    with browsing() as found:
        yield found


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=False).first.click()
    page.wait_for_selector(f".rtm-head h1:text-is('{name}')", timeout=60_000)
    settled(page)


def publish_again(home: Path) -> None:
    newer = home / "published" / "copy_000002.duckdb"
    shutil.copyfile(newer.with_name("copy_000001.duckdb"), newer)
    with duckdb.connect(str(newer)) as con:
        con.execute("update publication.manifest set copy_number = 2, previous_copy_number = 1")
    (newer.parent / "next").symlink_to(newer.name)
    (newer.parent / "next").replace(newer.with_name("current.duckdb"))


def test_a_trader_looks_around(home: Path, browser: Browser) -> None:
    outside: list[str] = []
    with serving(home, "--development") as url:
        page = browser.new_page(color_scheme="dark", viewport={"width": 1440, "height": 1000})
        page.on("request", lambda request: outside.append(request.url) if _is_outside(request.url) else None)
        page.goto(f"{url}/today?from=2025-10-26&to=2025-10-26")
        settled(page)
        assert "Development mode" in page.inner_text("body")
        assert (
            page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor") != "rgb(255, 255, 255)"
        )

        page.set_viewport_size({"width": 1440, "height": 500})
        page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 400")
        page.wait_for_function("document.querySelector('.rtm-tile').getBoundingClientRect().bottom < 0")
        assert page.locator(".rtm-head").bounding_box()["y"] >= 0  # type: ignore[index]
        page.set_viewport_size({"width": 1440, "height": 1000})

        tile = page.locator(".rtm-tile").first
        tile.focus()  # by keyboard too: what a figure means
        tile.locator("[role=tooltip]").wait_for()

        page.get_by_text("UTC", exact=True).click()
        page.wait_for_url("**clock=UTC**")
        for name in ("Trading", "Map", "Data quality"):
            go(page, name)
            assert "from=2025-10-26" in page.url and "clock=UTC" in page.url
        assert not page.locator("[data-testid=stException]").count()

        with page.expect_download() as taken:
            page.locator("[data-testid=stDownloadButton] button", has_text="CSV").first.click()
        assert taken.value.path().read_text(encoding="utf-8").startswith("feed,")

        publish_again(home)
        page.wait_for_selector(".rtm-head .age[data-copy='2']", timeout=30_000)  # by itself, and the view stays
        assert "from=2025-10-26" in page.url and "clock=UTC" in page.url

        attempt = {"command": "rtm build", "at_utc": "2025-10-29 10:00", "outcome": "failed", "reason": "a test"}
        (home / "published" / "attempt.json").write_text(json.dumps(attempt), encoding="utf-8")
        page.wait_for_selector(".rtm-note:has-text('Nothing newer')", timeout=30_000)  # nobody touched anything

        go(page, "Invoices")
        table = page.locator("[data-testid=stDataFrame]").first
        table.click(position={"x": 15, "y": 42 + 2.5 * 28})
        page.wait_for_selector("h3:has-text('·')")
        chosen = page.locator("h3:has-text('·')").inner_text()
        page.get_by_role("button", name=chosen.split()[-1]).first.click()  # its status: other rows, other places
        page.wait_for_timeout(1500)
        settled(page)
        assert page.locator("h3:has-text('·')").inner_text() == chosen
    assert not outside


def test_the_first_copy_is_noticed(home: Path, browser: Browser) -> None:
    link = home / "published" / "current.duckdb"
    with serving(home, "--development") as url:
        link.unlink()
        page = browser.new_page()
        page.goto(f"{url}/today")
        page.wait_for_selector("[data-testid=stAlert]", timeout=60_000)
        link.symlink_to("copy_000001.duckdb")
        page.wait_for_selector(".rtm-head", timeout=30_000)


ONE_DAY, DAYS = "from=2025-10-26&to=2025-10-26", "from=2025-10-25&to=2025-10-29"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SCREENS = {"today": 3, "trading": 4, "forecast": 4, "my_assets": 1}
"""Pages that are looked at, and how many charts each has."""


def test_screens_are_drawn_whole_and_legible(home: Path, browser: Browser, tmp_path: Path) -> None:
    """The pictures lie in RTM_SCREENS, else among the test's temporary files, for people to look at."""
    folder = Path(os.environ.get("RTM_SCREENS", tmp_path / "screens"))
    found: dict[str, list[str]] = {}

    def look(page: Page, address: str, name: str, charts: int) -> None:
        width = 390 if page is phone else 1440
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address)
        settled(page)
        picture(page, folder / f"{name}_{width}.png", width=width, most=3200)
        wrong = [*faults(page), *([] if charts_drawn(page) >= charts else [f"{charts_drawn(page)} charts"])]
        if wrong:
            found[f"{name}_{width}"] = wrong

    with serving(home, "--development") as url:
        wide = {theme: browser.new_page(color_scheme=theme, viewport={"width": 1440, "height": 900})
                for theme in THEMES}  # fmt: skip
        phone = browser.new_page(color_scheme="light", viewport={"width": 390, "height": 900})
        for theme, page in wide.items():
            for path, charts in SCREENS.items():
                look(page, f"{url}/{path}?{ONE_DAY}", f"{path}_{theme}", charts)
        look(wide["dark"], f"{url}/today?{DAYS}", "today_days_dark", 3)
        for path in ("today", "my_assets"):
            look(phone, f"{url}/{path}?{ONE_DAY}", f"{path}_light", SCREENS[path])
        spoilt = ".rtm-tile i { opacity: .4 !important } .rtm-head { width: 500px } .rtm-tile b { width: 9px }"
        phone.add_style_tag(content=spoilt)
        said = " ".join(faults(phone))  # what is spoilt is seen
        assert "pale" in said and "scrolls sideways" in said and "cut off" in said
        _empty(home)
        for path in SCREENS:
            look(wide["dark"], f"{url}/{path}", f"{path}_empty", 0)
            assert "Nothing is known yet" in wide["dark"].inner_text("body")
    assert not found


def _empty(home: Path) -> None:
    """Publish a copy in which nothing is known."""
    copy = home / "published" / "copy_000002.duckdb"
    shutil.copyfile(copy.with_name("copy_000001.duckdb"), copy)
    with duckdb.connect(str(copy)) as con:
        marts = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('marts', 'reports') "
            "and table_name <> 'dim_quarter_hours'"
        ).fetchall()
        for (mart,) in marts:
            con.execute(f"delete from {mart}")
        con.execute("update publication.manifest set copy_number = 2, known_until_utc = null")
    (copy.parent / "next").symlink_to(copy.name)
    (copy.parent / "next").replace(copy.with_name("current.duckdb"))


def test_signing_in_gives_the_roles_of_the_register(home: Path, browser: Browser) -> None:
    port = free_port()
    register = home / "access.yml"
    grants = [{"group": "trading-desk", "role": "trader"}, {"person": "tom@example.com", "role": "trader"}]
    register.write_text(json.dumps({"grants": grants}), encoding="utf-8")
    users = [
        User(sub="tom", claims={"email": "tom@example.com", "email_verified": True, "groups": ["trading-desk"]}),
        # the claims are of an earlier sign-in, as in a cookie that the browser still has
        User(
            sub="vera", claims={"email": "vera@example.com", "groups": ["trading-desk"], "iat": time.time() - 13 * 3600}
        ),
        User(sub="mallory", claims={"email": "tom@example.com", "email_verified": False, "groups": []}),
    ]
    with run_server_in_thread(user_claims=users) as provider:
        sign_in_with(home, port, provider.server_port)
        with serving(home, port=port, address="localhost") as url:
            mallory = signed_in(browser, url, "mallory")
            _is_refused(mallory)

            vera = signed_in(browser, url, "vera")
            vera.get_by_text("A sign-in counts for 12 hours").wait_for(timeout=60_000)
            vera.get_by_role("button", name="Sign in").wait_for(timeout=60_000)
            assert not vera.locator(".rtm-tile").count()

            tom = signed_in(browser, url, "tom")
            tom.wait_for_selector(".rtm-tile", timeout=60_000)
            settled(tom)
            text = tom.inner_text("body")
            assert "Development mode" not in text and "trader" in text and "Trading" in text
            assert "Invoices" not in text

            publish_again(home)  # what the role sees of it is written in the background, then shown by itself
            tom.wait_for_selector(".rtm-head .age[data-copy='2']", timeout=60_000)
            for _ in range(50):  # the former one goes a moment after the new one has come
                if len(list((home / "reduced").rglob("*.duckdb"))) == 1:
                    break
                tom.wait_for_timeout(100)
            else:
                pytest.fail("what the role saw of the former copy is still there")

            register.write_text("grants: []", encoding="utf-8")  # a right taken away counts at once
            tom.reload()
            _is_refused(tom)


def _is_refused(page: Page) -> None:
    page.locator("[data-testid=stAlert]", has_text="no role").wait_for(timeout=60_000)
    assert not page.locator(".rtm-tile").count()


def _is_outside(url: str) -> bool:
    parts = urlparse(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("localhost", "127.0.0.1")
