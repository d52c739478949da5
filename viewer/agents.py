"""What people call the browser that sends this User-Agent."""

from __future__ import annotations

import re

from viewer.languages import gettext

# The first that fits: browsers name those that they are like as well.
_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("ChromeOS", r"CrOS"),
    ("Mac", r"Macintosh|Mac OS X"),
    ("Linux", r"Linux|X11"),
)
_LONGEST = 60


def browser_of(agent: str) -> str:
    """ "Firefox on Windows"; what the client says itself where neither is known."""
    browser = next((name for name, form in _BROWSERS if re.search(form, agent)), None)
    system = next((name for name, form in _SYSTEMS if re.search(form, agent)), None)
    if browser and system:
        return gettext("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or agent[:_LONGEST]
