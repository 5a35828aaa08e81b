"""The strategy for `question -> answer`: recognise what can be computed, compute it, look, submit.

Only the form of a question is recognised; every answer is computed by the cell in the sandbox. What can't be
computed goes to the sub-LM, whose honest answer is passed on.
"""

from __future__ import annotations

import re

from rlm_tui.lm.offline_cell import Cell, cell, next_cell
from rlm_tui.lm.offline_computation import Computation, computation, quoted
from rlm_tui.lm.offline_numbers import number_computation
from rlm_tui.lm.offline_prompt import PlannerTurn
from rlm_tui.lm.offline_sequences import sequence_computation

_CAN_DO = (
    " The offline demo can work out: sequences (first N primes, Fibonacci numbers …), arithmetic, sums and "
    "means of numbers, letters or words of a quoted text, sorting, reversing, days between dates, units."
)
_COUNTED = {
    "words": "len(text.split())",
    "letters": "sum(character.isalpha() for character in text)",
    "characters": "len(text)",
    "vowels": 'sum(character in "aeiou" for character in text.lower())',
    "consonants": 'sum(c.isalpha() and c not in "aeiou" for c in text.lower())',
}
_DAY = r"(\d{4})-(\d{2})-(\d{2})"


def plan_question(turn: PlannerTurn) -> Cell:
    """The next cell for a question."""
    variable = turn.input("question")
    question = " ".join((variable.preview if variable else "").split())
    found = recognise(question)
    plan = (
        "it can be computed"
        if found
        else "it can't be computed from its words alone, so it is for the sub-LM"
    )
    look = cell(
        "I look at the question before anything else, and say how I will go about it.",
        f"""
        print(question)
        print(len(question.split()), "words; plan:", {plan!r})
        """,
    )
    step = found or (_ask() if turn.calls(1) else _admit())
    finish = cell(
        "I have seen the answer in the output, and it is what the question asks for. I submit it.",
        """
        SUBMIT(answer=str(globals().get("answer", "No answer could be computed.")))
        """,
    )
    return next_cell(turn, [look, Cell(step.reasoning, step.code)], finish)


def recognise(question: str) -> Computation | None:
    """How to compute the answer of a question of a known kind; None for any other."""
    for attempt in (_dates, _counting, _turning, _sorting, sequence_computation, number_computation):
        if found := attempt(question):
            return found
    return None


def _ask() -> Computation:
    return computation(
        "This can't be computed from the question alone, and there is no document to search. I ask the "
        "sub-LM and pass on what it says.",
        f'answer = llm_query(question)\nif answer.startswith("Offline demo"):\n    answer += {_CAN_DO!r}',
    )


def _admit() -> Computation:
    said = f"No sub-LM call is allowed, and this can't be computed from its words alone.{_CAN_DO}"
    return computation(
        "This can't be computed from the question alone, and no sub-LM call is allowed. I say so.",
        f"answer = {said!r}",
    )


def _counting(question: str) -> Computation | None:
    lowered = question.lower()
    text = quoted(re.sub(r"\bletters? [\"'“]?\w[\"'”]?(?!\w)", "letter", question))
    letter = re.search(
        r"how many (?:times does )?(?:the )?(?:letters? )?[\"'“]?([a-z])[\"'”]?(?:['’]?s)?(?!\w)"
        r"(?: letters?)?(?: are| is| does)?(?: there)?(?: occur| appear)? in (?:the word )?[\"'“]?(\w+)",
        lowered,
    )
    if letter:
        text = text or question[letter.start(2) : letter.end(2)]
        return computation(
            f"I count the letter {letter[1]!r} in the text with code: counting by eye goes wrong.",
            f"text = {text!r}\nprint([at for at, c in enumerate(text.lower()) if c == {letter[1]!r}])\n"
            f"answer = text.lower().count({letter[1]!r})",
        )
    counted = re.search(r"how many (words|letters|characters|vowels|consonants)\b", lowered)
    if counted and text is None and (last := re.search(r"\bin (\w+)[?.!]*$", question)):
        text = last[1]
    if not counted or not text:
        return None
    return computation(
        f"I count the {counted[1]} of the text.", f"text = {text!r}\nanswer = {_COUNTED[counted[1]]}"
    )


def _turning(question: str) -> Computation | None:
    text, lowered = quoted(question), question.lower()
    if text is None and (
        match := re.search(r"\breverse (?:of )?(?:the (?:string|text) )?(\w+)[.?!]*$", question, re.I)
    ):
        text = match[1]
    if text is None:
        return None
    if "palindrome" in lowered:
        return computation(
            "A palindrome reads the same backwards; only letters and digits count.",
            f"text = {text!r}\nkept = [c for c in text.lower() if c.isalnum()]\n"
            "print(''.join(reversed(kept)))\n"
            "same = kept == kept[::-1]\n"
            "answer = f'Yes, {text!r} is a palindrome.' if same else f'No, {text!r} is not one.'",
        )
    if re.search(r"\brevers|\bbackwards", lowered):
        return computation("I reverse the text.", f"text = {text!r}\nanswer = text[::-1]")
    return None


def _sorting(question: str) -> Computation | None:
    match = re.search(
        r"\b(?:sort|order|arrange)\b(?P<how>[^:\d]*?(?::|\b(?:words|numbers|list|items|names|integers)\b:?))?"
        r"\s*(?P<items>[^:]+?)(?P<after>\s+(?:in|by|alphabetically|descending|ascending|from)\b.*)?[.?]?$",
        question,
        re.IGNORECASE,
    )
    if not match:
        return None
    items = [
        item.strip(" '\"[]") for item in re.split(r",(?: and\b)?|\band\b", match["items"]) if item.strip()
    ]
    if len(items) < 2 or any(len(item.split()) > 3 for item in items):
        return None
    numeric = all(re.fullmatch(r"-?\d+(?:\.\d+)?", item) for item in items)
    listed = f"[{', '.join(items)}]" if numeric else repr(items)
    downwards = re.search(r"descending|decreasing|largest first|reverse", question.lower())
    order = (", reverse=True" if downwards else "") + ("" if numeric else ", key=str.lower")
    return computation(
        "I sort the list that is given.",
        f'items = {listed}\nordered = sorted(items{order})\nanswer = ", ".join(map(str, ordered))',
    )


def _dates(question: str) -> Computation | None:
    lowered, days = question.lower(), re.findall(_DAY, question)
    dates = [f"date({int(year)}, {int(month)}, {int(day)})" for year, month, day in days]
    if len(dates) == 2 and re.search(r"\bdays\b|\bhow long\b", lowered):
        return computation(
            "The days between two dates: the calendar module knows leap years.",
            f"from datetime import date\n\nanswer = abs(({dates[1]} - {dates[0]}).days)",
        )
    if len(dates) == 1 and re.search(r"\b(?:day of the week|weekday|what day)\b", lowered):
        return computation(
            "The calendar module knows the day of the week.",
            f'from datetime import date\n\nanswer = f"{{{dates[0]}:%A}}"',
        )
    if len(dates) == 1 and (match := re.search(r"(\d+) (days|weeks) (after|before)", lowered)):
        sign = "+" if match[3] == "after" else "-"
        return computation(
            f"I count {match[1]} {match[2]} {match[3]} the date.",
            f"from datetime import date, timedelta\n\n"
            f"answer = ({dates[0]} {sign} timedelta({match[2]}={match[1]})).isoformat()",
        )
    return None
