"""A real HTTP server on the loopback interface that speaks OpenAI's protocol from a script."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from .answers import Reply, StatusFailure, TokenUsage
from .handler import LoopbackServer
from .request import Kind, LMRequest, read_request
from .scripts import Script


class LoopbackLM:
    """A scripted OpenAI-compatible provider at `api_base`, for `with` or `start()` / `stop()`.

    `key`, if given, is the only API key accepted (401 otherwise). A script that raises answers 400 with its
    words, which clients do not retry, and makes leaving the `with` raise them: a wrong script never passes.
    """

    def __init__(
        self, script: Script, *, key: str | None = None, models: tuple[str, ...] = ("test-model",)
    ) -> None:
        self.models = models
        self.key = key
        self.closing = threading.Event()
        self._script = script
        self._lock = threading.Lock()
        self._requests: list[LMRequest] = []
        self._script_errors: list[Exception] = []
        self._billed = TokenUsage()
        self._disconnects = 0
        self._open = 0
        self._most_open = 0
        self._started = time.monotonic()
        self._server = LoopbackServer(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="loopback-lm", daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def api_base(self) -> str:
        """What `dspy.LM(api_base=…)` and DSPY_LM_API_BASE want."""
        return f"{self.url}/v1"

    @property
    def requests(self) -> tuple[LMRequest, ...]:
        """Every request whose body could be read, in order of arrival, the failed ones included."""
        with self._lock:
            return tuple(self._requests)

    def count(self, *kinds: Kind) -> int:
        """Requests of these kinds; a client's own retries count one by one."""
        return sum(request.kind in kinds for request in self.requests)

    @property
    def planner_calls(self) -> int:
        return self.count(Kind.PLANNER)

    @property
    def extract_calls(self) -> int:
        return self.count(Kind.EXTRACT)

    @property
    def sub_calls(self) -> int:
        """Bare sub-queries and Predict sub-agents."""
        return self.count(Kind.QUERY, Kind.PREDICT)

    @property
    def billed(self) -> TokenUsage:
        """Tokens of the answers that were sent whole; a client's totals must equal them."""
        with self._lock:
            return self._billed

    @property
    def disconnects(self) -> int:
        """Clients that left before their answer was out."""
        with self._lock:
            return self._disconnects

    @property
    def most_open(self) -> int:
        """The most requests that were being answered at one moment."""
        with self._lock:
            return self._most_open

    @property
    def script_errors(self) -> tuple[Exception, ...]:
        with self._lock:
            return tuple(self._script_errors)

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Take the provider away: new connections are refused and the open ones are cut. Safe to repeat."""
        if self.closing.is_set():
            return
        self.closing.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.cut_connections()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is None and self.script_errors:
            raise AssertionError(f"the script raised {self.script_errors[0]!r}") from self.script_errors[0]

    def record(self, path: str, key: str | None, raw: bytes) -> LMRequest:
        """Read, number and keep a request; ValueError if its body can't be read."""
        with self._lock:
            at = time.monotonic() - self._started
            request = read_request(path, key, raw, at=at, number=len(self._requests))
            self._requests.append(request)
            return request

    def reply_to(self, request: LMRequest) -> Reply:
        """What the script says, or a 401 for a key that isn't the one, or a 400 if the script raised."""
        if self.key is not None and request.key != self.key:
            shown = "no key" if request.key is None else f"a key of {len(request.key)} characters"
            return StatusFailure(401, f"Incorrect API key provided: {shown}.", code="invalid_api_key")
        try:
            return self._script(request)
        except Exception as error:
            with self._lock:
                self._script_errors.append(error)
            return StatusFailure(
                400, f"the test's script raised {type(error).__name__}: {error}", code="script"
            )

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request as open while it is being answered."""
        with self._lock:
            self._open += 1
            self._most_open = max(self._most_open, self._open)
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1

    def bill(self, usage: TokenUsage) -> None:
        with self._lock:
            self._billed += usage

    def note_disconnect(self) -> None:
        with self._lock:
            self._disconnects += 1
