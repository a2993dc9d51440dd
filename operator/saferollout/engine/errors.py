"""What can go wrong between the operator and the API server, as one tree. Transient or terminal is a type, never a status code.

    ClusterError
    |- TransientError            look again, soon and with back-off
    |  |- Conflict               somebody wrote first (409): look again at once, silently
    |  |- Gone                   a list or its continuation is too old (410)
    |  |- Throttled              the server asks to wait (429); `retry_after` seconds
    |  `- Unreachable            no answer, a time-out, or the server's own fault (5xx)
    `- TerminalError             nothing changes by trying again soon
       |- NotFound               404
       |- Forbidden              the operator lacks a right, or its credentials ran out (401, 403)
       `- Invalid                the server refuses the content (400, 413, 422)
"""


class ClusterError(Exception):
    """Anything the API server, or the way to it, answers instead of the object."""


class TransientError(ClusterError):
    """The same request may succeed later."""


class TerminalError(ClusterError):
    """The same request fails again until something else changes."""


class Conflict(TransientError):
    """The object has another resourceVersion than the one the write was decided on."""


class Gone(TransientError):
    """A resourceVersion or a continuation that the server no longer knows."""


class Throttled(TransientError):
    """The server is busy; `retry_after` in seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(TransientError):
    """No answer, or an answer that is the server's own fault."""


class NotFound(TerminalError):
    """There is no such object, or no such resource."""


class Forbidden(TerminalError):
    """The operator may not do this."""


class Invalid(TerminalError):
    """The server refuses what was sent."""
