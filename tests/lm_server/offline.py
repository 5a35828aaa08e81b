"""The offline demo as a model behind HTTP. It knows nothing but what stands in the messages of a request.

Kept out of the package's front: it imports the program.
"""

from __future__ import annotations

from rlm_tui.lm.offline import answer_prompt

from .answers import Answer, Reply
from .request import LMRequest
from .scripts import Script

_DELTA = 12


def offline_script() -> Script:
    """Answers every request as the offline demo would, in pieces about as long as a few tokens."""

    def script(request: LMRequest) -> Reply:
        prompt = next((message.text for message in reversed(request.messages) if message.role == "user"), "")
        return Answer(answer_prompt(request.system, prompt), delta_size=_DELTA)

    return script
