"""Questions on well-known sequences: which one, how far, and what of it is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rlm_tui.lm.offline_computation import NUMBER, Computation, computation, number

_RANGE = rf"(?:from|between) {NUMBER} (?:to|and|through) {NUMBER}"
_BELOW = rf"(?:below|under|less than|smaller than) {NUMBER}"
_UP_TO = rf"(?:up to|until|through|at most|not (?:above|over|more than)) {NUMBER}"


@dataclass(frozen=True)
class Sequence:
    """A sequence: how a question names it, the function that yields it, and a test of what came out.

    `most` members are made at the most: their digits have to be printed.
    """

    name: str
    pattern: str
    code: str
    check: str
    most: int = 100_000


_SEQUENCES = (
    Sequence(
        "Fibonacci numbers",
        r"fibonacci(?: numbers?| sequence| series| terms?)?",
        "a, b = 0, 1\nwhile True:\n    yield a\n    a, b = b, a + b",
        "all(x + y == z for x, y, z in zip(numbers, numbers[1:], numbers[2:]))",
        most=5_000,
    ),
    Sequence(
        "prime numbers",
        r"primes?(?: numbers?)?",
        "primes = []\nfor candidate in itertools.count(2):\n"
        "    small = itertools.takewhile(lambda prime: prime * prime <= candidate, primes)\n"
        "    if all(candidate % prime for prime in small):\n"
        "        primes.append(candidate)\n        yield candidate",
        "all(pow(2, number, number) == 2 % number for number in numbers)  # Fermat's test",
        most=20_000,
    ),
    Sequence(
        "square numbers",
        r"(?:perfect )?squares?(?: numbers?)?",
        "for root in itertools.count(1):\n    yield root * root",
        "all(math.isqrt(number) ** 2 == number for number in numbers)",
    ),
    Sequence(
        "cubes",
        r"(?:perfect )?cubes?(?: numbers?)?",
        "for root in itertools.count(1):\n    yield root ** 3",
        "all(round(number ** (1 / 3)) ** 3 == number for number in numbers)",
    ),
    Sequence(
        "factorials",
        r"factorials?",
        "for size in itertools.count(1):\n    yield math.factorial(size)",
        "all(later % earlier == 0 for earlier, later in zip(numbers, numbers[1:]))",
        most=800,
    ),
    Sequence(
        "even numbers",
        r"even (?:numbers?|integers?)",
        "for half in itertools.count(1):\n    yield 2 * half",
        "not any(number % 2 for number in numbers)",
    ),
    Sequence(
        "odd numbers",
        r"odd (?:numbers?|integers?)",
        "for half in itertools.count(0):\n    yield 2 * half + 1",
        "all(number % 2 for number in numbers)",
    ),
    Sequence(
        "powers of two",
        r"powers of (?:two|2)",
        "for exponent in itertools.count(0):\n    yield 2 ** exponent",
        'all(bin(number).count("1") == 1 for number in numbers)',
        most=8_000,
    ),
    Sequence(
        "triangular numbers",
        r"triang(?:ular|le) numbers?",
        "for size in itertools.count(1):\n    yield size * (size + 1) // 2",
        "all(math.isqrt(8 * number + 1) ** 2 == 8 * number + 1 for number in numbers)",
    ),
    Sequence(
        "whole numbers",
        r"(?:natural |positive |whole |counting )?(?:numbers?|integers?)",
        "yield from itertools.count(1)",
        "all(later - earlier == 1 for earlier, later in zip(numbers, numbers[1:]))",
    ),
)
_REDUCTIONS = (
    (r"\bsum\b|\badd(?:ed)? (?:up )?|\btotal of\b", "sum", "sum(numbers)"),
    (r"\bproduct\b", "product", "math.prod(numbers)"),
    (r"\b(?:average|mean)\b", "mean", "statistics.mean(numbers)"),
    (r"\bmedian\b", "median", "statistics.median(numbers)"),
    (r"\bhow many\b|\bnumber of\b|\bcount\b", "number", "len(numbers)"),
    (r"\b(?:largest|greatest|biggest|last)\b", "largest", "max(numbers)"),
)


def sequence_computation(question: str) -> Computation | None:
    """How to compute what `question` asks of a sequence; None if it asks for none, or for too much of it."""
    text = question.lower()
    for sequence in _SEQUENCES:
        named = re.search(rf"\b{sequence.pattern}\b", text)
        if named:  # the most special name counts: "numbers" of the Fibonacci sequence are no whole numbers
            extent = _extent(text, named.group(), sequence)
            return _compute(text, sequence, *extent) if extent else None
    return None


def _extent(text: str, named: str, sequence: Sequence) -> tuple[str, str, bool] | None:
    """(code that chooses the members, the same in words, whether one member alone is asked for)."""
    if match := re.search(rf"first {NUMBER} (?:\w+ (?:of|in) )?(?:the )?(?:\w+ )?{re.escape(named)}", text):
        count = number(match[1])
        words = f"the first {count} {sequence.name}"
        return (
            (f"list(itertools.islice(members(), {count}))", words, False) if count <= sequence.most else None
        )
    if match := re.search(rf"(\d+)(?:st|nd|rd|th) {re.escape(named)}", text):
        count = int(match[1])
        words = f"{sequence.name} up to the place {count}"
        return (
            (f"list(itertools.islice(members(), {count}))", words, True)
            if 0 < count <= sequence.most
            else None
        )
    within = re.search(_RANGE, text) or re.search(_BELOW, text) or re.search(_UP_TO, text)
    if within is None or number(within[within.lastindex or 1]) > 1_000_000:
        return None
    least = number(within[1]) if within.lastindex == 2 else 0
    limit = number(within[within.lastindex or 1])
    sign = "<" if re.match(_BELOW, within[0]) else "<="
    taken = f"itertools.takewhile(lambda number: number {sign} {limit}, members())"
    chosen = f"[number for number in {taken} if number >= {least}]" if least > 1 else f"list({taken})"
    return chosen, f"the {sequence.name} {within[0]}", False


def _compute(text: str, sequence: Sequence, chosen: str, what: str, single: bool) -> Computation:
    body = "\n".join(f"    {line}" for line in sequence.code.split("\n"))
    made = (
        "import itertools, math, statistics\n\n"
        f"def members():\n{body}\n\n"
        f"numbers = {chosen}\n"
        'print(len(numbers), "members:", numbers[:20], "…" if len(numbers) > 20 else "")\n'
        f'print("check:", {sequence.check.partition("  #")[0]})\n'
    )
    for pattern, label, expression in _REDUCTIONS:
        if not single and re.search(pattern, text):
            return computation(
                f"The question asks for the {label} of {what}. I generate them, test them, and reduce them.",
                f"{made}answer = {expression}",
            )
    if single:
        return computation(f"I generate {what} and take the last.", f"{made}answer = numbers[-1]")
    return computation(
        f"The question asks for {what}. I write a function that generates them, so that none is recalled "
        "from memory, and test what comes out in another way.",
        f'{made}answer = ", ".join(map(str, numbers))',
    )
