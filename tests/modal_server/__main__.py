"""Serve by hand: `python -m tests.modal_server --directory D` prints the environment as one JSON line."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from tests.modal_server.misbehaviour import Misbehaviour
from tests.modal_server.server import LoopbackModal


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--upload-seconds", type=float, default=0.0, help="for each 64 KiB")
    arguments = parser.parse_args()
    misbehave = Misbehaviour(upload_seconds=arguments.upload_seconds)
    with LoopbackModal(arguments.directory, misbehave=misbehave) as server:
        sys.stdout.write(json.dumps(server.environment) + "\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


main()
