"""The exceptions that Kobunko raises on purpose. Every message ends with what to do.

    KobunkoError
    ├── UsageError            the request cannot be carried out as it stands            → exit 2
    ├── Busy                  another run holds this home                               → exit 1
    ├── NotFound              no such document, release, source or capture              → exit 1
    ├── Corrupt               stored bytes do not match their digest, or are torn       → exit 1
    ├── Unreachable           depot, database or cluster does not do what it is asked    → exit 1
    ├── BrokenAssertion       the work finished, but a promise about it does not hold   → exit 3
    └── Reject(code)          this document cannot be read, and we know why: a row, not a failure

Inside a stage only `Reject` has a meaning of its own: the runner turns it into the outcome `reject:<code>`.
Any other exception becomes `error:<its type>`.
"""


class Interrupted(BaseException):
    """The operator asked to stop (Ctrl-C, SIGTERM). No handler of ordinary errors may take it for one."""


class KobunkoError(Exception):
    """Base of the tree; `exit_code` is what the command line ends with."""

    exit_code = 1


class UsageError(KobunkoError):
    exit_code = 2


class Busy(KobunkoError):
    pass


class NotFound(KobunkoError):
    pass


class Corrupt(KobunkoError):
    pass


class Unreachable(KobunkoError):
    """No document and no request is to blame: what asked ends, and can be repeated."""


class BrokenAssertion(KobunkoError):
    exit_code = 3


class Reject(KobunkoError):
    """A document that we understand well enough to say that it holds no text for us.

    `code` is short and stable (`encrypted`, `not-a-pdf`, `unsupported-format`); `detail` is for people.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail
