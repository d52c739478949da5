"""How the parts are put together: settings, wiring, commands."""

VERSION = "0.1.0"
