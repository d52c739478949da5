"""The same fixtures as the library's tests have."""

from tests.library.conftest import _cheap_passwords, _postgres_url, _sqlite_template, catalogue, house

__all__ = ["_cheap_passwords", "_postgres_url", "_sqlite_template", "catalogue", "house"]
