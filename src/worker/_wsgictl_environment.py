"""What must be right around the worker before it can do anything."""
import atexit
import os
import sys

import _wsgictl_app as app
import _wsgictl_exits as exits
import _wsgictl_log as log


class Failure(Exception):
    """The worker cannot start: the message is all there is to say. `said` is what the roll tells of it, after how it ended."""

    def __init__(self, exit_status, message, said=None):
        super().__init__(message)
        self.exit_status = exit_status
        self.said = message if said is None else said
        self.told = False

    def tell(self, notifier):
        """Once, as soon as it is known: the hooks that run before the end may hang."""
        if not self.told:
            self.told = True
            log.error(self)
            # systemd keeps it for the roll, also where no journal is kept.
            notifier.send(STATUS=log.brief(self.said))


def prepare(options):
    # Apps and their logs ask for it; systemd gives the directory, but not always the variable.
    os.environ["PWD"] = os.getcwd()
    app.extend_path(options)
    # Apps that look at the command line shall not find ours.
    del sys.argv[1:]
    # What the app prints shall be in the journal when it happens, not when a buffer is full.
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(line_buffering=True)
    # As the first one it is called last, after the app's own.
    atexit.register(_put_streams_back)


def _put_streams_back():
    """One that cannot be flushed would make 120 of Python's exit status."""
    exits.flush()
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__


def gunicorn_version():
    try:
        import gunicorn.http.wsgi  # more than its version: old ones do not work with every Python
        import gunicorn.workers.sync  # noqa: F401
        return gunicorn.__version__
    except ImportError as error:
        reason = "" if error.name == "gunicorn" else f" that works ({error})"
        python = sys.executable
        message = (f"no gunicorn{reason} in {python}: `{python} -m pip install gunicorn`, "
                   "or `apt install python3-gunicorn` for Debian's own Python")
        raise Failure(exits.NO_GUNICORN, message) from None
