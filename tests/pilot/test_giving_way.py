"""What a person does is answered before long work goes on."""

from __future__ import annotations

import pytest

from rlm_tui.ui import app as app_module
from rlm_tui.ui.giving_way import ANSWER_SECONDS, Person
from tests.pilot.conftest import OpenApp


async def test_work_waits_after_each_key_and_click_and_not_without(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, slept = 0.0, list[float]()
    person = Person(lambda: now, slept.append)
    monkeypatch.setattr(app_module, "person", person)
    async with open_app(size=(100, 30)) as pilot:
        person.give_way()
        assert slept == [], "nothing was done yet"
        for act in (
            lambda: pilot.press("f12"),
            lambda: pilot.press("a"),
            lambda: pilot.click(offset=(1, 1)),
        ):
            await act()
            person.give_way()
            assert len(slept) == 1, "what was done is answered first"
            now += ANSWER_SECONDS
            person.give_way()
            assert len(slept) == 1, "nothing was done since"
            slept.clear()
