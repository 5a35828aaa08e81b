"""The offline sub-LM: answers a query by extraction from the passage in it, or says that there is none.

A prompt is an instruction and a passage. The instruction tells what is wanted (names, figures, quoted
sentences, a yes or no, or simply what bears on it); every word of the answer stands in the passage.
"""

from __future__ import annotations

import json
import re
from typing import Literal

from rlm_tui.lm.offline_names import asked_names
from rlm_tui.lm.offline_text import Ranking, central_sentences, is_prose, sentences, stems

NOTHING_TO_EXTRACT = (
    "Offline demo: there is no text here to extract an answer from, and the demo knows nothing by itself. "
    "Configure DSPY_LM_MODEL (and DSPY_LLM_API_KEY) to ask a real model."
)
NONE = "NONE"
Wish = Literal["names", "figures", "quotes", "choice", "verdict", "summary", "sentences"]

_LABEL = re.compile(
    r"^(?:#+ *)?(?:the )?(?:passages?|text|documents?|context|content|sections?|excerpts?|snippets?|chunk|"
    r"article|transcript|log|data|input)(?: *\d+)?(?: below)? *: *",
    re.IGNORECASE | re.MULTILINE,
)
_AFTERWARDS = re.compile(
    r"\n\s*(?:question|query|task|instructions?|q) *: *"
    r"((?:[^\n]|\n(?!\s*\n|\s*answer *:))+)(?:\s*answer *:)?\s*\Z",
    re.IGNORECASE,
)
_OPENS = re.compile(r"```\w*\n|\"\"\"|<(\w+)>")
_NAMES = re.compile(
    r"\bnames? of\b|\bone name (?:a|per) line\b|"
    r"\b(?:list|extract|name|find|identify|enumerate|which|what)\b[^.?\n]{0,40}"
    r"\b(?:names|class(?:es)?|functions?|methods|identifiers|modules?|optimizers?|people|persons?|characters?|"
    r"places?|companies|organi[sz]ations|tools|libraries|entities)\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:names? of|list|extract|find|identify|enumerate|which|what)\s+"
    r"(?:are\s+)?(?:all\s+)?(?:the\s+)?(?:names? of\s+)?(?:the\s+)?"
    r"((?:[\w-]+\s+){0,2}?[\w-]+?s?)"
    r"(?=\s+(?:in|of|from|that|which|are|is|does|named|mentioned|listed|defined|described)\b|\s*[(:.,?\n]|\s*\Z)",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"\b(?:at most|up to|no more than|maximum of|max)\s+(\d+|one|two|three|four|five)\b", re.IGNORECASE
)
_SMALL = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_FIGURE = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?%?(?![\w])")
_YEAR = re.compile(r"\b(?:1\d{3}|20\d\d)\b")
_PRAISED = (
    "good great excellent delight love best wonderful happy success positive recommend amazing superb enjoy"
)
_BLAMED = (
    "bad poor terrible awful hate worst sad fail broken negative avoid disappointing boring ugly wrong error"
)
_PRAISE, _BLAME = frozenset(stems(_PRAISED)), frozenset(stems(_BLAMED))
_QUOTES_UP_TO = 5
_SENTENCES_UP_TO = 3


def answer_query(prompt: str) -> str:
    """The answer to one bare query: extracted from what it quotes, never from elsewhere."""
    instruction, passage = split_prompt(prompt)
    if not passage.strip():
        return NOTHING_TO_EXTRACT
    return extract(instruction, passage)


def extract(instruction: str, passage: str) -> str:
    """What `passage` holds of what `instruction` asks, as text; NONE (or a sentence) if it holds nothing."""
    match wish_of(instruction):
        case "names":
            return _listed(instruction, names_of(instruction, passage))
        case "quotes":
            return "\n".join(f"- {one}" for one in quotes_of(instruction, passage)) or NONE
        case "figures":
            return figure_of(instruction, passage) or NONE
        case "verdict":
            return verdict_of(instruction, passage)
        case "choice":
            return choose(_choices(instruction), passage)
        case "summary":
            return " ".join(central_sentences(passage, limit_of(instruction, _SENTENCES_UP_TO)))
        case "sentences":
            best = best_sentences(instruction, passage, limit_of(instruction, _SENTENCES_UP_TO))
            return " ".join(best) or "The passage says nothing on this."


def split_prompt(prompt: str) -> tuple[str, str]:
    """(instruction, passage) of a prompt, by its labels, fences or blank lines; the passage may be ""."""
    prompt = prompt.strip()
    if label := _LABEL.search(prompt):
        before, passage = prompt[: label.start()].strip(), prompt[label.end() :].strip()
        if before and passage:
            return before, passage
        if after := _AFTERWARDS.search(passage):
            return after.group(1).strip(), passage[: after.start()].strip()
    if after := _AFTERWARDS.search(prompt):
        rest = prompt[: after.start()].strip()
        if len(rest) > 80:
            return after.group(1).strip(), rest
    if (opening := _OPENS.search(prompt)) and prompt[: opening.start()].strip():
        closing = f"</{opening[1]}>" if opening[1] else opening[0][:3]
        inside, closed, outside = prompt[opening.end() :].partition(closing)
        if closed and len(inside) > 80:
            return f"{prompt[: opening.start()]} {outside}".strip(), inside.strip()
    first, _, rest = prompt.partition("\n\n")
    if rest.strip() and len(first) <= 1_000:
        return first.strip(), rest.strip()
    first, _, rest = prompt.partition("\n")
    if len(rest) > 80 and len(first) <= 1_000:
        return first.strip(), rest.strip()
    head, colon, rest = prompt.partition(": ")
    if colon and len(rest) > 80 and len(head) <= 300:
        return head.strip(), rest.strip()
    return prompt, ""


def wish_of(instruction: str) -> Wish:
    """What kind of answer an instruction asks for."""
    text = instruction.lower()
    if _choices(instruction):
        return "choice"
    if re.search(r"\bquote\b|\bsentences? (?:that|which|of)\b|\bverbatim\b", text):
        return "quotes"
    if re.search(
        r"\bfigures? only\b|\b(?:which|what) (?:number|figure|year|amount|percentage)\b|\bhow m(?:any|uch)\b",
        text,
    ):
        return "figures"
    if re.search(r"\byes or no\b|\btrue or false\b|^(?:is|are|does|do|has|have|can|was|were)\b", text):
        return "verdict"
    if _NAMES.search(instruction):
        return "names"
    if re.search(r"\bsummar|\boverview\b|\bgist\b|\btl;?dr\b|\bmain (?:idea|point)", text):
        return "summary"
    return "sentences"


def names_of(instruction: str, passage: str) -> list[str]:
    """The names in the passage of the kind that the instruction asks for; its colon begins a description."""
    clause, _, cues = instruction.partition(":")
    match = _SUBJECT.search(clause)
    subject = match.group(1) if match else clause
    if also := re.search(r"\((?:also (?:called|known as)|or|i\.e\.,?|aka)? *([^)]+)\)", clause):
        subject = f"{subject} {also.group(1)}"
    cues = re.split(r"[.\n]\s*(?:One|Answer|Return|Reply|Or)\b", cues, maxsplit=1)[0]
    return asked_names(subject, cues, passage)


def quotes_of(instruction: str, passage: str) -> list[str]:
    """Sentences of the passage, verbatim but for line breaks, that share words with what is wanted."""
    clause, colon, cues = instruction.partition(":")
    wanted = cues if colon and stems(cues) else clause
    found = [one for one in sentences(passage) if is_prose(one)] or sentences(passage)
    ranking = Ranking(found, wanted)
    best = ranking.best(limit_of(instruction, _QUOTES_UP_TO), least=0.5)
    return [found[at] for at in best]


def best_sentences(question: str, passage: str, limit: int) -> list[str]:
    """The sentences that bear most on the question, in the passage's order; none if no word is shared."""
    found = sentences(passage)
    return [found[at] for at in sorted(Ranking(found, question).best(limit))]


def figure_of(instruction: str, passage: str) -> str:
    """The figure nearest to the asked words in the sentence that matches them best, or ""."""
    wanted = (
        _YEAR if re.search(r"\byear\b|\bwhen\b", instruction.lower()) and _YEAR.search(passage) else _FIGURE
    )
    found = [one for one in (*sentences(passage), *passage.splitlines()) if wanted.search(one)]
    ranking = Ranking(found, instruction)
    for at in ranking.best(1):
        words = re.finditer(r"\w+", found[at])
        places = [word.start() for word in words if ranking.words.intersection(stems(word[0]))]
        figures = [
            (min(abs(one.start() - place) for place in places), one[0]) for one in wanted.finditer(found[at])
        ]
        return min(figures)[1].strip("+%").replace(",", "")
    return ""


def verdict_of(instruction: str, passage: str) -> str:
    """Yes or No with the sentence that says so; it fits when most asked words stand there unnegated."""
    best = best_sentences(instruction, passage, 1)
    if not best:
        return "No: the passage says nothing on this."
    asked, said = set(stems(instruction)), set(stems(best[0]))
    fits = len(asked & said) * 2 >= len(asked)
    negated = re.search(r"\b(?:not|never|no|cannot|without|nor)\b|n't\b", best[0].lower()) is not None
    return f"{'Yes' if fits and not negated else 'No'}: {best[0]}"


def choose(choices: list[str], passage: str) -> str:
    """The choice that the passage speaks for most: by its words, or by its tone where these are tones."""
    said = stems(passage)
    tone = sum(word in _PRAISE for word in said) - sum(word in _BLAME for word in said)
    tones = {"positive": tone, "negative": -tone, "neutral": 0.5 - abs(tone), "mixed": 0.4 - abs(tone)}

    def weight(choice: str) -> float:
        if choice.lower() in tones:
            return tones[choice.lower()]
        words = stems(choice) or [choice.lower()]
        return sum(said.count(word) for word in words) / len(words)

    return max(choices, key=weight)


def _choices(instruction: str) -> list[str]:
    match = re.search(r"\bone of(?: these)?: *([^.\n]+)", instruction, re.IGNORECASE)
    if match is None:
        return []
    found = re.split(r" *; *", match[1]) if ";" in match[1] else re.split(r",? or |, *", match[1])
    return [one.strip(" '\"`") for one in found if one.strip(" '\"`")]


def limit_of(instruction: str, otherwise: int) -> int:
    """How many sentences the instruction allows."""
    match = _LIMIT.search(instruction)
    if match is None:
        return otherwise
    word = match.group(1).lower()
    return max(1, _SMALL.get(word) or int(word))


def _listed(instruction: str, names: list[str]) -> str:
    if re.search(r"\bjson\b", instruction, re.IGNORECASE):
        return json.dumps(names, ensure_ascii=False)
    return "\n".join(names) or NONE
