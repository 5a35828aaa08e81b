"""Runs as they lie on disk, for tests of what lists, replays, compares and exports them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from rlm_tui.core import events as e
from rlm_tui.core.trajectory import fold
from rlm_tui.store.runs import RunFolder
from tests.pilot.recorded import RunBuilder, value


def save(runs: Path, name: str, events: Iterable[e.AnyEvent], *, keep_open: bool = False) -> RunFolder:
    """Write `events` as the run `name` in the folder `runs`."""
    folder = RunFolder.create(name, {"task": "basic"}, runs=runs)
    for event in events:
        folder.append(event)
    if not keep_open:
        folder.close()
    return folder


THOUGHTS = ("Look.", "Ask.", "Fail.", "End.")


def told_run(*, answer: str = "yes", thoughts: Iterable[str] = THOUGHTS) -> RunBuilder:
    """A run of an iteration for each thought: the second asks twice, the third fails, the last submits."""
    run = RunBuilder().start()
    thoughts = tuple(thoughts)
    for n, thought in enumerate(thoughts, 1):
        span = run.iteration(n)
        code = f"step_{n}()"
        run.plan(span, thought, code)
        cell = run.cell(span, code)
        run.output(cell, f"printed by step {n}\n")
        if n == 2:
            for question in ("first question?", "second question?"):
                call = run.call(cell, question)
                run.answer(call, f"answer to {question}")
        changed = [e.Variable(f"v{n}", "int", None, str(n))]
        run.add(e.VariablesChanged(span=cell, changed=changed))
        error = e.ErrorDetail(kind="ValueError", message="no such step") if n == 3 else None
        last = n == len(thoughts)
        status: e.CellStatus = "error" if error else "submitted" if last else "ok"
        run.cell_done(cell, error=error, status=status)
    totals = fold(run.events).totals
    run.add(e.RunFinished(span="run", status="submitted", outputs={"answer": answer}, totals=totals))
    return run


def nested_run() -> RunBuilder:
    """A run whose second cell starts an RLM, which starts another one and asks; then a second one fails."""
    run = RunBuilder().start()
    first = run.iteration(1)
    run.plan(first, "Look.", "print(len(document))")
    cell = run.cell(first, "print(len(document))")
    run.output(cell, "41,211\n")
    run.cell_done(cell)
    second = run.iteration(2)
    run.plan(second, "Two chapters, an RLM for each.", "answers = [read(one) for one in chapters]")
    cell = run.cell(second, "answers = [read(one) for one in chapters]")
    run.answer(run.call(cell, "which chapters?"), "one and two")
    outer = _rlm(run, cell, "chapter one", "read(chapter -> summary)")
    inner_iteration = run.iteration(1, of=5, parent=outer)
    run.plan(inner_iteration, "Its middle is long.", "middle = look(text)")
    inner_cell = run.cell(inner_iteration, "middle = look(text)")
    inner = _rlm(run, inner_cell, "the middle", "look(text -> words)")
    deepest = run.iteration(1, of=5, parent=inner)
    run.plan(deepest, "Ask.", "SUBMIT(words=llm_query(text))")
    deepest_cell = run.cell(deepest, "SUBMIT(words=llm_query(text))")
    run.answer(run.call(deepest_cell, "summarise the middle"), "a lighthouse burns")
    run.cell_done(deepest_cell, status="submitted")
    _end(run, inner, '{"words": "a lighthouse burns"}')
    run.output(inner_cell, "a lighthouse burns\n")
    run.cell_done(inner_cell)
    again = run.iteration(2, of=5, parent=outer)
    run.plan(again, "That is all.", "SUBMIT(summary=middle)")
    run.cell_done(run.cell(again, "SUBMIT(summary=middle)"), status="submitted")
    _end(run, outer, '{"summary": "A lighthouse burns."}')
    failing = _rlm(run, cell, "chapter two", "read(chapter -> summary)")
    fails = run.iteration(1, of=5, parent=failing)
    run.plan(fails, "Read it.", "text[9]")
    error = e.ErrorDetail(kind="RuntimeError", message="the chapter is empty")
    run.cell_done(run.cell(fails, "text[9]"), error=error, status="error")
    run.add(e.CallFinished(span=failing, error=error, seconds=2.0))
    run.output(cell, "1 of 2\n")
    run.cell_done(cell, status="submitted")
    totals = fold(run.events).totals
    run.add(e.RunFinished(span="run", status="submitted", outputs={"answer": "fire"}, totals=totals))
    return run


def _rlm(run: RunBuilder, cell: str, asked: str, name: str) -> str:
    return run.call(cell, "", kind="sub_rlm", name=name, arguments={"text": asked})


def _end(run: RunBuilder, span: str, answer: str) -> None:
    run.add(e.CallFinished(span=span, answer=value(answer), result=value(answer), seconds=4.0))


def everything_run(text: str) -> RunBuilder:
    """A run in which all happens that can: each text that somebody else wrote is a word and `text`."""

    def said(word: str) -> str:
        return f"{word}{text}"

    run = RunBuilder().start(
        task=said("task"),
        signature=said("signature"),
        instructions=said("instructions"),
        documents={"docs": e.DocumentReference(name=said("document"), path=said("/path"), size=5)},
        inputs={"query": value(said("query"))},
        planner=said("planner"),
        sub_lm=said("sub"),
        offline=False,
        forked=e.ForkedFrom(said("parent"), 2, [said("change")]),
    )
    run.add(e.Note(level="warning", text=said("note")))
    first = run.iteration(1)
    run.plan(first, said("sentback"), said("# sent back code"))
    run.add(e.Held(span=first, why="step", before="cell"))
    run.add(e.Remarked(span=first, text=said("remark"), by="person", sent_back=True), 2.0)
    run.add(e.Released(span=first, verb="remark"))
    run.plan(first, said("reasoning"), said("# planned"))
    run.add(e.CodeEdited(span=first, before=value(said("# planned")), after=value(said("# edited"))))
    person = run.span("cell")
    run.add(e.CellStarted(span=person, parent=first, code=value(said("# persons")), by="person"))
    run.output(person, said("personsaw"))
    run.cell_done(person)
    lost = run.cell(first, said("# edited"))
    run.output(lost, said("lastwords"))
    reason = said("reason")
    run.add(e.SandboxLost(span="sandbox", parent="run", kind="local", reason=reason))
    failed = e.ErrorDetail(kind="SandboxLostError", message=reason)
    run.add(e.CellFinished(span=lost, status="lost", error=failed, seconds=0.2))
    run.add(e.SandboxRecovered(span="sandbox", parent=first, kind="local", differed=[said("differed")]))
    cell = run.cell(first, said("# edited"))
    run.output(cell, said("printed") + "\n")
    run.output(cell, said("warned"), "stderr")
    batch = run.call(cell, "", kind="llm_query_batched", name="llm_query_batched", size=2)
    for index, asked in enumerate(("good", "bad")):
        item = run.call(cell, said(asked), batch=batch, index=index)
        if asked == "good":
            run.answer(item, said("answer"))
        else:
            failed = e.ErrorDetail(kind="LMError", message=said("itemfailed"))
            run.add(e.CallFinished(span=item, error=failed, seconds=0.1))
    run.add(e.CallFinished(span=batch, seconds=0.2))
    tool = run.call(cell, "", kind="tool", name="look_up", arguments={"key": said("argument")})
    run.add(e.CallFinished(span=tool, result=value(f'"{len(text)}"'), seconds=0.1, origin=said("origin")))
    outer = _rlm(run, cell, said("subasked"), "RLM(text -> words)")
    inner = run.iteration(1, of=5, parent=outer)
    run.plan(inner, said("innerreasoning"), said("# innercode"))
    inner_cell = run.cell(inner, said("# innercode"))
    run.answer(run.call(inner_cell, said("innerprompt")), said("inneranswer"))
    run.cell_done(inner_cell)
    _end(run, outer, json.dumps({"words": said("subanswer")}))
    run.add(e.VariablesChanged(span=cell, changed=[e.Variable("v", "str", 3, said("variable"))]))
    run.add(e.VolumeChanged(span=cell, written=[said("written")]))
    run.cell_done(
        cell, error=e.ErrorDetail("ValueError", said("message"), traceback=said("traceback")), dropped=77
    )
    second = run.iteration(2)
    run.plan(second, said("lastreasoning"), said("# skipped"))
    run.add(e.CellSkipped(span=second, text=said("skipnote")))
    extract = run.call("run", "", kind="predict", name="extract", arguments={"why": said("extract")})
    run.answer(extract, said("extracted"))
    totals = fold(run.events).totals
    outputs = {"answer": said("output"), "list": [said("item")], "table": {"key": said("entry")}}
    run.add(e.RunFinished(span="run", status="extracted", outputs=outputs, totals=totals))
    return run
