"""The dashboard in a real browser: a flow, both themes, a phone, and signing in."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import duckdb
import pytest
from browser import browsing, free_port, serving, settled
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

        tile = page.locator(".rtm-tile").first
        tile.focus()  # by keyboard too: what a figure means
        assert tile.locator("[role=tooltip]").is_visible()

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
        page.wait_for_selector(".rtm-head .age[title='copy 2']", timeout=30_000)  # by itself, and the view stays
        assert "from=2025-10-26" in page.url and "clock=UTC" in page.url

        phone = browser.new_page(color_scheme="light", viewport={"width": 390, "height": 844})
        for path in ("today", "my_assets"):
            phone.goto(f"{url}/{path}?from=2025-10-26&to=2025-10-26")
            settled(phone)
            assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert not outside


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
        (home / "dashboard_secrets.toml").write_text(
            f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\ncookie_secret = "{"s" * 40}"\n'
            'client_id = "dashboard"\nclient_secret = "of no worth"\n'
            f'server_metadata_url = "http://localhost:{provider.server_port}/.well-known/openid-configuration"\n'
            'client_kwargs = { scope = "openid profile email groups" }\n',
            encoding="utf-8",
        )
        with serving(home, port=port, address="localhost") as url:
            mallory = _signed_in(browser, url, "mallory")
            mallory.wait_for_selector("[data-testid=stAlert]", timeout=60_000)
            assert "no role" in mallory.inner_text("body") and not mallory.locator(".rtm-tile").count()

            vera = _signed_in(browser, url, "vera")
            vera.get_by_text("A sign-in counts for 12 hours").wait_for(timeout=60_000)
            assert vera.get_by_role("button", name="Sign in").is_visible() and not vera.locator(".rtm-tile").count()

            tom = _signed_in(browser, url, "tom")
            settled(tom)
            text = tom.inner_text("body")
            assert "Development mode" not in text and "trader" in text and "Trading" in text
            assert "Invoices" not in text

            publish_again(home)  # what the role sees of it is written in the background, then shown by itself
            tom.wait_for_selector(".rtm-head .age[title='copy 2']", timeout=60_000)
            assert len(list((home / "reduced").rglob("*.duckdb"))) == 1

            register.write_text("grants: []", encoding="utf-8")  # a right taken away counts at once
            tom.reload()
            tom.wait_for_selector("[data-testid=stAlert]", timeout=60_000)
            assert "no role" in tom.inner_text("body") and not tom.locator(".rtm-tile").count()


def _signed_in(browser: Browser, url: str, name: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(url)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("input[name=sub]", timeout=60_000)
    page.fill("input[name=sub]", name)
    page.locator("button[type=submit]").first.click()
    page.wait_for_url(f"{url}/**", timeout=60_000)
    return page


def _is_outside(url: str) -> bool:
    parts = urlparse(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("localhost", "127.0.0.1")
