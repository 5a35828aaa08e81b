"""What the loopback Modal can be told to do wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

from grpclib.const import Status


@dataclass
class Misbehaviour:
    """May be changed while the server runs; a fresh one behaves well.

    `slow`: seconds to wait before an answer, by rpc name ("*" is any). `refuse`: rpcs that fail with a status
    and words. `unreachable`: no call is answered at all. `cut_after`: stdio streams break off after so many
    bytes, `cuts` times (they can be read on from their offset). `build_seconds` and `build_fails` are of the
    image. `break_uploads`: so many uploads of blocks break off in the middle. `quota`: bytes that any volume
    may hold. `never_start`: a sandbox is created and never gets a task.
    """

    slow: dict[str, float] = field(default_factory=dict)
    refuse: dict[str, tuple[Status, str]] = field(default_factory=dict)
    unreachable: bool = False
    cut_after: int = 0
    cuts: int = 0
    build_seconds: float = 0.0
    build_fails: str = ""
    break_uploads: int = 0
    upload_seconds: float = 0.0
    quota: int | None = None
    never_start: bool = False
