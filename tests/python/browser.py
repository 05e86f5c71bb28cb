"""The dashboard as a process, and a browser to look at it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from home import PROJECT

_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(home: Path, *arguments: str, port: int | None = None, address: str = "127.0.0.1") -> Iterator[str]:
    """The dashboard on RTM_HOME, for as long as the context lasts; yields its address."""
    port = port or free_port()
    command = [sys.executable, "-m", "dashboard", "--no-browser", "--address", address, "--port", str(port), *arguments]
    environment = {**os.environ, "RTM_HOME": str(home), "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            url = f"http://localhost:{port}"
            _wait_for(f"{url}/_stcore/health", server)
            yield url
        finally:
            server.terminate()
            server.wait(timeout=20)


def sign_in_with(home: Path, port: int, provider_port: int) -> None:
    """Have the dashboard of a home, served on a port of localhost, sign people in with a provider on another."""
    (home / "dashboard_secrets.toml").write_text(
        f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\ncookie_secret = "{"s" * 40}"\n'
        'client_id = "dashboard"\nclient_secret = "of no worth"\n'
        f'server_metadata_url = "http://localhost:{provider_port}/.well-known/openid-configuration"\n'
        'client_kwargs = { scope = "openid profile email groups" }\n',
        encoding="utf-8",
    )


def signed_in(browser: Browser, url: str, name: str) -> Page:
    """A page of somebody's own browser, which the provider (oidc-provider-mock) has just sent back to the dashboard."""
    page = browser.new_context().new_page()
    page.goto(url)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("input[name=sub]", timeout=60_000)
    page.fill("input[name=sub]", name)
    page.locator("button[type=submit]").first.click()
    page.wait_for_url(f"{url}/**", timeout=60_000)
    return page


@contextmanager
def browsing() -> Iterator[Browser]:
    """Chromium: the machine's own (variable RTM_CHROMIUM, else /usr/bin/chromium), or Playwright's."""
    path = os.environ.get("RTM_CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path if Path(path).exists() else None, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def settled(page: Page) -> None:
    """Wait until the page has run and its charts are drawn."""
    page.wait_for_selector(".rtm-head, [data-testid=stAlert]", timeout=60_000)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stStatusWidget]') && "
        "!document.querySelector('[data-stale=true], [data-testid=stSkeleton]') && "
        "document.querySelectorAll('.vega-embed svg, .vega-embed canvas').length >= "
        "document.querySelectorAll('[data-testid=stVegaLiteChart]').length",
        timeout=60_000,
    )
    page.wait_for_timeout(500)


def faults(page: Page) -> list[str]:
    """What a picture of the page would show as wrong: errors, what is cut off or too wide, empty charts, pale words."""
    found: list[str] = page.evaluate(Path(__file__).with_name("screen_faults.js").read_text(encoding="utf-8"))
    return found


def charts_drawn(page: Page) -> int:
    """How many charts the page has."""
    return page.locator(".vega-embed svg.marks, .vega-embed canvas").count()


def picture(page: Page, path: Path, *, width: int = 1440, most: int = 2200) -> None:
    """The whole page as PNG, as tall as its content."""
    shown = 0
    while (height := int(page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight"))) > shown < most:
        shown = min(height + 10, most)  # what comes into sight only then may make the page taller still
        page.set_viewport_size({"width": width, "height": shown})
        settled(page)
    page.screenshot(path=str(path))


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(f"the dashboard ended with {server.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the dashboard does not answer")
