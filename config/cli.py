"""The ``davgallery`` command. Each command opens the parts, makes a call of the library and prints what it said.

Exit status: 0 all is well, 1 something was found or does not work now, 2 wrong use.
"""

from __future__ import annotations

import json
import os
import sys
from io import TextIOWrapper
from typing import Any

import click

from config import VERSION
from config.commands import accounts, index, spaces, trash, upkeep
from config.commands.common import fail, settings_flags, where
from config.settings import SECRETS, Settings, SettingsError, example, load
from gateway.errors import GatewayError, StoreFull, Unavailable
from gateway.serving import StartFailed


class _Commands(click.Group):
    """Turns what our own code raises on purpose into a sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            fail(str(error), 2)
        except StartFailed as error:
            fail(str(error), error.status)
        except (Unavailable, StoreFull) as error:
            fail(str(error), 1)
        except GatewayError as error:
            fail(str(error), 2)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, message="davgallery %(version)s")
def cli() -> None:
    """A self-hosted storage gateway for photographs."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a name must not fail the command
    os.umask(0o077)  # everything that a command makes is its owner's alone


@cli.command()
@settings_flags(*(name for name in Settings.model_fields if name not in SECRETS))
def serve(**flags: Any) -> None:
    """Run the server until it is told to stop.

    Each flag is also a key of the settings file and, in capitals after DAVGALLERY_, an environment variable. Secrets
    are only these, or a file that a variable such as DAVGALLERY_S3_SECRET_KEY_FILE names.
    """
    # Imported here, as in restore: other commands need neither migrations nor a supervisor, and start in half the time.
    from config.serve import serve as run_server  # noqa: PLC0415

    sys.exit(run_server(flags, click.echo))


@cli.command()
@where
@click.option("--example", "as_example", is_flag=True, help="Print a settings file with every setting explained.")
def settings(*, as_example: bool, **flags: Any) -> None:
    """Show the settings that are in force."""
    if as_example:
        click.echo(example(), nl=False)
        return
    values = load(flags).model_dump(mode="json")
    for name, value in values.items():
        shown = "(secret)" if name in SECRETS and value is not None else json.dumps(value)
        click.echo(f"{name} = {shown}")


for _command in (
    accounts.user,
    spaces.space,
    trash.trash,
    index.index,
    index.status,
    index.worker,
    upkeep.check,
    upkeep.gc,
    upkeep.adopt,
    upkeep.restore,
):
    cli.add_command(_command)


if __name__ == "__main__":
    cli(prog_name="davgallery")
