"""What a cell costs on its way through Modal's client: the whole interpreter, and the raw client beside it.

    uv run python benchmarks/modal_cell.py

Both go to the loopback Modal of the tests, in the same run: what is measured is the client and this program,
not Modal's network. The raw client sends one JSON line to a process that answers with one.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.modal_server import LoopbackModal

from rlm_tui.core.documents import describe
from rlm_tui.core.settings import ModalSettings
from rlm_tui.sandbox.document_input import DocumentInput
from rlm_tui.sandbox.modal import ModalInterpreter

REPEATS = 300
SIZES = {"83 KB": 83_000, "10 MB": 10_000_000}
ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
LINE = b'{"type": "execute", "id": 1, "code": "1 + 1"}\n'
settings = ModalSettings()


def milliseconds(run: Callable[[], object]) -> tuple[float, float]:
    """The median and the 95th of 100 of `REPEATS` runs, in milliseconds."""
    for _ in range(20):
        run()
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def ours(path: Path) -> tuple[float, float]:
    """A cell through `ModalInterpreter`, a document bound by its path."""
    document = describe(path)
    interpreter = ModalInterpreter(settings, volume="benchmark", documents=[document])
    try:
        interpreter.start()
        interpreter.bind_document("docs", DocumentInput(document))
        return milliseconds(lambda: interpreter.execute("x = len(docs)"))
    finally:
        interpreter.shutdown()


def raw() -> tuple[float, float]:
    """One JSON line there and back, with nothing of ours between."""
    import modal

    app = modal.App.lookup("benchmark", create_if_missing=True)
    sandbox = modal.Sandbox.create(app=app, image=modal.Image.debian_slim(python_version="3.12"))
    process = sandbox.exec("python3", "-u", "-c", ECHO, text=False)
    stdout = iter(process.stdout)

    def turn() -> None:
        process.stdin.write(LINE)
        process.stdin.drain()
        left = len(LINE)
        while left > 0:
            left -= len(next(stdout))

    try:
        return milliseconds(turn)
    finally:
        sandbox.terminate()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, LoopbackModal(Path(folder) / "modal") as server:
        os.environ.update(server.environment)
        print(f"{'':28}{'median':>10}{'95th':>10}")
        rows = {"raw client, a JSON line": raw()}
        for name, size in SIZES.items():
            path = Path(folder) / f"{size}.txt"
            path.write_bytes(b"a line of text\n" * (size // 15))
            rows[f"a cell beside {name}"] = ours(path)
        rows["raw client, once more"] = raw()
        for name, (median, high) in rows.items():
            print(f"{name:28}{median:7.2f} ms{high:7.2f} ms")


if __name__ == "__main__":
    main()
