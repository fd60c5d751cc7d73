"""How the proxy proves itself: by a secret in a header, which only root, the proxy and the app's workers know.

systemd reads it as root and hands it on as a credential: it is in no environment and in no command line.
"""
import hmac
import os
import threading
import time

import _wsgictl_environment as environment
import _wsgictl_exits as exits
import _wsgictl_log as log

HEADER = "X-WSGICTL-PROOF"
CREDENTIAL = "wsgictl-proof"

# A client that does not come through the proxy must not fill the journal.
_QUIET = 60.0


class Proof:
    def __init__(self, options):
        self.secrets = _read() if options.proof else None
        self.lock = threading.Lock()
        self.told = None

    def holds(self, headers):
        """Whether the request comes from the proxy; always, where none is asked for."""
        if self.secrets is None:
            return True
        told = [value for name, value in headers if name == HEADER]
        # All are compared, whichever it is: how long that takes says nothing.
        equal = [hmac.compare_digest(told[-1].encode("latin-1", "replace"), secret) for secret in self.secrets] if told else []
        return len(told) == 1 and any(equal)

    def complain(self, line):
        with self.lock:
            now = time.monotonic()
            if self.told is not None and now - self.told < _QUIET:
                return
            self.told = now
        log.warning(f"{line}: answered 400, as the proxy's proof is not with it: `wsgictl proxy` shows how the proxy tells it "
                    f"(others in the next {_QUIET:g} s are not logged)")


def _read():
    """Any of several lines counts: a new secret is put before the old one, until the proxy tells the new one."""
    path = os.path.join(os.environ.get("CREDENTIALS_DIRECTORY", ""), CREDENTIAL)
    try:
        with open(path, "rb") as file:
            secrets = file.read(4096).split()
    except OSError as error:
        raise environment.Failure(exits.NO_PROOF, f"cannot read the proxy's proof: {error}") from None
    if not secrets or any(len(secret) < 32 for secret in secrets):
        raise environment.Failure(exits.NO_PROOF, "the proxy's proof is shorter than 32 characters")
    return secrets
