"""The HTTP side: one connection to the loopback server, and the socket server that tracks them all."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from . import wire
from .answers import (
    Answer,
    ClosedConnection,
    CutStream,
    Reply,
    StatusFailure,
    StreamError,
    TokenUsage,
    count_tokens,
)
from .request import LMRequest

if TYPE_CHECKING:
    from .server import LoopbackLM


class LoopbackServer(ThreadingHTTPServer):
    """Listens on a free loopback port and can cut every connection it accepted."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, owner: LoopbackLM) -> None:
        self.owner = owner
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), LoopbackHandler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        with self._connections_lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class LoopbackHandler(BaseHTTPRequestHandler):
    """Answers the requests of one keep-alive connection from the owner's script."""

    server: LoopbackServer
    protocol_version = "HTTP/1.1"
    # Small deltas would otherwise wait for the client's delayed acknowledgements, 40 ms each.
    disable_nagle_algorithm = True

    def handle(self) -> None:
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            if not self.server.owner.closing.is_set():
                self.server.owner.note_disconnect()

    def do_GET(self) -> None:
        if self.path == wire.MODELS_PATH:
            self._send_json(200, wire.models_body(self.server.owner.models))
        else:
            self._send_failure(self._unknown_path())

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path not in (wire.CHAT_PATH, wire.RESPONSES_PATH):
            self._send_failure(self._unknown_path())
            return
        scheme, _, key = (self.headers.get("authorization") or "").partition(" ")
        owner = self.server.owner
        try:
            request = owner.record(self.path, key if scheme.lower() == "bearer" and key else None, raw)
        except ValueError as error:
            self._send_failure(
                StatusFailure(400, f"Could not read the request: {error}", code="invalid_request")
            )
            return
        with owner.answering():
            self._send_reply(request, owner.reply_to(request))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet: requests are recorded, and a test's stderr is its own."""

    def _send_reply(self, request: LMRequest, reply: Reply) -> None:
        match reply:
            case Answer():
                if self._wait(reply.delay):
                    self._send_answer(request, reply)
            case StatusFailure():
                self._send_failure(reply)
            case CutStream() if request.stream:
                self._begin_stream()
                self._send_deltas(request, reply.deltas())
                if reply.quiet:
                    self._end_stream()
                self.close_connection = True
            case CutStream():
                self._send_half(request, reply.text)
            case StreamError() if request.stream:
                self._begin_stream()
                self._send_deltas(request, reply.deltas())
                self._send_chunk(wire.error_event(request, reply.message, reply.code))
                self._end_stream()
            case StreamError():
                self._send_failure(StatusFailure(500, reply.message, code=reply.code))
            case ClosedConnection():
                self._wait(reply.delay)
                self.close_connection = True

    def _send_answer(self, request: LMRequest, answer: Answer) -> None:
        usage = TokenUsage(request.prompt_tokens, count_tokens(answer.text))
        if request.stream:
            self._begin_stream()
            if not self._send_deltas(request, answer.deltas(), answer.delta_seconds):
                self.close_connection = True
                return
            # Billed before the client can see the end, or a test could read the bill too early.
            self.server.owner.bill(usage)
            for event in wire.last_events(request, answer, usage):
                self._send_chunk(event)
            self._end_stream()
        else:
            self.server.owner.bill(usage)
            self._send_json(200, wire.whole_body(request, answer.text, answer.finish_reason, usage))

    def _send_half(self, request: LMRequest, text: str) -> None:
        usage = TokenUsage(request.prompt_tokens, count_tokens(text))
        content = json.dumps(wire.whole_body(request, text, "stop", usage)).encode()
        self._send_head(200, {"content-type": "application/json", "content-length": str(len(content))})
        self.wfile.write(content[: len(content) // 2])
        self.close_connection = True

    def _begin_stream(self) -> None:
        self._send_head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})

    def _send_deltas(self, request: LMRequest, deltas: Sequence[str], seconds: float = 0.0) -> bool:
        """Send the deltas at their pace; False if the server is being stopped meanwhile."""
        for event in wire.first_events(request):
            self._send_chunk(event)
        for text in deltas:
            if not self._wait(seconds):
                return False
            self._send_chunk(wire.delta_event(request, text))
        return True

    def _send_chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))

    def _end_stream(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def _send_failure(self, failure: StatusFailure) -> None:
        content = wire.error_body(failure)
        headers = {"content-type": "application/json", "content-length": str(len(content))}
        if failure.retry_after is not None:
            headers["retry-after"] = f"{failure.retry_after:g}"
        self._send_head(failure.status, headers)
        self.wfile.write(content)

    def _send_json(self, status: int, payload: dict[str, Any]) -> None:
        content = json.dumps(payload).encode()
        self._send_head(status, {"content-type": "application/json", "content-length": str(len(content))})
        self.wfile.write(content)

    def _send_head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _wait(self, seconds: float) -> bool:
        """Wait, but no longer than the server lives; True if it is still there."""
        return (
            not self.server.owner.closing.wait(seconds) if seconds else not self.server.owner.closing.is_set()
        )

    def _unknown_path(self) -> StatusFailure:
        return StatusFailure(404, f"Invalid URL ({self.command} {self.path})", code="unknown_url")
