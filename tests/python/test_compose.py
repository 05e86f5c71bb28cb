"""docker-compose.yml and the Dockerfile: valid, consistent, linted, and every service's command runs as a process."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from browser import free_port
from own_home import parsed
from pathspec import PathSpec
from test_docs_site import check_site

from home import PROJECT, project_commit

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
    assert "--require-hashes" in DOCKERFILE and "--constraint requirements.lock" in DOCKERFILE


def test_the_image_says_which_commit_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    (name,) = re.findall(r"^ENV (\w+)=\$\1$", DOCKERFILE, re.MULTILINE)
    monkeypatch.setenv(name, "0123abc")
    assert project_commit() == "0123abc"
    monkeypatch.setenv(name, "")  # nobody said it
    assert project_commit() != ""


def test_no_service_runs_without_sign_in(compose: dict[str, Any]) -> None:
    assert "--development" not in str(compose["services"]) and "RTM_DASHBOARD_DEVELOPMENT" not in str(compose)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it lies in the image: what the COPY lines take of what .dockerignore leaves."""
    # Docker's patterns begin at the top; a gitignore's do so with a slash before them
    lines = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [re.sub("^(!?)/?", r"\1/", line) for line in lines if line and not line.startswith("#")]
    left_out = PathSpec.from_lines("gitwildmatch", patterns)
    app = tmp_path_factory.mktemp("image") / "app"
    for sources in re.findall(r"^COPY (?:--\S+ )*(.+) \./?$", DOCKERFILE, re.MULTILINE):
        for folder, inner, files in os.walk(PROJECT) if sources == "." else [(str(PROJECT), [], sources.split())]:
            here = Path(folder).relative_to(PROJECT)
            inner[:] = [name for name in inner if not left_out.match_file(here / name)]
            for name in files:
                if not left_out.match_file(here / name):
                    (app / here).mkdir(parents=True, exist_ok=True)
                    shutil.copy2(Path(folder) / name, app / here / name)
    return app


def test_the_image_holds_the_project_and_nothing_private(image: Path) -> None:
    assert {"rtm.py", "dbt_project.yml", "models", "tests"} <= {path.name for path in image.iterdir()}
    assert [path.name for path in (image / "tests").iterdir()] == ["dbt"]
    assert not {".git", ".venv", "data", "benchmarks"} & {path.name for path in image.iterdir()}
    secret = ("access.yml", "access.key", "dashboard_secrets.toml", "raw.duckdb")
    assert not [path for path in image.rglob("*") if path.name in secret or path.suffix == ".pyc"]


@pytest.mark.slow
@pytest.mark.parametrize("built", ["sample"], indirect=True)
@pytest.mark.parametrize("service", ["pipeline", "dashboard", "docs"])
def test_the_command_of_a_service_runs(
    compose: dict[str, Any], built: tuple[Path, Path], image: Path, tmp_path: Path, service: str
) -> None:
    """From what lies in the image, until its own health check is content; nothing is written beside the data."""
    source, home = built
    if service == "pipeline":  # on a home of its own: it writes; one feed is enough
        shutil.copytree(source / "crm", tmp_path / "source" / "crm")
        source, home = tmp_path / "source", tmp_path / "data"
    elif service == "docs":
        (tmp_path / "data").mkdir()
        for name in ("raw.duckdb", "warehouse.duckdb"):
            shutil.copyfile(home / name, tmp_path / "data" / name)
        home = tmp_path / "data"
    port = free_port()
    places = {
        "/source": str(source),
        "/data": str(home),
        "8501": str(port),
        "8080": str(port),
        "0.0.0.0": "127.0.0.1",
        "$$": "$",
    }

    def here(words: list[str]) -> list[str]:
        return [re.sub("|".join(map(re.escape, places)), lambda found: places[str(found[0])], word) for word in words]

    environment = {
        **os.environ,
        "RTM_HOME": str(home),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": str(image),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DBT_PARTIAL_PARSE_FILE_PATH": str(parsed()),
    }
    command, check = (compose["services"][service][key] for key in ("command", "healthcheck"))
    assert check["test"][0] == "CMD"
    before = sorted(image.rglob("*"))
    log = tmp_path / "log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            here(command), cwd=image, env=environment, stdout=out, stderr=out, start_new_session=True
        ) as process,
    ):
        try:
            for _ in range(1200):
                if service != "pipeline" or b"copy 1 is published" in log.read_bytes():
                    asked = here(check["test"][1:])
                    health = subprocess.run(asked, cwd=image, env=environment, capture_output=True, check=False)
                    if health.returncode == 0:
                        break
                said = log.read_text(encoding="utf-8")
                assert process.poll() is None and "failed:" not in said, said
                time.sleep(0.5)
            else:
                pytest.fail(log.read_text(encoding="utf-8"))
            assert process.poll() is None, log.read_text(encoding="utf-8")
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    assert sorted(image.rglob("*")) == before  # the containers' file system is read-only
    if service == "docs":
        check_site(home / "docs")
