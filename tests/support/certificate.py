"""A certificate that nobody has signed but itself."""

import subprocess
from pathlib import Path

from tests.support.tools import tool


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost and 127.0.0.1 in ``folder``; its file and its key's."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run([tool("openssl", package="openssl"), *words, *names, *files], check=True, capture_output=True)
    return certificate, key
