"""The Docker files fit each other and the program. Nothing here builds an image."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import PREFIX, Settings, load

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"


@pytest.fixture
def services() -> dict[str, Any]:
    """The services of the compose file."""
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    return found


def test_the_image_holds_every_package_of_the_program() -> None:
    packages = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()} - {"tests"}
    copied = set(re.findall(r"^COPY (\w+) /app/\1$", (DOCKER / "Dockerfile").read_text(), re.MULTILINE))
    let_in = set(re.findall(r"^!(\w+)$", (DOCKER / "Dockerfile.dockerignore").read_text(), re.MULTILINE))
    assert packages == copied == let_in


def test_the_image_runs_as_nobody_special_and_reports_its_health() -> None:
    lines = (DOCKER / "Dockerfile").read_text().splitlines()
    assert "USER davgallery" in lines
    assert "VOLUME /data" in lines
    assert any("/healthz" in line for line in lines)


def test_every_service_reports_its_health_and_is_waited_for(services: dict[str, Any]) -> None:
    assert set(services) == {"davgallery", "postgres", "minio", "nginx"}
    for name, service in services.items():
        build = service.get("build")
        own = build and "HEALTHCHECK" in (DOCKER / Path(build["dockerfile"]).name).read_text()
        assert own or "healthcheck" in service, name
        for needed in service.get("depends_on", {}).values():
            assert needed["condition"] == "service_healthy"


def test_the_settings_of_the_compose_file_are_accepted(
    services: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in services["davgallery"]["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{[^}]*\}", "longenough", value))
    monkeypatch.setenv(f"{PREFIX}DATA", str(tmp_path))
    settings: Settings = load({})
    assert settings.s3_endpoint == "http://minio:9000"
    assert f"location {settings.accel} " in (DOCKER / "nginx.conf").read_text()


def test_workers_have_what_the_server_has_and_are_told_by_redis(
    services: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    added: dict[str, Any] = yaml.safe_load((DOCKER / "workers.yaml").read_text())["services"]
    worker, server = added["worker"]["environment"], services["davgallery"]["environment"]
    assert set(added) == {"davgallery", "worker", "redis"}
    assert added["worker"]["command"] == ["worker"]
    assert worker.items() <= (server | added["davgallery"]["environment"]).items()
    for name, value in worker.items():
        monkeypatch.setenv(name, re.sub(r"\$\{[^}]*\}", "longenough", value))
    monkeypatch.setenv(f"{PREFIX}DATA", str(tmp_path))
    settings = load({})
    assert settings.broker_url is not None
    assert settings.s3 is not None
    assert settings.catalogue_url.get_backend_name() == "postgresql"
    assert "healthcheck" in added["redis"]
    assert not [name for name, service in added.items() if "ports" in service]


def test_only_nginx_is_published(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]


def test_minio_is_the_version_that_is_tested() -> None:
    wanted = re.search(r"version=(v0\S+)", (ROOT / "tests/run").read_text())
    assert wanted
    assert f"minio@{wanted[1]}" in (DOCKER / "minio.Dockerfile").read_text()
