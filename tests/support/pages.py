"""Pages as a person sees them who has signed in, without a browser."""

from pathlib import Path

import requests


def connect_page(url: str, name: str, password: str, certificate: Path | None = None) -> str:
    """The page that tells devices where to connect. ``certificate`` is the server's own, where it has one."""
    with requests.Session() as session:
        session.trust_env = False  # the environment's certificates would take precedence
        session.verify = str(certificate) if certificate else True
        session.post(f"{url}/sign-in", {"name": name, "password": password}, timeout=10)
        return session.get(f"{url}/connect", timeout=10).text
