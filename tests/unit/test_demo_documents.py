"""The documents of the demos are what their generator writes, and their truth is in them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rlm_tui.core.builtin_tasks import builtin_tasks
from rlm_tui.core.content import content_directory, in_checkout

GENERATOR = Path(__file__).parents[2] / "rlm_content" / "generator"
DOCUMENTS = {
    "handbook": "api-handbook.md",
    "log": "incident.log",
    "narrative": "the-lighthouse-of-varn.txt",
}

pytestmark = pytest.mark.skipif(not in_checkout(), reason="the generator is not installed")


def generate(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, str(GENERATOR), *arguments], check=True, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(("what", "name"), DOCUMENTS.items())
def test_the_same_seed_writes_the_same_bytes(what: str, name: str, tmp_path: Path) -> None:
    generate(what, "--to", str(tmp_path / name))
    for file in (name, f"{name}.truth.json"):
        assert (tmp_path / file).read_bytes() == (content_directory() / file).read_bytes(), (
            f"run rlm_content/generator: {file} is another"
        )


def test_the_log_is_written_in_any_size_with_its_truth(tmp_path: Path) -> None:
    path = tmp_path / "small.log"
    generate("log", "--size", "300KB", "--seed", "7", "--to", str(path))
    assert 300_000 <= path.stat().st_size < 302_000
    text = path.read_text(encoding="utf-8")
    truths = json.loads(path.with_name("small.log.truth.json").read_text(encoding="utf-8"))["truths"]
    counts = truths[0]["outputs"]["error_categories"]
    assert {kind: text.count(f" {kind}: ") for kind in counts} == counts
    assert sum(counts.values()) == truths[0]["outputs"]["total_errors_found"] == text.count(" ERROR ")


def test_the_truth_stands_in_the_documents() -> None:
    handbook = (content_directory() / DOCUMENTS["handbook"]).read_text(encoding="utf-8")
    (endpoints, *_) = json.loads(
        (content_directory() / "api-handbook.md.truth.json").read_text(encoding="utf-8")
    )["truths"]
    found = endpoints["outputs"]["api_endpoints"]
    assert len(found) >= 60
    assert len(set(found)) == len(found)
    for endpoint in found:
        assert f"\n`{endpoint}`\n" in handbook
    story = (content_directory() / DOCUMENTS["narrative"]).read_text(encoding="utf-8")
    for truth in json.loads(
        (content_directory() / "the-lighthouse-of-varn.txt.truth.json").read_text(encoding="utf-8")
    )["truths"]:
        if truth["task"] == "analyze":
            assert story.count(truth["outputs"]["answer"]["holds"]) == 1 or "post" in str(truth)


def test_every_built_in_document_is_there_or_built() -> None:
    for task in builtin_tasks():
        if task.default_document and "dspy" not in task.default_document:
            assert (content_directory().parent / task.default_document).is_file()
