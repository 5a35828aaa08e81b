"""A long, quiet story from a lighthouse, in which a few facts are hidden that occur only once."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

CHAPTERS = 40
PARAGRAPHS = 16
PEOPLE = ("Maren", "Old Tobias", "the keeper", "Ilse", "the boy", "Captain Roe", "the postmistress", "Anselm")
PLACES = ("the lamp room", "the harbour", "the chandlery", "the long stair", "the north rocks", "the kitchen")
WEATHER = (
    "The fog lay on the water until noon.",
    "A north wind had come up in the night.",
    "It rained as it had rained the whole week.",
    "The sea was flat and grey as slate.",
    "There was frost on the railing of the gallery.",
    "The evening was so clear that the other shore could be seen.",
)
DEEDS = (
    "trimmed the wick and said nothing",
    "wrote the hours of the light into the book",
    "carried oil up the stairs, a can in each hand",
    "mended a net that would not hold another winter",
    "counted the boats and counted them again",
    "asked whether the post had come",
    "spoke of the year when the ice went out in May",
    "cleaned the great lens, pane by pane",
)
THOUGHTS = (
    "Nobody had asked for it, and nobody would notice.",
    "It was the kind of work that is never done.",
    "So it had been for as long as anyone could remember.",
    "There would be time for that in the spring.",
    "The light turned, and turned, and turned.",
    "What else was there to say?",
)
# (question, a word that the answer must hold, the sentence that is hidden)
NEEDLES = (
    ("Where is the brass key?", "third stair", "The brass key lay beneath the third stair, in a glove."),
    ("What is the name of the wrecked ship?", "Halcyon", "The wrecked ship had been the Halcyon."),
    ("How many times was the lamp lit?", "11,204", "The lamp had been lit 11,204 times in his life."),
    ("Who wrote the letter without a name?", "postmistress", "The postmistress wrote the letter herself."),
    ("What does the tattoo on Roe's arm show?", "heron", "On Captain Roe's left arm a heron was tattooed."),
    (
        "In which year was the tower built?",
        "1783",
        "Under the paint stood: the tower was built in 1783.",
    ),
    ("What is buried in the garden?", "compass", "In the garden the broken compass was buried by Ilse."),
    ("Which word opens the sea chest?", "quicksilver", "The chest would open to one word: quicksilver."),
)


def pieces(random: Random, _size: int, truth: dict[str, Any]) -> Iterator[str]:
    """The story, chapter by chapter; `truth` is filled with the hidden facts and where they stand."""
    places = random.sample(range(CHAPTERS * PARAGRAPHS), len(NEEDLES))
    hidden = dict(zip(places, NEEDLES, strict=True))
    yield "THE LIGHTHOUSE OF VARN\n\n"
    for chapter in range(CHAPTERS):
        yield f"CHAPTER {chapter + 1}\n\n"
        for paragraph in range(PARAGRAPHS):
            sentences = [_sentence(random) for _ in range(random.randint(4, 7))]
            if needle := hidden.get(chapter * PARAGRAPHS + paragraph):
                sentences.insert(random.randint(1, len(sentences)), needle[2])
            yield " ".join(sentences) + "\n\n"
    truth["truths"] = [
        {
            "task": "analyze",
            "inputs": {"query": question},
            "outputs": {"answer": {"holds": word}, "findings": [{"holds": word}]},
        }
        for question, word, _ in NEEDLES
    ]
    truth["truths"].append({"task": "summarize", "inputs": {}, "outputs": {"coverage_pct": 100.0}})


def _sentence(random: Random) -> str:
    kind = random.random()
    if kind < 0.25:
        return random.choice(WEATHER)
    if kind < 0.4:
        return random.choice(THOUGHTS)
    person = random.choice(PEOPLE)
    return f"{person[0].upper()}{person[1:]} {random.choice(DEEDS)} in {random.choice(PLACES)}."
