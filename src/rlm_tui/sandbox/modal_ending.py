"""How a sandbox in Modal's cloud ended: at its time limit, from outside, or the driver in it alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudError, CloudMissingError
from rlm_tui.core.settings import ModalSettings
from rlm_tui.sandbox.transport import Ending

TERMINATED, TIMED_OUT = 137, 124


def ending_of(
    sandbox: Any,
    process: Any,
    settings: ModalSettings,
    *,
    words: str,
    broken: Callable[[], str],
    patience: float,
) -> Ending:
    """The ending of `sandbox`, that nobody here ended, with the driver's `process` in it.

    `words` are the driver's last; `broken` tells how the way from it broke, "" where it did not. Waits up to
    `patience` seconds for the driver's end.
    """
    try:
        code = within(settings.call_seconds, "asking for the sandbox's end", sandbox.poll)
        if code is None and not broken():
            return _driver_ending(process, settings, words, patience)
    except CloudMissingError:
        return Ending(words=words, reason="Modal does not know the sandbox any more")
    except CloudError as error:
        return Ending(words=words, reason=broken() or error.message.rstrip("."))
    if code == TIMED_OUT:
        seconds = settings.timeout_seconds
        return Ending(words=words, reason=f"it reached its time limit of {seconds} s (modal.timeout_seconds)")
    if code == TERMINATED:
        return Ending(words=words, reason="it was terminated from outside, by a person or by Modal")
    if code is None:
        return Ending(words=words, reason=broken().rstrip("."))
    return Ending(status=code, words=words)


def _driver_ending(process: Any, settings: ModalSettings, words: str, patience: float) -> Ending:
    """The sandbox lives, and the driver in it does not."""
    until = time.monotonic() + patience
    while (code := within(settings.call_seconds, "asking for the driver's end", process.poll)) is None:
        if time.monotonic() > until:
            return Ending(words=words)
        time.sleep(0.05)
    return Ending(signal=code - 128, words=words) if code > 128 else Ending(status=code, words=words)
