"""What the RLMs of a run have in common: its recorder, its gate, its budget, its sandboxes."""

from __future__ import annotations

from dataclasses import dataclass

from rlm_tui.engine.budget import RunBudget
from rlm_tui.engine.control import RunControl
from rlm_tui.engine.gate import Gate
from rlm_tui.engine.heal import Healing
from rlm_tui.engine.prefix import Prefix
from rlm_tui.engine.recorder import Recorder
from rlm_tui.engine.sandboxes import SandboxFactory
from rlm_tui.engine.volume_watch import VolumeWatch
from rlm_tui.store.answers import RememberedAnswers


@dataclass(frozen=True)
class RunSetting:
    """What every RLM of a run shares, at whatever depth."""

    recorder: Recorder
    control: RunControl
    gate: Gate
    sandboxes: SandboxFactory
    budget: RunBudget
    workers: int
    streaming: bool
    volume: VolumeWatch
    healing: Healing
    remembered: RememberedAnswers | None = None
    prefix: Prefix | None = None
