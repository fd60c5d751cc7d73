"""What the worker itself has to say: one line each to standard error, which is the journal.

gunicorn's logger has an own format, and gunicorn.conf.py may send it to a file; these lines must be where
`journalctl -u` and a failed roll look for them.
"""
import os
import sys

# journald takes a leading <N> as the line's priority; in a terminal it would only disturb.
_PRIORITIES = "JOURNAL_STREAM" in os.environ


def info(message):
    _line(6, message)


def warning(message):
    _line(4, message)


def error(message):
    _line(3, message)


def _line(priority, message):
    prefix = f"<{priority}>" if _PRIORITIES else ""
    text = " ".join(str(message).splitlines())
    try:
        # One write: lines of several threads do not mix.
        sys.__stderr__.write(f"{prefix}wsgictl: {text}\n")
        sys.__stderr__.flush()
    except (AttributeError, OSError, ValueError):
        pass  # nobody is listening any more, which must not end a request
