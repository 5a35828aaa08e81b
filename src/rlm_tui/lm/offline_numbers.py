"""Questions on numbers: arithmetic, lists of numbers, properties of one number, units."""

from __future__ import annotations

import re

from rlm_tui.lm.offline_computation import Computation, computation

_FIGURE = r"-?\d+(?:\.\d+)?"
_WHOLE = r"(\d+)\b"
_LISTED = (
    (
        r"\b(?:gcd|greatest common divisor|highest common factor)\b",
        "greatest common divisor",
        "math.gcd(*numbers)",
    ),
    (r"\b(?:lcm|least common multiple)\b", "least common multiple", "math.lcm(*numbers)"),
    (r"\bsum\b|\badd\b|\btotal\b", "sum", "sum(numbers)"),
    (r"\bproduct\b|\bmultiply\b", "product", "math.prod(numbers)"),
    (r"\b(?:average|mean)\b", "mean", "statistics.mean(numbers)"),
    (r"\bmedian\b", "median", "statistics.median(numbers)"),
    (r"\bmode\b", "mode", "statistics.mode(numbers)"),
    (r"\bstandard deviation\b", "standard deviation", "statistics.stdev(numbers)"),
    (r"\b(?:largest|maximum|biggest|greatest|max|highest)\b", "maximum", "max(numbers)"),
    (r"\b(?:smallest|minimum|least|min|lowest)\b", "minimum", "min(numbers)"),
)
_FILLER_WORDS = """
what is what's whats the result value of calculate compute evaluate how much does equal give me please
solve work out can you tell s and or a an in among which number numbers list following values these one
all together up
"""
_FILLERS = frozenset(_FILLER_WORDS.split())
_WORDED = (
    (r"\bplus\b", "+"),
    (r"\bminus\b", "-"),
    (r"\b(?:times|multiplied by)\b|×|(?<=\d)\s*x\s*(?=\d)", "*"),
    (r"\b(?:divided by|over)\b|÷", "/"),
    (r"\b(?:modulo|mod)\b", "%"),
    (r"\b(?:to the power of|raised to(?: the power of)?)\b|\^", "**"),
    (r"\bsquared\b|²", "** 2"),
    (r"\bcubed\b|³", "** 3"),
)
# (from, to): factor and offset, so that to = from * factor + offset
_UNITS: dict[tuple[str, str], tuple[str, str]] = {
    ("mile", "kilometer"): ("1.609344", "0"),
    ("kilometer", "mile"): ("1 / 1.609344", "0"),
    ("foot", "meter"): ("0.3048", "0"),
    ("meter", "foot"): ("1 / 0.3048", "0"),
    ("inch", "centimeter"): ("2.54", "0"),
    ("centimeter", "inch"): ("1 / 2.54", "0"),
    ("pound", "kilogram"): ("0.45359237", "0"),
    ("kilogram", "pound"): ("1 / 0.45359237", "0"),
    ("hour", "minute"): ("60", "0"),
    ("minute", "second"): ("60", "0"),
    ("day", "hour"): ("24", "0"),
    ("week", "day"): ("7", "0"),
    ("fahrenheit", "celsius"): ("5 / 9", "-160 / 9"),
    ("celsius", "fahrenheit"): ("9 / 5", "32"),
}
_UNIT_NAMES = {
    "km": "kilometer", "kms": "kilometer", "mi": "mile", "ft": "foot", "feet": "foot", "m": "meter",
    "metre": "meter", "kilometre": "kilometer", "centimetre": "centimeter", "cm": "centimeter",
    "inches": "inch", "lb": "pound", "lbs": "pound", "kg": "kilogram", "kgs": "kilogram",
    "f": "fahrenheit", "c": "celsius",
}  # fmt: skip


def number_computation(question: str) -> Computation | None:
    """How to compute what `question` asks of numbers, or None."""
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", question.lower())
    for attempt in (_units, _one_number, _listed, _arithmetic):
        if found := attempt(text):
            return found
    return None


def _one_number(text: str) -> Computation | None:
    if match := re.search(rf"factorial of {_WHOLE}|{_WHOLE}\s*!|{_WHOLE} factorial", text):
        value = int(next(group for group in match.groups() if group))
        if value <= 1_000:
            return computation(f"{value}! is one call.", f"import math\n\nanswer = math.factorial({value})")
    if match := re.search(rf"\b(?:square root|sqrt)(?: of)? ?\(?({_FIGURE})", text):
        code = f"import math\n\nroot = math.sqrt({match[1]})\nprint('check:', root * root)\n"
        return computation("A square root, checked by squaring it.", f"{code}answer = f'{{root:.10g}}'")
    if match := re.search(rf"({_FIGURE}) ?(?:%|percent) of ({_FIGURE})", text):
        return computation("A share of a number.", f"answer = f'{{{match[1]} * {match[2]} / 100:.10g}}'")
    if match := re.search(rf"\bis {_WHOLE} (?:a )?prime", text):
        return computation(
            "I look for a divisor up to the square root: without one the number is prime.",
            f"import math\n\nvalue = {match[1]}\n"
            "divisor = next((d for d in range(2, math.isqrt(value) + 1) if value % d == 0), None)\n"
            "print('smallest divisor:', divisor)\n"
            "prime = value > 1 and divisor is None\n"
            "answer = f'{value} is prime.' if prime else f'{value} is not prime.'\n"
            "if divisor:\n    answer += f' It is {divisor} × {value // divisor}.'",
        )
    if match := re.search(
        rf"\b(?:prime )?factor(?:s|i[sz]ation)? of {_WHOLE}|\bfactor(?:i[sz]e)? {_WHOLE}", text
    ):
        return computation(
            "I divide by each number from 2 on for as long as it goes, and multiply the factors to check.",
            f"import math\n\nrest = value = {match[1] or match[2]}\nfactors = []\ndivisor = 2\n"
            "while divisor * divisor <= rest:\n    while rest % divisor == 0:\n"
            "        factors.append(divisor)\n        rest //= divisor\n    divisor += 1\n"
            "if rest > 1:\n    factors.append(rest)\n"
            "print('check:', math.prod(factors) == value)\nanswer = ' × '.join(map(str, factors))",
        )
    if match := re.search(rf"{_WHOLE} (?:in|to|as) (binary|hex\w*|octal)", text):
        code, base = {"b": ("b", 2), "h": ("x", 16), "o": ("o", 8)}[match[2][0]]
        return computation(
            f"I write the number in {match[2]} and read it back.",
            f"answer = format({match[1]}, '{code}')\nprint('check:', int(answer, {base}) == {match[1]})",
        )
    if match := re.search(rf"sum of (?:all )?(?:the )?digits (?:of|in) {_WHOLE}|digit sum of {_WHOLE}", text):
        return computation("I add up the digits.", f"answer = sum(map(int, '{match[1] or match[2]}'))")
    return None


def _listed(text: str) -> Computation | None:
    if re.search(r"\bfirst\b|\bbetween\b|\bfrom\b|\d{4}-\d\d", text):
        return None
    numbers = re.findall(rf"(?<![\w.]){_FIGURE}(?![\w%])", text)
    if len(numbers) < 2:
        return None
    for pattern, label, expression in _LISTED:
        if (asked := re.search(pattern, text)) and not _foreign_words(text.replace(asked[0], " ")):
            return computation(
                f"The question lists {len(numbers)} numbers and asks for their {label}.",
                f"import math, statistics\n\nnumbers = [{', '.join(numbers)}]\nanswer = {expression}",
            )
    return None


def _foreign_words(text: str) -> set[str]:
    """The words that belong to no plain question on the figures beside them: who knows what they change."""
    return set(re.findall(r"[a-z']+", text)) - _FILLERS


def _arithmetic(text: str) -> Computation | None:
    for pattern, sign in _WORDED:
        text = re.sub(pattern, f" {sign} ", text)
    match = re.search(r"\(*\s*-?\d[\d\s.()+\-*/%]*[\d)]", text)
    if match is None or not re.search(r"[\d)]\s*[+\-*/%]", match.group()):
        return None
    around = text[: match.start()] + " " + text[match.end() :]
    if _foreign_words(around) or re.search(r"\d", around):
        return None  # the figures belong to a longer question
    expression = " ".join(match.group().split())
    if (
        expression.count("**") > 1
        or re.search(r"\*\*\s*\d{4,}", expression)
        or re.search(r"\d \d|\b0\d", expression)
    ):
        return None
    return computation(f"This is arithmetic, so Python evaluates `{expression}`.", f"answer = {expression}")


def _units(text: str) -> Computation | None:
    match = re.search(
        rf"({_FIGURE}) ?(?:degrees? )?°? ?([a-z]+)(?: is| are)?(?: equal)? (?:in|to|into|as)(?: degrees?)? "
        r"([a-z]+)"
        rf"|how many ([a-z]+) (?:are )?(?:there )?in ({_FIGURE}) ([a-z]+)",
        text,
    )
    if match is None:
        return None
    value = match[1] or match[5]
    source, target = _unit(match[2] or match[6]), _unit(match[3] or match[4])
    if (source, target) not in _UNITS:
        return None
    factor, offset = _UNITS[source, target]
    shift = "" if offset == "0" else f" + {offset}"
    return computation(
        f"I convert from {source} to {target} by the definition of the units.",
        f"value = {value} * {factor}{shift}\nanswer = f'{{value:.6g}} ({target})'",
    )


def _unit(word: str) -> str:
    return _UNIT_NAMES.get(word) or (word if word == "celsius" else word.removesuffix("s"))
