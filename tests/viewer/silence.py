"""Pages that must say nothing in the console and stay on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Route, ViewportSize

DESKTOP = (1440, 900)
SIGNED_OUT = "info: Clear-Site-Data header on "
"""What Chromium says whenever a person signs out."""


@contextmanager
def silent_page(browser: Browser, url: str, size: tuple[int, int] = DESKTOP, *, touch: bool = False) -> Iterator[Page]:
    """Open ``url`` in a fresh profile; in the end it is an error if any page of it complained or asked another host."""
    complaints: list[str] = []
    viewport = ViewportSize(width=size[0], height=size[1])
    with browser.new_context(base_url=url, viewport=viewport, has_touch=touch, is_mobile=touch) as context:

        def answer(route: Route) -> None:
            if urlsplit(route.request.url).netloc == urlsplit(url).netloc:
                route.continue_()
            else:
                complaints.append(f"asked for {route.request.url}")
                route.abort()

        def said(message: str) -> None:
            if not message.startswith(SIGNED_OUT):
                complaints.append(message)

        context.route(lambda asked: urlsplit(asked).scheme not in {"data", "blob"}, answer)
        context.on("console", lambda message: said(f"{message.type}: {message.text}"))
        context.on("weberror", lambda error: complaints.append(f"error: {error.error}"))
        page = context.new_page()
        page.goto(url)
        yield page
        if complaints:
            raise AssertionError("\n".join(complaints))
