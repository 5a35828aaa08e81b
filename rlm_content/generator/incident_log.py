"""The log of an invented shop in bad days: errors of a few kinds, planted among a lot that only looks bad."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
SERVICES = ("gateway", "orders", "payments", "stock", "mail", "search")
CALM: tuple[Callable[[Random], str], ...] = (
    lambda random: (
        f"request served path=/v2/{random.choice(('trees', 'orders', 'crates'))} "
        f"status=200 ms={random.randint(3, 90)} id=req-{random.randint(10**6, 10**7 - 1)}"
    ),
    lambda random: f"cache hit ratio={random.uniform(0.8, 0.99):.3f}",
    lambda random: f"job nightly-{random.randint(1, 9)} finished without errors",
    lambda random: f"error budget left={random.uniform(90, 100):.2f}%",
    lambda random: f"retry policy loaded max_errors={random.randint(3, 9)}",
    lambda random: f"connection pool size={random.randint(10, 40)} in_use={random.randint(1, 9)}",
)
UNEASY: tuple[Callable[[Random], str], ...] = (
    lambda random: f"slow query ms={random.randint(800, 4000)} table=order_lines",
    lambda random: f"retrying once id=req-{random.randint(10**6, 10**7 - 1)}",
    lambda random: f"queue length={random.randint(200, 900)} is above its mark",
)
# kind: (service, message, a line of its trace)
KINDS = {
    "ConnectionPoolExhausted": (
        "orders",
        "no free connection to orders-db after 5000 ms",
        "  at pool.acquire (pool.py:88)",
    ),
    "CertificateExpired": (
        "gateway",
        "TLS to mail-relay refused: certificate expired on 2026-03-01",
        "  at tls.handshake (tls.py:41)",
    ),
    "PaymentTimeout": (
        "payments",
        "no answer of the bank within 30 s",
        "  at bank.charge (bank.py:212)",
    ),
    "StockMismatch": (
        "stock",
        "crate counted twice, reserved=-1",
        "  at ledger.reserve (ledger.py:19)",
    ),
    "OutOfMemory": ("search", "index builder killed at 2048 MiB", "  at index.build (index.py:301)"),
}
SHARE = {
    "ConnectionPoolExhausted": 40,
    "CertificateExpired": 8,
    "PaymentTimeout": 30,
    "StockMismatch": 17,
    "OutOfMemory": 5,
}
A_LINE_IN = 110


def pieces(random: Random, size: int, truth: dict[str, Any]) -> Iterator[str]:
    """The log, line by line, of about `size` bytes; `truth` is filled with what was planted."""
    counts = dict.fromkeys(KINDS, 0)
    payments: list[str] = []
    at, first, last, written = START, "", "", 0
    while written < size or not all(counts.values()):
        at += timedelta(milliseconds=random.randint(5, 900))
        stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        chance = random.random()
        if chance < 1 / A_LINE_IN:
            kind = random.choices(list(SHARE), weights=list(SHARE.values()))[0]
            line = _error(random, stamp, kind, payments)
            counts[kind] += 1
        elif chance < 0.06:
            line = f"{stamp} WARN  {random.choice(SERVICES):<8} {random.choice(UNEASY)(random)}\n"
        else:
            line = f"{stamp} INFO  {random.choice(SERVICES):<8} {random.choice(CALM)(random)}\n"
        first, last = first or stamp, stamp
        written += len(line)
        yield line
    truth["truths"] = [
        {
            "task": "error-patterns",
            "inputs": {},
            "outputs": {"error_categories": counts, "total_errors_found": sum(counts.values())},
        },
        {
            "task": "logs",
            "inputs": {"query": "payment timeouts"},
            "outputs": {
                "matches": [{"holds": request} for request in payments[:20]],
                "patterns": [{"holds": "PaymentTimeout"}],
                "time_range": {"holds": [first, last]},
            },
        },
    ]


def _error(random: Random, stamp: str, kind: str, payments: list[str]) -> str:
    service, message, trace = KINDS[kind]
    request = f"req-{random.randint(10**6, 10**7 - 1)}"
    if kind == "PaymentTimeout":
        payments.append(request)
    return f"{stamp} ERROR {service:<8} {kind}: {message} id={request}\n{trace}\n"
