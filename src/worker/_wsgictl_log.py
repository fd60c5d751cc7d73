"""What the worker itself has to say: one line each to standard error, which is the journal.

gunicorn's logger has an own format, and gunicorn.conf.py may send it to a file; these lines must be where
`journalctl -u` and a failed roll look for them.
"""
import os
import re
import sys

# journald takes a leading <N> as the line's priority; in a terminal it would only disturb.
_PRIORITIES = "JOURNAL_STREAM" in os.environ

# What drives a terminal, ends a line or turns the direction in which it is read. A client chooses the path that stands in
# a message, and its byte 0x9b begins a command to a terminal.
_UNSEEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def info(message):
    _line(6, message)


def warning(message):
    _line(4, message)


def error(message):
    _line(3, message)


def visible(message):
    """In one line."""
    return _UNSEEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", " ".join(str(message).splitlines()))


def keep_lines(gunicorn_log):
    """Has gunicorn's access log show what clients sent, such as the name of a login, in the one line that it is for:
    gunicorn only looks after quotes."""
    original = getattr(gunicorn_log, "atoms_wrapper_class", None)
    if original is not None:
        gunicorn_log.atoms_wrapper_class = lambda atoms: original(
            {key: visible(value) if isinstance(value, str) else value for key, value in atoms.items()})


def _line(priority, message):
    prefix = f"<{priority}>" if _PRIORITIES else ""
    try:
        # One write: lines of several threads do not mix.
        sys.__stderr__.write(f"{prefix}wsgictl: {visible(message)}\n")
        sys.__stderr__.flush()
    except (AttributeError, OSError, ValueError):
        pass  # nobody is listening any more, which must not end a request
