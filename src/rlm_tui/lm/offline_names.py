"""Names that a passage introduces, and which of them an instruction asks for. No name is known beforehand.

A name is one of a kind ("modules") when its definition says so: by what it derives from, by the head of the
first sentence on it, by the heading it is listed under, or by a description that fits closely enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rlm_tui.lm.offline_text import stem, stems, without_code

_DEFINITION = re.compile(
    r"^(?:#{1,6}[ \t]+)?(?P<keyword>class|interface|struct|trait|def|async def|function|type)[ \t]+"
    r"`?(?P<name>[A-Za-z_][\w.]*)`?(?P<rest>[^\n]*)",
    re.MULTILINE,
)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(?P<text>[^\n]+)", re.MULTILINE)
_ITEM = re.compile(
    r"^[ \t]*[-*•][ \t]+(?P<mark>\*\*|`|\[)?(?P<name>[A-Za-z]\w*(?:[ .]\w+){0,2})(?:\*\*|`|\]\([^)]*\))*"
    r"[ \t]*(?:\([^)]*\))?[ \t]*(?::|–|—| - |$)(?P<rest>[^\n]*)",
    re.MULTILINE,
)
_DERIVES = r"(?:is a (?:kind|subclass|type) of|extends|inherits from|subclasses|derives from)"
_WORD = re.compile(r"[A-Za-z][\w-]*")
_NAMED = r"[A-Z][\w'’-]*(?: [A-Z][\w'’-]*){0,2}"
_CALLED = re.compile(
    rf"\b(?P<name>{_NAMED}),?(?: is| was| are)?(?: an?| the| one of the)?(?P<kind>(?: [a-z-]+){{1,3}})"
)
_LISTED = re.compile(
    r"\b(?P<kind>\w+),?(?: are| is| such as| like| including| called| named|:)* "
    rf"(?P<names>{_NAMED}(?:(?:,? and |, ){_NAMED})*)"
)
_PROPER = re.compile(r"(?<=[a-z,;] )[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){0,2}")
_LOCATED = re.compile(r"\b(?:at|in|near|from|to) (?:the )?$")
_ANY_KINDS = frozenset(stems("entities names proper"))
_PLACE_KINDS = frozenset(stems("places cities countries locations towns"))
_PROPER_KINDS = (
    _ANY_KINDS | _PLACE_KINDS | frozenset(stems("people persons characters authors companies organizations"))
)
_COMMAS = re.compile(r",? and |, ")
_PLAIN_WORDS = "the a an this that these those each every both all some many other its in use for when if to"
_ARTICLES = frozenset(_PLAIN_WORDS.split())
_CLASS_WORDS = ("class", "interface", "struct", "trait", "type")
# A noun phrase ends before these: what follows says something about it, and does not name it.
_PHRASE_END_WORDS = """
for of to in with by from on at and or that which whose as using used when where if it we you has have can
will does returns return every each all any uses use allows provides wraps contains holds defines
represents over into
"""
_PHRASE_ENDS = frozenset(_PHRASE_END_WORDS.split())
_ABSTRACT = frozenset({"base", "abstract", "generic", "mixin", "interface", "meta"})
_OPENING = 250
_BODY = 1_500
_CLOSE_FIT = 6


@dataclass(frozen=True)
class Candidate:
    """A name with the rest of the line that introduces it, what is said below, and the heading above it."""

    name: str
    line: str
    body: str
    under: str = ""
    keyword: str = ""


def asked_names(subject: str, cues: str, passage: str) -> list[str]:
    """The names in the passage that are `subject` ("modules"), which the `cues` describe, in its order."""
    kinds = frozenset(stems(subject)) - {stem("classes"), stem("functions")}
    described = frozenset(stems(cues)) - kinds - {stem("classes"), stem("functions")}
    wants_classes = re.search(r"\bclass(?:es)?\b", f"{subject} {cues}") is not None
    wants_functions = re.search(r"\b(?:functions?|methods)\b", f"{subject} {cues}") is not None
    plain = without_code(passage)
    introduced = introduced_names(plain)
    found = [
        one.name
        for one in introduced
        if _is_asked_form(one, wants_classes, wants_functions) and belongs(one, kinds, described)
    ]
    if not found and kinds & _PROPER_KINDS:
        found = list(_real_names(_proper_names(kinds, plain), plain))
    elif not introduced:
        found = list(_real_names(_spoken_names(kinds or described, plain), plain))
    return list(dict.fromkeys(name for name in found if not _names_the_kind(name, kinds)))


def introduced_names(passage: str) -> list[Candidate]:
    """The names that definitions, headings and list items introduce, in the passage's order."""
    found: list[tuple[int, int, Candidate]] = []
    defined = set()
    for match in _DEFINITION.finditer(passage):
        defined.add(match.start())
        found.append(
            (match.start(), match.end(), _candidate(match["name"], match["rest"], keyword=match["keyword"]))
        )
    titles: list[tuple[int, str]] = []
    for match in _HEADING.finditer(passage):
        if match.start() in defined:
            titles.append((match.start(), ""))
            continue
        titles.append((match.start(), match["text"]))
        if name := re.fullmatch(r"`?([A-Za-z_][\w.]*)`?(\([^)]*\))?", match["text"].strip()):
            found.append((match.start(), match.end(), _candidate(name[1], name[2] or "")))
    for match in _ITEM.finditer(passage):
        if match["mark"] or match["name"][0].isupper():
            under = next((title for at, title in reversed(titles) if at < match.start()), "")
            one = _candidate(match["name"], match["rest"], under=under)
            found.append((match.start(), match.end(), one))
    found.sort(key=lambda entry: entry[:2])
    stops = [start for start, _, _ in found[1:]] + [len(passage)]
    return [
        Candidate(one.name, one.line, passage[end : min(stop, end + _BODY)], one.under, one.keyword)
        for (_, end, one), stop in zip(found, stops, strict=False)
    ]


def belongs(one: Candidate, kinds: frozenset[str], described: frozenset[str]) -> bool:
    """Whether what the passage says of a name makes it one of `kinds`, or fits `described` closely."""
    if not kinds and not described:
        return True
    bases = list(_bases(one))
    if kinds & {word for base in bases for word in stems(base)}:
        return True
    if kinds & set(stems(one.under)) and len(one.under.split()) <= 5:
        return True
    if kinds & set(_head(one)):
        return True
    if bases:
        return False  # it says what it is, and that is something else
    opening = set(stems(one.line + " " + one.body[:_OPENING]))
    wanted = _CLOSE_FIT - 1 if opening & kinds else _CLOSE_FIT + 1
    return bool(described) and len(opening & described) >= min(wanted, len(described))


def _candidate(name: str, line: str, *, under: str = "", keyword: str = "") -> Candidate:
    return Candidate(name.rsplit(".", 1)[-1].strip(), line, "", under, keyword)


def _is_asked_form(one: Candidate, wants_classes: bool, wants_functions: bool) -> bool:
    """Whether the name is of a form that is asked for: a class, a function, or anything."""
    if one.name.startswith("_"):
        return False
    if wants_functions and not wants_classes:
        return one.keyword not in _CLASS_WORDS
    if wants_classes:
        return one.keyword in _CLASS_WORDS or (not one.keyword and one.name[0].isupper())
    return True


def _names_the_kind(name: str, kinds: frozenset[str]) -> bool:
    """Whether this is the name of the kind itself ("Module", "BaseModule"), and not of one of that kind."""
    return frozenset(stems(name) or [name]) <= kinds | _ABSTRACT


def _bases(one: Candidate) -> Iterator[str]:
    """What a definition says that the name derives from."""
    if one.keyword in _CLASS_WORDS and (match := re.match(r"\s*[(<:]\s*([^)>:{]*)", one.line)):
        yield from (base.strip() for base in match.group(1).split(",") if base.strip() and "=" not in base)
    for match in re.finditer(
        rf"\b{re.escape(one.name)} {_DERIVES} ([^\n]+?)(?:\.\s|\.?$)", one.body, re.MULTILINE
    ):
        yield from (base.strip() for base in match.group(1).split(",") if base.strip())


def _head(one: Candidate) -> Iterator[str]:
    """The stems of the noun phrase that the first sentence on a name begins with: "a retrieval module …"."""
    for text in (one.line, *one.body.splitlines()):
        text = text.strip(" :–—-#\t\"'")
        if not text or not text[0].isalpha() or re.match(rf"{re.escape(one.name)} {_DERIVES}\b", text):
            continue
        for word in _WORD.findall(text)[:9]:
            if word.lower() in _PHRASE_ENDS or word.endswith("ing"):
                return
            yield stem(word)
        return


def _spoken_names(kinds: Iterable[str], passage: str) -> Iterator[str]:
    """Without definitions: names that prose calls one of `kinds`, or lists after it ("modules like …")."""
    wanted = set(kinds)
    for match in _CALLED.finditer(passage):
        if wanted & set(stems(match["kind"])):
            yield match["name"]
    for match in _LISTED.finditer(passage):
        if stem(match["kind"]) in wanted:
            yield from _COMMAS.split(match["names"])


def _proper_names(kinds: frozenset[str], passage: str) -> Iterator[str]:
    """Names of people or places: capitalised within a sentence, and for people not behind a word of place."""
    places = bool(kinds & _PLACE_KINDS)
    for match in _PROPER.finditer(passage):
        located = _LOCATED.search(passage, max(0, match.start() - 12), match.start()) is not None
        if located == places or kinds & _ANY_KINDS:
            yield match[0]


def _real_names(names: Iterable[str], passage: str) -> Iterator[str]:
    """Those that are no plain words at the beginning of a sentence: plain words stand small elsewhere."""
    small = _ARTICLES.union(re.findall(r"\b[a-z][\w'’-]*", passage))
    for name in dict.fromkeys(names):
        first, _, rest = name.partition(" ")
        if kept := rest if first.lower() in small else name:
            yield kept
