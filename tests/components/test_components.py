"""The components themselves: others rely on what is said here."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest
import requests

from tests.components.gateway import Gateway
from tests.components.minio import Minio
from tests.components.nginx import Nginx
from tests.components.postgres import Postgres
from tests.components.process import Component
from tests.components.redis import Redis
from tests.support.waiting import have_ended, wait_until

ROOT = Path(__file__).parents[2]


def hello() -> Nginx:
    return Nginx('server { listen 127.0.0.1:{port}; location / { return 200 "hello"; } }')


def test_minio_keeps_port_and_objects_over_a_restart(minio: Minio) -> None:
    bucket = minio.fresh_bucket()
    minio.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(minio.endpoint, timeout=2)
    minio.start()
    assert minio.client.bucket_exists(bucket)


def test_minio_freezes_and_thaws(minio: Minio) -> None:
    with minio.frozen(), pytest.raises(requests.ReadTimeout):
        requests.get(minio.endpoint, timeout=0.3)
    assert minio.is_ready()


def test_postgres_databases_are_empty_and_go(postgres: Postgres) -> None:
    url = postgres.fresh_database()
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    postgres.drop_database(url)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url.replace("+psycopg", ""))


def test_nginx_serves_the_given_configuration() -> None:
    with hello() as nginx:
        assert requests.get(nginx.url, timeout=5).text == "hello"


def test_a_component_that_cannot_start_says_why() -> None:
    broken = Nginx("nonsense;")
    with pytest.raises(RuntimeError, match='unknown directive "nonsense"'), broken:
        pass
    assert not broken.folder.exists()


@pytest.mark.parametrize("kind", ["Minio", "Postgres", "Redis", "hello"])
def test_a_component_dies_with_a_killed_session(kind: str) -> None:
    modules = {"Minio": Minio, "Postgres": Postgres, "Redis": Redis, "hello": hello}
    script = (
        f"import time; from {modules[kind].__module__} import {kind}; component = {kind}().start();"
        "print(component.pid, component.folder, flush=True); time.sleep(60)"
    )
    session = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert session.stdout is not None
    with session, session.stdout as lines:
        pid, folder = lines.readline().split()
        family = [psutil.Process(int(pid)), *psutil.Process(int(pid)).children(recursive=True)]
        os.kill(session.pid, signal.SIGKILL)
    wait_until(lambda: have_ended(family), seconds=20)
    subprocess.run(["rm", "-r", folder], check=True)


def test_components_end_with_a_session_that_forgot_them() -> None:
    script = (
        "from tests.components.redis import Redis; component = Redis().start(); print(component.pid, component.folder)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    pid, folder = done.stdout.split()
    assert not psutil.pid_exists(int(pid))
    assert not Path(folder).exists()


def test_redis_answers(redis: Redis) -> None:
    assert isinstance(redis, Component)
    assert redis.is_ready()


def test_gateway_goes_on_with_its_data_after_a_stop_and_after_a_crash(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    name, password = gateway.dav("alice/a.jpg"), gateway.add_account("alice")
    assert requests.put(name, b"photo", auth=("alice", password), timeout=10).status_code == 201
    assert gateway.stop() == 0
    gateway.start()
    workers = [psutil.Process(pid) for pid in gateway.pids()]
    assert workers
    gateway.kill()
    wait_until(lambda: have_ended(workers), seconds=30)
    gateway.start()
    assert (
        gateway.rclone("alice", password).run("cat", gateway.rclone("alice", password).remote("a.jpg")).stdout
        == "photo"
    )


def test_gateway_over_postgres_and_minio(
    start_gateway: Callable[..., Gateway], postgres: Postgres, minio: Minio
) -> None:
    gateway = start_gateway(database_url=postgres.fresh_database(), store=minio, workers=1)
    login = ("admin", gateway.admin_password)
    assert requests.put(gateway.dav("admin/a.jpg"), b"photo", auth=login, timeout=10).status_code == 201
    keys = [str(found.object_name) for found in minio.client.list_objects(gateway.bucket, "admin", recursive=True)]
    assert len(keys) == 1
    assert minio.client.stat_object(gateway.bucket, keys[0]).size == 5
