"""The exit statuses of a worker. 3 and 4 are those of gunicorn's own workers; from 64 on they follow sysexits.h."""
import os
import sys
import threading

DRAINED = 0       # SIGTERM or max-requests: everything that was accepted is answered
BOOT_ERROR = 3    # the app, or a hook of gunicorn.conf.py, raised before the worker was ready; or it got no threads
LOAD_ERROR = 4    # the module is there, but has no such callable
COLD = 5          # a warm-up request failed
USAGE = 64        # the command line
BAD_CONFIG = 65   # gunicorn.conf.py cannot be read, or asks for what must not be ignored
NO_APP = 66       # the script or module is not there (--check only)
NO_GUNICORN = 69  # gunicorn cannot be imported
SOCKET_LOST = 71  # the app closed its listening socket, or put another file in its place, in this process alone
OVERDUE = 75      # a request took longer than request-timeout
INTERRUPTED = 76  # the interrupt signal came: requests did not end in time
NO_PROOF = 77     # systemd handed on no secret by which the proxy proves itself
NO_SOCKET = 78    # no socket was inherited, or somebody shut it down: a restart would not help, the unit does not try it


def leave(status):
    """Ends the process at once, whoever still runs in it. What was printed goes out, unless somebody keeps that from it."""
    try:
        flushing = threading.Thread(target=flush, daemon=True)
        flushing.start()
        flushing.join(0.5)
    except Exception:
        pass  # no thread left
    os._exit(status)


def flush():
    """Standard output and error: whatever the app has made of them."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # the app may have put anything in its place
