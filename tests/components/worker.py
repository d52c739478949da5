"""``davgallery worker``: an indexer beside a server or far from it."""

import sys

from tests.components.gateway import Gateway
from tests.components.process import Component


class IndexWorker(Component):
    """A worker on the settings of ``gateway``. It is ready when it says so."""

    name = "davgallery-worker"
    death_signal = "TERM"

    def __init__(self, gateway: Gateway) -> None:
        """Take the gateway's settings; it need not run yet."""
        super().__init__()
        self._gateway = gateway
        self.output_file = self.folder / "worker.out"

    def command(self) -> list[str]:
        """The command, in the interpreter of the tests."""
        return [sys.executable, "-m", "config.cli", "worker"]

    def environment(self) -> dict[str, str]:
        """The gateway's."""
        return self._gateway.environment()

    def launch(self) -> None:
        """Start the process without waiting for it."""
        self.output_file.unlink(missing_ok=True)
        super().launch()

    def is_ready(self) -> bool:
        """Whether it waits for work."""
        return self.output_file.read_text().startswith("ready\n")
