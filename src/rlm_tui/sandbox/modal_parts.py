"""What a sandbox in Modal's cloud is made of: app, image, volume, secret, tags; each looked up in time."""

from __future__ import annotations

import base64
import getpass
import os
import socket
import time
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlm_tui.cloud import modal_client
from rlm_tui.core.events import SandboxDescription
from rlm_tui.core.settings import ModalSettings
from rlm_tui.sandbox import process_identity
from rlm_tui.sandbox.confinement import HASH_SEED

MOUNT = "/data"
TAG = "rlm-tui"
PID_FILE = "/tmp/.rlm-tui-driver.pid"
_MOST_ARGUMENT = 65_000
# In place of Python's "-I", which would have the seed of hashes ignored, too.
_ENVIRONMENT = ("env", "-u", "PYTHONPATH", "-u", "PYTHONHOME", f"PYTHONHASHSEED={HASH_SEED}")


def modal_description(settings: ModalSettings) -> SandboxDescription:
    """What a run says of its sandbox before there is one."""
    words = [f"Python {settings.python}"]
    words.append("no network" if settings.block_network else "network open")
    if settings.attach_secret:
        words.append(f"secret {settings.secret} attached")
    return SandboxDescription(kind="modal", confined=True, detail=", ".join(words), volume=MOUNT)


def image(settings: ModalSettings) -> Any:
    """Debian slim with this Python, and the packages of the settings."""
    from modal import Image

    made = Image.debian_slim(python_version=settings.python)
    return made.pip_install(*settings.packages) if settings.packages else made


def tags(run_id: str) -> dict[str, str]:
    """By these a sandbox is found again: whose it is, which run's, and whether its process still lives."""
    return {
        TAG: "1",
        "run": run_id or "none",
        "host": this_host(),
        "user": this_user(),
        "pid": str(os.getpid()),
        "began": process_identity.began(os.getpid()),
        "machine": process_identity.machine(),
        "boot": process_identity.boot(),
        "namespace": process_identity.namespace(),
        "started": str(int(time.time())),
    }


def this_host() -> str:
    """The name of this machine, as a tag may hold it."""
    return _as_tag(socket.gethostname())


def this_user() -> str:
    """Who runs this program, as a tag may hold it."""
    try:
        return _as_tag(getpass.getuser())
    except (KeyError, OSError):
        return "unknown"


def create_options(settings: ModalSettings, run_id: str) -> dict[str, Any]:
    """The options of `Sandbox.create` but for app, image, volumes and client. Looks the secret up."""
    options: dict[str, Any] = {
        "timeout": settings.timeout_seconds,
        "block_network": settings.block_network,
        "tags": tags(run_id),
    }
    wished = {
        "cpu": settings.cpu,
        "memory": settings.memory_mb,
        "gpu": settings.gpu,
        "region": settings.region,
    }
    options |= {name: value for name, value in wished.items() if value is not None}
    if settings.attach_secret:
        options["secrets"] = [modal_client.secret(settings, settings.secret)]
    return options


def create(app: Any, volumes: dict[Any, Any], made: Any, options: Mapping[str, Any], client: Any) -> Any:
    """A new sandbox that runs nothing yet; blocks until Modal has taken the order."""
    from modal import Sandbox

    return Sandbox.create(app=app, image=made, volumes=volumes, client=client, **options)


def driver_command(driver: Path) -> Sequence[str]:
    """The driver as a command line. Modal takes 65,536 characters; the driver's source is longer, so it
    travels packed. Its process id is left in `PID_FILE`, for a SIGINT from a second `exec`.
    """
    packed = base64.b64encode(zlib.compress(driver.read_bytes(), 9)).decode()
    bootstrap = (
        "import base64,os,sys,zlib\n"
        "sys.path[:]=filter(None,sys.path)\n"
        f"open({PID_FILE!r},'w').write(str(os.getpid()))\n"
        f"exec(compile(zlib.decompress(base64.b64decode('{packed}')),'driver.py','exec'))"
    )
    assert len(bootstrap) < _MOST_ARGUMENT, "the packed driver is longer than Modal allows"
    return [*_ENVIRONMENT, "python3", "-s", "-B", "-u", "-X", "utf8", "-c", bootstrap]


def interrupt_command() -> Sequence[str]:
    """What sends SIGINT to the driver from beside it."""
    return ["sh", "-c", f'kill -INT "$(cat {PID_FILE})"']


def take_command(name: str) -> Sequence[str]:
    """What prints a file of the volume's `.rlm/` and deletes it."""
    return ["sh", "-c", 'cat -- "$1" && rm -f -- "$1"', "sh", f"{MOUNT}/.rlm/{name}"]


def _as_tag(name: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
    return kept[:60] or "unknown"
