"""Wait for a call that can't be stopped, only as long as the run goes on."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

from rlm_tui.engine.control import RunControl, RunStopped

Result = TypeVar("Result")


def abandonable(
    function: Callable[[], Result], control: RunControl, on_abandon: Callable[[], None] | None = None
) -> Result:
    """Run `function` on a thread of its own, in this context, and give its result or its error.

    When the run is stopped the caller leaves at once with `RunStopped`, after `on_abandon`; the call itself
    ends when it ends (a request to a provider can't be taken back) and what it brings is dropped.
    """
    control.check()
    results: list[Result] = []
    errors: list[BaseException] = []
    wake = threading.Event()

    def work() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)
        finally:
            wake.set()

    context = contextvars.copy_context()
    with control.on_stop(wake.set):
        threading.Thread(target=context.run, args=(work,), name="rlm-call", daemon=True).start()
        wake.wait()
    if results:
        return results[0]
    if errors and not (isinstance(errors[0], RunStopped) and control.reason is not None):
        raise errors[0]
    # The call may have heard of the stop before this: what it asked for is given up all the same.
    if on_abandon is not None:
        on_abandon()
    control.check()
    raise AssertionError("a call was woken without a result, an error or a stop")
