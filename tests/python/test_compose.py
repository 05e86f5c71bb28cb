"""docker-compose.yml and the Dockerfile: valid, consistent, linted, and every service's command runs as a process."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml
from browser import free_port

from home import PROJECT

COMPOSE = PROJECT / "docker-compose.yml"
DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


@pytest.fixture
def compose() -> dict[str, Any]:
    """The file, anchors resolved."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return found


def test_it_fits_the_specification() -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    result = subprocess.run(
        [str(BIN / "hadolint"), str(PROJECT / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


def wrong(compose: dict[str, Any]) -> list[str]:
    """What does not hang together, or is less safe than it can be."""
    services, found = compose["services"], []
    for name, service in services.items():
        found += [f"{name} depends on {other}" for other in service.get("depends_on", {}) if other not in services]
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy" and "healthcheck" not in services.get(other, {}):
                found.append(f"{name} waits for the health of {other}, which has no check")
        for volume in service.get("volumes", []):
            source = volume.rsplit("}", 1)[0].split(":")[0] if not volume.startswith("$") else "."
            if not source.startswith((".", "/")) and source not in compose["volumes"]:
                found.append(f"{name}: volume {source} is not declared")
        found += [
            f"{name}: {port} is open to everybody"
            for port in service.get("ports", [])
            if not port.startswith("127.0.0.1:")
        ]
        for key, value in {"read_only": True, "cap_drop": ["ALL"], "restart": "unless-stopped"}.items():
            if service.get(key) != value:
                found.append(f"{name}: {key} is {service.get(key)}")
        if "healthcheck" not in service:
            found.append(f"{name}: no health check")
    return found


def test_services_and_volumes_hang_together(compose: dict[str, Any]) -> None:
    assert wrong(compose) == []
    assert set(compose["services"]) == {"pipeline", "dashboard", "docs"}
    compose["services"]["docs"] |= {"depends_on": {"gone": {"condition": "service_started"}}, "volumes": ["none:/data"]}
    compose["services"]["dashboard"] |= {"ports": ["8501:8501"], "read_only": False}
    assert len(wrong(compose)) == 4


def test_the_image_is_pinned_and_runs_as_nobody_special() -> None:
    assert re.search(r"^FROM \S+:\d+\.\d+\.\d+-\S+$", DOCKERFILE, re.MULTILINE)
    user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert user and user[-1] not in ("root", "0")
    assert "--require-hashes" in DOCKERFILE


def test_no_service_runs_without_sign_in(compose: dict[str, Any]) -> None:
    assert "--development" not in str(compose["services"]) and "RTM_DASHBOARD_DEVELOPMENT" not in str(compose)


@pytest.mark.parametrize("built", ["sample"], indirect=True)
@pytest.mark.parametrize("service", ["pipeline", "dashboard", "docs"])
def test_the_command_of_a_service_runs(
    compose: dict[str, Any], built: tuple[Path, Path], tmp_path: Path, service: str
) -> None:
    source, home = built
    if service == "pipeline":  # on a home of its own: it writes; one feed is enough
        shutil.copytree(source / "crm", tmp_path / "source" / "crm")
        source, home = tmp_path / "source", tmp_path
    port, said = free_port(), compose["services"][service]["command"]
    places = {
        "/source": str(source),
        "/data": str(home),
        "8501": str(port),
        "8080": str(port),
        "0.0.0.0": "127.0.0.1",
        "$$": "$",
    }
    if service == "docs":
        places["rtm docs --build"] = f"mkdir -p {tmp_path}/docs && echo docs > {tmp_path}/docs/index.html"
        places["/data"] = str(tmp_path)
    command = [re.sub("|".join(map(re.escape, places)), lambda found: places[str(found[0])], word) for word in said]
    environment = {
        **os.environ,
        "RTM_HOME": str(home),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
    }
    log = tmp_path / "log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=out, stderr=out, start_new_session=True
        ) as process,
    ):
        try:
            for _ in range(2400):
                if service == "pipeline" and b"copy 1 is published" in log.read_bytes():
                    break
                if service != "pipeline" and _answers(
                    port, "_stcore/health" if service == "dashboard" else "index.html"
                ):
                    break
                assert process.poll() is None, log.read_text(encoding="utf-8")
                time.sleep(0.2)
            else:
                pytest.fail(log.read_text(encoding="utf-8"))
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
