"""The strategy for `docs, query -> answer, sections, found_in_cache`: derive an index once, keep it.

The first run pays for the index with sub-LM calls; a later one, in a sandbox of its own, reads it back.
"""

from __future__ import annotations

from rlm_tui.lm.offline_cell import Cell, cell, next_cell
from rlm_tui.lm.offline_prompt import PlannerTurn

_GROUPS = 40
_ASKED = 4


def plan_caching(turn: PlannerTurn) -> Cell:
    """The next cell for answering from an index that lasts between runs."""
    groups = min(_GROUPS, turn.max_calls - _ASKED) if turn.max_calls else _GROUPS
    return next_cell(turn, [_LOOK, _index(max(1, groups)), _ANSWER], _SUBMIT)


_LOOK = cell(
    "What was derived from this very text may be in the volume already. I name it by the text's hash, so "
    "that another document, or a changed one, can't be mistaken for it.",
    """
    import hashlib, json, re, time

    key = hashlib.sha256(docs.encode("utf-8", "replace")).hexdigest()[:16]
    folder = f"cache/{key}"

    def load_cached():
        try:
            kept = load_from_volume(f"{folder}/document.txt")
            index = json.loads(load_from_volume(f"{folder}/index.json"))
        except FileNotFoundError:
            return None
        except ValueError:
            return None  # cut off while it was written
        return index if kept == docs and isinstance(index, list) else None

    index = load_cached()
    found_in_cache = index is not None
    print(f"{len(docs):,} characters, key {key}")
    print(f"the index is there: {len(index)} entries" if found_in_cache else "nothing is cached for it yet")
    """,
)


def _index(groups: int) -> Cell:
    return cell(
        "With an index in the volume there is nothing to build. Without one I cut the text at its headings, "
        "let the sub-LM say in one batch what each part is about, and write the document and the index to "
        "the volume: the index last, because a reader looks for it.",
        f"""
        began = time.monotonic()
        if not found_in_cache:
            pieces = chunk_by_headers(docs, r"^#{{1,4}} ")
            if len(pieces) < 4:
                pieces = [
                    {{"header": piece.strip()[:60], "content": piece, "start": at * 3800}}
                    for at, piece in enumerate(chunk_by_size(docs, 4000, 200))
                ]
            size = max(1, -(-len(pieces) // {groups}))
            parts = [pieces[at:at + size] for at in range(0, len(pieces), size)]
            texts = [
                "\\n".join(f"{{one['header']}}\\n{{one['content'][:1200]}}" for one in part) for part in parts
            ]
            abouts = llm_query_batched([
                f"Summarize what the passage is about in at most one sentence.\\n\\nPassage:\\n{{text}}"
                for text in texts
            ])
            index = [
                {{
                    "titles": [one["header"].strip("# ")[:80] for one in part],
                    "about": about,
                    "start": part[0]["start"],
                    "end": part[-1]["start"] + len(part[-1]["content"]) + len(part[-1]["header"]),
                }}
                for part, about in zip(parts, abouts)
            ]
            save_to_volume(f"{{folder}}/document.txt", docs)
            save_to_volume(f"{{folder}}/index.json", json.dumps(index, ensure_ascii=False, indent=1))
        built = "read from the volume" if found_in_cache else "built and written to the volume"
        print(f"{{len(index)}} entries {{built}} in {{time.monotonic() - began:.2f}} s")
        for entry in index[:5]:
            print("  ", ", ".join(entry["titles"])[:60], "-", entry["about"][:80])
        """,
    )


_ANSWER = cell(
    "The index says where to look: I rank its entries by the words of the query, and ask the sub-LM about "
    "the passages behind the best ones only.",
    f"""
    words = {{word.lower().rstrip("s") for word in re.findall(r"[A-Za-z]{{4,}}", query)}}

    def relevance(entry):
        said = (" ".join(entry["titles"]) + " " + entry["about"]).lower()
        inside = docs[entry["start"]:entry["end"]].lower()
        return 5 * sum(word in said for word in words) + sum(min(inside.count(word), 5) for word in words)

    best = sorted(index, key=relevance, reverse=True)[:{_ASKED}]
    replies = llm_query_batched([
        f"{{query}}\\n\\nPassage:\\n{{docs[entry['start']:entry['end']][:6000]}}" for entry in best
    ])
    kept = [reply.strip() for reply in replies if reply.strip() and not reply.startswith("[ERROR]")]
    useful = [reply for reply in kept if "says nothing on this" not in reply and reply != "NONE"]
    answer = "\\n".join(dict.fromkeys(useful)) or "The document says nothing on this."
    print(answer)
    """,
)

_SUBMIT = cell(
    "The answer rests on passages that I have seen, and I know whether the index came from the volume.",
    """
    found = globals()
    SUBMIT(
        answer=found.get("answer", ""),
        sections=len(found.get("index") or []),
        found_in_cache=found.get("found_in_cache", False),
    )
    """,
)
