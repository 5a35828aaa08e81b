"""Variables of a live sandbox, opened in full from the Inspector: by keys, by mouse, after the end."""

from __future__ import annotations

import pytest

from rlm_tui.ui.screens.text_preview import TextPreviewScreen, page_of
from rlm_tui.ui.widgets.inspector import Inspector
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM
from tests.pilot.conftest import OpenApp, screen_text
from tests.pilot.debugging import HeldScreen, held_screen

CELLS = [
    ("I look first.", "long = ''.join(f'{n:07d}\\n' for n in range(50_000))\nsmall = {'a': [1, 2]}"),
    ("I have it.", "SUBMIT(answer='done')"),
]


async def with_variables(screen: HeldScreen) -> None:
    """Run the first cell, and look at what it left."""
    await screen.held("plan", 1)
    await screen.pilot.press("n")
    await screen.held("plan", 2)
    inspector = screen.pilot.app.screen.query_one(Inspector)
    inspector.show_tab("variables")
    await screen.shows("400,000")


async def test_a_long_variable_is_paged_from_its_sandbox(open_app: OpenApp, loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script(CELLS))
    async with held_screen(open_app, server) as screen:
        pilot = screen.pilot
        await with_variables(screen)
        pilot.app.screen.query_one(Inspector).view.focus()
        await pilot.press("home", "down", "enter")
        await screen.until(lambda: isinstance(pilot.app.screen, TextPreviewScreen))
        await screen.shows("page 1 of 7 · 400,000 characters")
        await screen.shows("0000000")
        await pilot.press("end")
        await screen.shows("page 7 of 7")
        await screen.shows("0049999")
        await pilot.press("o", *"50%", "enter")
        await screen.shows("page 4 of 7")
        session = pilot.app.explore.run.session  # type: ignore[attr-defined]
        session.insert("long = 'short now'")
        await screen.until(lambda: len(screen.last.person_cells) == 1)
        await pilot.press("home", "escape")
        await screen.shows("short now")


async def test_a_variable_is_opened_with_the_mouse(open_app: OpenApp, loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script(CELLS))
    async with held_screen(open_app, server, size=(160, 45)) as screen:
        await with_variables(screen)
        await screen.click("+ small")
        await screen.until(lambda: isinstance(screen.pilot.app.screen, TextPreviewScreen))
        await screen.shows("page 1 of 1")
        await screen.click("Esc close")
        await screen.click("400,000")
        await screen.shows("0000000")
        await screen.click("Forward PgDn")
        await screen.until(lambda: "0000000" not in screen_text(screen.pilot))
        await screen.click("Back PgUp")
        await screen.shows("0000000")


NESTED = [
    ("Divide.", "import dspy\nmine = 'outer'\nfound = dspy.RLM('part -> found')(part='a part').found"),
    ("I have it.", "SUBMIT(answer='done')"),
]
INNER = [("Look.", "mine = 'inner' * 1000"), ("Found.", "SUBMIT(found='here')")]


async def test_the_variables_of_a_nested_rlm_that_is_held_are_its_own(
    open_app: OpenApp, loopback_lm: StartLM
) -> None:
    server = loopback_lm(planner_script(NESTED, nested={("part",): INNER}))
    async with held_screen(open_app, server, size=(160, 45)) as screen:
        await screen.held("plan", 1)
        for before, n in (("cell", 1), ("plan", 1), ("cell", 1), ("plan", 2)):
            seen = screen.trajectory.last_seq
            await screen.pilot.press("s")
            await screen.until(
                lambda before=before, n=n, seen=seen: (
                    (held := screen.trajectory.held) is not None
                    and held.seq > seen
                    and held.before == before
                    and screen.trajectory.iterations_by_span[held.span].n == n
                )
            )
        await screen.shows("HELD before the plan of iteration 2 of a nested RLM")
        await screen.shows("Variables of the nested RLM of call 1:")
        await screen.shows("+ mine")
        await screen.shows("5,000")
        await screen.click("'innerinner")
        await screen.shows("mine  str")
        await screen.shows("5,000 characters")
        await screen.click("Esc close")
        await screen.pilot.press("space")
        await screen.ended()


async def test_after_the_end_the_preview_is_what_is_left(open_app: OpenApp, loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script(CELLS))
    async with held_screen(open_app, server, size=(160, 45)) as screen:
        await with_variables(screen)
        await screen.pilot.press("space")
        await screen.ended()
        screen.pilot.app.screen.query_one(Inspector).show_tab("variables")
        await screen.shows("{'a': [1, 2]}")
        await screen.click("{'a': [1, 2]}")
        await screen.shows("There is no sandbox now")
        assert "small" in screen_text(screen.pilot)


@pytest.mark.parametrize(
    ("written", "page"),
    [
        ("1", 0),
        ("7", 6),
        ("page 3", 2),
        ("0%", 0),
        ("50%", 3),
        ("100%", 6),
        ("8", None),
        ("0", None),
        ("x", None),
    ],
)
def test_where_to_go_is_a_page_or_a_share(written: str, page: int | None) -> None:
    assert page_of(written, 7) == page
