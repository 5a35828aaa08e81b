"""What can go wrong with Modal, in one sentence each, and what the person can do about it."""

from __future__ import annotations

from rlm_tui.core.text import one_line

TOKEN_HINT = "Run `modal token new`, or set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET in .env or the environment."
_MOST = 300


class CloudError(Exception):
    """Modal did not do what was asked. The message is one sentence; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class CloudTimeoutError(CloudError):
    """Modal did not answer in time."""


class CloudTokenError(CloudError):
    """There is no token, or Modal takes it for no good one."""


class CloudMissingError(CloudError):
    """What was asked for by its name is not there."""


class CloudFullError(CloudError):
    """A limit of the account or of a volume is reached."""


def explained(error: BaseException, what: str) -> BaseException:
    """`error` as a `CloudError` if it came from Modal or the way to it, else `error` itself.

    `what` is what was being done: "starting the sandbox".
    """
    from modal import exception

    said = one_line(str(error) or type(error).__name__, _MOST).rstrip(".")
    match error:
        case exception.AuthError():
            if "oken missing" in said:
                return CloudTokenError("There is no token for Modal.", TOKEN_HINT)
            return CloudTokenError(f"Modal does not accept the token: {said}.", TOKEN_HINT)
        case exception.PermissionDeniedError():
            return CloudTokenError(
                f"Modal does not allow it ({what}): {said}.", "Use a token of a workspace that may."
            )
        case exception.NotFoundError() if "nvironment" in said:
            return CloudError(f"Modal does not find it ({what}): {said}.", "Look at modal.environment.")
        case exception.NotFoundError():
            return CloudMissingError(f"Modal does not find it ({what}): {said}.")
        case exception.ResourceExhaustedError():
            return CloudFullError(
                f"A limit of Modal is reached ({what}): {said}.",
                "Make room (`rlm-tui volume du`), wait, or raise the limit in Modal's settings.",
            )
        case exception.ImageBuildError():
            return CloudError(
                f"Modal could not build the sandbox's image: {said}.",
                "Look at modal.packages in the settings: a name may be misspelt.",
            )
        case exception.VersionError():
            return CloudError(
                f"Modal wants another version of its client: {said}.",
                "Run `uv sync --upgrade-package modal`.",
            )
        case exception.ConnectionError():
            return CloudError(
                f"Modal can't be reached ({what}): {said}.",
                "Look whether the network and https://status.modal.com are well, then try again.",
            )
        case exception.Error():
            return CloudError(f"Modal failed ({what}): {said}.")
        case _ if type(error).__module__.startswith(("grpclib", "aiohttp")) or isinstance(
            error, ConnectionError
        ):
            return CloudError(
                f"The connection to Modal broke ({what}): {said}.",
                "Look whether the network is well, then try again.",
            )
        case _:
            return error
