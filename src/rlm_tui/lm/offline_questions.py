"""The strategy for `question -> answer`: recognise what can be computed, compute it, look, submit.

Only the form of the question is recognised here; every answer is computed by the cell in the sandbox.
"""

from __future__ import annotations

import re

from rlm_tui.lm.offline_cell import Cell, cell, next_cell
from rlm_tui.lm.offline_prompt import PlannerTurn

_NUMBERS = {
    name: number
    for number, name in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
}
_COUNT = r"(?P<count>\d+|" + "|".join(_NUMBERS) + ")"
_FIRST = rf"first {_COUNT}"

_SEQUENCES = {
    r"fibonacci": (
        "Fibonacci numbers",
        """
        def sequence(count):
            numbers = [0, 1]
            while len(numbers) < count:
                numbers.append(numbers[-1] + numbers[-2])
            return numbers[:count]
        """,
    ),
    r"primes?\b": (
        "prime numbers",
        """
        def sequence(count):
            numbers, candidate = [], 2
            while len(numbers) < count:
                if all(candidate % prime for prime in numbers if prime * prime <= candidate):
                    numbers.append(candidate)
                candidate += 1
            return numbers
        """,
    ),
    r"squares?\b|square numbers?": (
        "square numbers",
        """
        def sequence(count):
            return [number * number for number in range(1, count + 1)]
        """,
    ),
    r"cubes?\b": (
        "cubes",
        """
        def sequence(count):
            return [number ** 3 for number in range(1, count + 1)]
        """,
    ),
    r"factorials?": (
        "factorials",
        """
        import math

        def sequence(count):
            return [math.factorial(number) for number in range(1, count + 1)]
        """,
    ),
    r"even numbers?": (
        "even numbers",
        """
        def sequence(count):
            return [2 * number for number in range(1, count + 1)]
        """,
    ),
    r"odd numbers?": (
        "odd numbers",
        """
        def sequence(count):
            return [2 * number + 1 for number in range(count)]
        """,
    ),
    r"powers of (?:two|2)": (
        "powers of two",
        """
        def sequence(count):
            return [2 ** number for number in range(count)]
        """,
    ),
    r"triangular numbers?": (
        "triangular numbers",
        """
        def sequence(count):
            return [number * (number + 1) // 2 for number in range(1, count + 1)]
        """,
    ),
    r"(?:natural|positive|whole) (?:numbers?|integers?)|integers?\b|numbers?\b": (
        "whole numbers",
        """
        def sequence(count):
            return list(range(1, count + 1))
        """,
    ),
}
_REDUCTIONS = {
    r"\bsum\b|\badd(?:ed)?\b": ("sum", "sum(numbers)"),
    r"\bproduct\b": ("product", "math.prod(numbers)"),
    r"\baverage\b|\bmean\b": ("mean", "sum(numbers) / len(numbers)"),
    r"\bmedian\b": ("median", "statistics.median(numbers)"),
}


def plan_question(turn: PlannerTurn) -> Cell:
    """The next cell for a question."""
    variable = turn.input("question")
    question = " ".join((variable.preview if variable else "").split())
    reasoning, code = recognise(question) or _ask()
    cells = [
        cell(
            "I look at the question first. Nothing has to be read, so code can answer it if it asks "
            "for something that can be computed.",
            """
            print(question)
            print(len(question.split()), "words")
            """,
        ),
        Cell(reasoning, f"{code.strip()}\nprint(answer)"),
    ]
    finish = cell(
        "The output is what the question asks for, so I submit it.",
        """
        SUBMIT(answer=str(globals().get("answer", "No answer could be computed.")))
        """,
    )
    return next_cell(turn, cells, finish)


def recognise(question: str) -> tuple[str, str] | None:
    """(reasoning, code that sets `answer`) for a question of a kind that can be computed, else None."""
    for attempt in (_dates, _letters, _words, _ordering, _sequence, _factorial, _listed, _arithmetic):
        if found := attempt(question):
            return found
    return None


def _ask() -> tuple[str, str]:
    return (
        "This can't be computed from the question alone, and there is no document to search. I ask the "
        "sub-LM and pass on what it says.",
        "answer = llm_query(question)",
    )


def _number(text: str) -> int:
    return _NUMBERS[text] if text in _NUMBERS else int(text)


def _sequence(question: str) -> tuple[str, str] | None:
    text = question.lower()
    for pattern, (name, definition) in _SEQUENCES.items():
        first = re.search(rf"{_FIRST} (?:\w+ )?(?:{pattern})", text)
        upto = re.search(rf"(?:{pattern}).*?(?:from )?(?:1|one) (?:to|through) (\d+)", text)
        nth = re.search(rf"(\d+)(?:st|nd|rd|th) (?:{pattern})", text)
        count = _number(first["count"]) if first else int((upto or nth).group(1)) if upto or nth else 0  # type: ignore[union-attr]
        if not count or count > 100_000:
            continue
        code = cell("", definition).code + f"\n\nnumbers = sequence({count})\n"
        return _sequence_answer(text, name, code, count, single=bool(nth and not first))
    return None


def _sequence_answer(text: str, name: str, code: str, count: int, *, single: bool) -> tuple[str, str]:
    for pattern, (label, expression) in _REDUCTIONS.items():
        if re.search(pattern, text):
            return (
                f"The question asks for the {label} of {count} {name}: I generate them and reduce the list.",
                f"import math, statistics\n{code}print(numbers[:20])\nanswer = {expression}",
            )
    if single:
        return (f"I generate {count} {name} and take the last.", f"{code}answer = numbers[-1]")
    return (
        f"The question asks for the first {count} {name}. I write a function that generates them, so that "
        "none is recalled from memory.",
        f'{code}answer = ", ".join(map(str, numbers))',
    )


def _factorial(question: str) -> tuple[str, str] | None:
    match = re.search(r"factorial of (\d+)|(\d+)\s*!|(\d+) factorial", question.lower())
    if match is None:
        return None
    number = next(int(group) for group in match.groups() if group)
    if number > 2_000:
        return None
    return (
        f"{number}! is one call of `math.factorial`.",
        f"import math\n\nanswer = math.factorial({number})",
    )


def _listed(question: str) -> tuple[str, str] | None:
    text = question.lower()
    numbers = re.findall(r"-?\d+(?:\.\d+)?", text)
    if len(numbers) < 2:
        return None
    choices: dict[str, tuple[str, str]] = {
        **_REDUCTIONS,
        r"\b(?:largest|maximum|biggest|greatest)\b": ("maximum", "max(numbers)"),
        r"\b(?:smallest|minimum|least)\b": ("minimum", "min(numbers)"),
        r"\b(?:gcd|greatest common divisor)\b": ("greatest common divisor", "math.gcd(*numbers)"),
        r"\b(?:lcm|least common multiple)\b": ("least common multiple", "math.lcm(*numbers)"),
    }
    ordered = sorted(choices.items(), key=lambda item: "common" not in item[1][0])
    for pattern, (label, expression) in ordered:
        if re.search(pattern, text) and not re.search(r"first \w+", text):
            listed = ", ".join(numbers)
            return (
                f"The question lists {len(numbers)} numbers and asks for their {label}.",
                f"import math, statistics\n\nnumbers = [{listed}]\nanswer = {expression}",
            )
    return None


def _arithmetic(question: str) -> tuple[str, str] | None:
    text = question.lower()
    for words, sign in (
        ("plus", "+"),
        ("minus", "-"),
        ("times", "*"),
        ("divided by", "/"),
        ("to the power of", "**"),
    ):
        text = re.sub(rf"\s+{words}\s+", f" {sign} ", text)
    text = text.replace("×", "*").replace("÷", "/").replace("^", "**")
    text = re.sub(r"(?<=\d)\s*x\s*(?=\d)", " * ", text)
    match = re.search(r"\(*\s*-?\d[\d\s.()+\-*/%]*[\d)]", re.sub(r"(?<=\d),(?=\d{3})", "", text))
    if match is None or not re.search(r"[+\-*/%]", match.group().strip().lstrip("-")):
        return None
    expression = " ".join(match.group().split())
    if expression.count("**") > 1 or re.search(r"\*\*\s*\d{4,}", expression):
        return None
    return (f"This is arithmetic: Python evaluates `{expression}`.", f"answer = {expression}")


def _quoted(question: str) -> str | None:
    match = re.search(r"[\"“'‘]([^\"”'’]+)[\"”'’]|\bword (\w+)", question)
    return next((group for group in match.groups() if group), None) if match else None


def _letters(question: str) -> tuple[str, str] | None:
    match = re.search(
        r"how many (?:times does )?(?:the )?(?:letter )?[\"'“]?(\w)[\"'”]?(?:'?s)?\b (?:are|is|occur|appear|in)",
        question,
        re.I,
    )
    text = _quoted(re.sub(r"letter [\"'“]?\w[\"'”]?", "letter", question)) or _last_word(question)
    if match and text:
        letter = match.group(1).lower()
        return (
            f"I count the letter {letter!r} in the text with code: counting by eye goes wrong.",
            f"text = {text!r}\nanswer = text.lower().count({letter!r})",
        )
    return None


def _last_word(question: str) -> str | None:
    words = re.findall(r"[A-Za-z]+", question)
    return words[-1] if words else None


def _words(question: str) -> tuple[str, str] | None:
    match = re.search(r"how many (words|letters|characters|vowels)", question.lower())
    text = _quoted(question)
    if not match or not text:
        return None
    expression = {
        "words": "len(text.split())",
        "letters": "sum(character.isalpha() for character in text)",
        "characters": "len(text)",
        "vowels": 'sum(character in "aeiou" for character in text.lower())',
    }[match.group(1)]
    return (f"I count the {match.group(1)} of the quoted text.", f"text = {text!r}\nanswer = {expression}")


def _ordering(question: str) -> tuple[str, str] | None:
    text = question.lower()
    quoted = _quoted(question)
    if quoted and re.search(r"\brevers|backwards", text):
        return ("I reverse the quoted text.", f"text = {quoted!r}\nanswer = text[::-1]")
    match = re.search(r"\bsort\b(?: these| the)?(?: \w+)?:?\s*(.+?)[.?]?$", question, re.I)
    if not match:
        return None
    items = [item.strip() for item in re.split(r",|\band\b", match.group(1)) if item.strip()]
    if len(items) < 2:
        return None
    numeric = all(re.fullmatch(r"-?\d+(?:\.\d+)?", item) for item in items)
    listed = f"[{', '.join(items)}]" if numeric else repr(items)
    order = ", reverse=True" if "descending" in text else ""
    return ("I sort the list that is given.", f"answer = sorted({listed}{order})")


def _dates(question: str) -> tuple[str, str] | None:
    days = re.findall(r"(\d{4})-(\d{2})-(\d{2})", question)
    if len(days) != 2 or not re.search(r"how many days|days (?:are )?between", question.lower()):
        return None
    first, second = (f"date({int(year)}, {int(month)}, {int(day)})" for year, month, day in days)
    return (
        "The days between two dates: the calendar module knows leap years.",
        f"from datetime import date\n\nanswer = abs(({second} - {first}).days)",
    )
