"""What is logged: lines for people or JSON lines on standard error, without secrets and without forged lines."""

from __future__ import annotations

import functools
import json
import logging
import re
import time
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_access = logging.getLogger("davgallery.access")
_TOKEN = re.compile(r"(/invitation/).+")

_QUIET = frozenset({"/healthz", "/metrics"})
"""Asked every few seconds, by programs."""

_HIDDEN = "…"

_PATTERNS = (
    # A header with credentials, as requests and their dictionaries print it.
    (
        re.compile(r"""(?i)(authorization['"]?\s*[:=,]\s*['"]?(?:(?:basic|bearer|digest)\s+)?)[^\s'",;]+"""),
        rf"\1{_HIDDEN}",
    ),
    # user:password@host in an address.
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://[^\s:/@\"]*):[^\s/\"]*@"), rf"\1:{_HIDDEN}@"),
    # What makes a presigned address work.
    (re.compile(r"(?i)(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s'\"]+"), rf"\1{_HIDDEN}"),
)

_SUSPECT = ("authorization", "://", "x-amz-")
"""Without one of these, in any case, no pattern can match; nearly every line is spared three searches."""

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))} | {
    code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
"""Characters that could end a line, move a terminal's cursor, or turn the direction of the text."""

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""The attributes that every record has; whatever else is there came as ``extra``."""


class Redactor:
    """Takes out of a text what nobody may read in a log."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Know the secret values; short ones are left alone, since they would blot out ordinary words."""
        values = {form for secret in secrets if len(secret) >= 6 for form in _spellings(secret)}
        self._longest_first = sorted(values, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, self._longest_first)))

    def __call__(self, text: str) -> str:
        """Return ``text`` with an ellipsis in place of every secret."""
        if any(value in text for value in self._longest_first):
            text = self._known.sub(_HIDDEN, text)
        lowered = text.lower()
        if any(word in lowered for word in _SUSPECT):
            for pattern, replacement in _PATTERNS:
                text = pattern.sub(replacement, text)
        return text


def _spellings(secret: str) -> tuple[str, ...]:
    """Return the forms in which a secret may stand in a line: as it is, in a form or a query, in a JSON text."""
    return secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]


@functools.lru_cache(maxsize=2)
def _local_time(second: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))


class HumanFormatter(logging.Formatter):
    """One line a record: local time, level, logger, message; a traceback below it."""

    def __init__(self, redact: Redactor) -> None:
        """Write through ``redact``."""
        super().__init__()
        self._redact = redact

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        """Escape what a client could use to forge a line; a traceback is added later and keeps its lines."""
        message = record.message if record.message.isprintable() else record.message.translate(_CONTROL)
        moment = f"{_local_time(int(record.created))}.{int(record.msecs):03d}"
        return f"{moment} {record.levelname:<7} {record.name}  {message}"

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole text without secrets."""
        return self._redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a record: ts (UTC), level, logger, message, named arguments and extra fields, exception."""

    def __init__(self, redact: Redactor) -> None:
        """Write through ``redact``."""
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "ts": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if isinstance(record.args, dict):
            line |= record.args
        line |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # In ASCII: no character can end the line but its own end.
        return self._redact(json.dumps(line, default=str))


def set_up(form: Literal["human", "json"], level: str, secrets: Iterable[str] = ()) -> None:
    """Send everything that is logged from ``level`` up to standard error, in place of what was set up before."""
    redact = Redactor(secrets)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(redact) if form == "json" else HumanFormatter(redact))
    # No line shows these, nor who called, and finding them out is a third of what a line costs.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 - as Python's logging HOWTO has it
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Debug is for our own code; theirs would print every statement and every header.
    for noisy in ("urllib3", "wsgidav", "sqlalchemy", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A connection that dies with its database is told by whoever used it; the pool would add a traceback for each.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    logging.captureWarnings(capture=True)


def log_access(environ: Mapping[str, Any], status: int, sent: int, seconds: float) -> None:
    """Log one answered request: what was asked, by whom, and what became of it.

    The path stays percent-encoded, as it was received. A query is dropped: tokens travel in queries. That of a link
    that opens something once is in the path, and dropped too.
    """
    path = _TOKEN.sub(r"\1-", _path(environ))
    level = logging.DEBUG if path in _QUIET else logging.INFO
    if not _access.isEnabledFor(level):
        return
    fields = {
        "method": str(environ.get("REQUEST_METHOD", "-")),
        "path": path,
        "status": status,
        "bytes": sent,
        "ms": round(seconds * 1000, 1),
        "account": str(environ.get("davgallery.account") or "-"),
        "remote": str(environ.get("REMOTE_ADDR") or "-"),
        "agent": str(environ.get("HTTP_USER_AGENT") or "-"),
    }
    _access.log(
        level,
        '%(method)s %(path)s %(status)d %(bytes)d B %(ms).1f ms %(account)s %(remote)s "%(agent)s"',
        fields,
    )


def _path(environ: Mapping[str, Any]) -> str:
    target = str(environ.get("REQUEST_URI") or environ.get("RAW_URI") or "")
    if not target:
        return quote(f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}", encoding="latin-1") or "/"
    path = target.partition("?")[0].partition("#")[0]
    if not path.startswith("/"):
        # An absolute-form target (RFC 9112 §3.2.2) may carry a host, and before it a password.
        path = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*", "", path)
    return path or "/"
