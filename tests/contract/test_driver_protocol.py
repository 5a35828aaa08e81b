"""PROTOCOL.md is true: each of its examples is one that the driver takes, or could have sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.contract.driver_process import DRIVER, DriverProcess, write_pack

Frame = dict[str, Any]


def examples() -> list[Frame]:
    text = (DRIVER.parent / "PROTOCOL.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    return [json.loads(line) for block in blocks for line in block.splitlines()]


def of_type(kind: str) -> list[Frame]:
    found = [frame for frame in examples() if frame["type"] == kind]
    assert found
    return found


def test_the_hosts_examples_are_taken(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    pack = write_pack(tmp_path / "pack.zip", {"a.md": "one", "b.md": "two"})
    with DriverProcess(hello=False) as driver:
        (hello,) = of_type("hello")
        driver.send(hello)
        assert driver.receive()["type"] == "ready"
        for frame in of_type("bind"):
            if "path" in frame:
                frame["path"] = str(tmp_path / "file")
            if "pack" in frame:
                frame["pack"] = str(pack)
            driver.send(frame)
        for frame in of_type("part"):
            driver.send(frame)
        (execute,) = of_type("execute")
        driver.send(execute)
        finished = driver.finish(execute["id"])
        assert finished.text() == "4\n"
        assert set(finished.variables) == {"question", "document", "docs", "page"}
        (evaluate,) = of_type("evaluate")
        driver.send(evaluate)
        assert driver.finish(evaluate["id"]).text() == "2\n"
        for frame in [*of_type("reply"), *of_type("interrupt"), *of_type("inspect")]:
            driver.send(frame)
        assert driver.receive_type("variables")["id"] == of_type("inspect")[0]["id"]
        driver.send(of_type("bye")[0])
        assert driver.wait() == 0


def test_the_drivers_examples_have_the_fields_it_sends() -> None:
    with DriverProcess() as driver:
        seen = [driver.ready]
        driver.start("print(1)\nrows = [{'n': 0}]\n1", tools=["ask"])
        driver.start("SUBMIT(1)")
        driver.start("1 / 0")
        cell = driver.start("ask('a', b=1)", tools=["ask"])
        while seen[-1]["type"] != "call":
            seen.append(driver.receive())
        driver.send({"type": "reply", "call": seen[-1]["call"], "value": 1})
        while seen[-1].get("type") != "done" or seen[-1]["id"] != cell:
            seen.append(driver.receive())
        driver.send({"type": "inspect", "id": 6, "name": "rows"})
        seen.append(driver.receive())
        driver.send_raw(b"{}\n")
        seen.append(driver.receive())

        def shapes(frames: list[Frame]) -> set[tuple[str, ...]]:
            return {(frame["type"], frame.get("status", ""), *sorted(frame)) for frame in frames} | {
                ("item", *sorted(item)) for frame in frames for item in frame.get("items", [])
            }

        sent = {"ready", "output", "call", "variables", "done", "fault"}
        documented = [frame for frame in examples() if frame["type"] in sent]
        assert shapes(documented) == shapes(seen)
