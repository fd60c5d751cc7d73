"""What the worker itself has to say: one line each to standard error, as systemd gave it, which is the journal.

gunicorn's logger has an own format, and gunicorn.conf.py may send it to a file, and with capture_output all else that goes
to standard error; these lines must be where `journalctl -u` and a failed roll look for them.
"""
import ctypes
import faulthandler
import os
import re
import sys
import traceback

# journald takes a leading <N> as the line's priority; in a terminal it would only disturb.
_PRIORITIES = "JOURNAL_STREAM" in os.environ

# What drives a terminal, ends a line or turns the direction in which it is read. A client chooses the path that stands in
# a message, and its byte 0x9b begins a command to a terminal.
_UNSEEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


_SS_DISABLE = 2


class _Stack(ctypes.Structure):
    """sigaltstack(2)"""

    _fields_ = [("ss_sp", ctypes.c_void_p), ("ss_flags", ctypes.c_int), ("ss_size", ctypes.c_size_t)]


def _file_of(number):
    try:
        status = os.fstat(number)
        return status.st_dev, status.st_ino
    except OSError:
        return None


try:
    journal = os.dup(2)  # not inherited by programs that the app runs
except OSError:
    journal = None
_JOURNAL_FILE = None if journal is None else _file_of(journal)


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


def brief(message, most=500):
    """In one line that is not too long for `systemctl status`: a message may hold all that the app was about to do."""
    text = visible(message)
    return text if len(text) <= most else text[:most - 1] + "…"


def trace(error):
    """The traceback of what ended the worker before it was ready, or of a hook. A capture_output gets it too, as from gunicorn."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    text_block(text)
    if _file_of(2) != _JOURNAL_FILE:
        try:
            print(text, end="", file=sys.stderr)
        except Exception:
            pass  # its disk is full, or the app has put anything in its place


def text_block(text):
    """Lines that are not the worker's own words."""
    data = text.encode("utf-8", "backslashreplace")
    try:
        # The app may have closed it, and its number may be another file's now.
        if _JOURNAL_FILE is not None and _file_of(journal) == _JOURNAL_FILE:
            os.write(journal, data)
        else:
            sys.__stderr__.buffer.write(data)
            sys.__stderr__.flush()
    except (AttributeError, OSError, ValueError):
        pass  # nobody is listening any more, which must not end a request


def keep_crashes():
    """A signal that ends the worker in mid-code (SIGSEGV, SIGABRT, ...) leaves the place in the journal."""
    if _JOURNAL_FILE is None:
        return
    faulthandler.enable(file=journal)
    # It brings a small stack of its own, on which from then on all handlers of signals run: a few that come at once, one
    # on top of the other, write past its end (seen with five). Without it only an overflow of the stack leaves no place.
    try:
        ctypes.CDLL(None).sigaltstack(ctypes.byref(_Stack(None, _SS_DISABLE, 0)), None)
    except (OSError, AttributeError):
        faulthandler.disable()


def _line(priority, message):
    prefix = f"<{priority}>" if _PRIORITIES else ""
    # One write: lines of several threads do not mix.
    text_block(f"{prefix}wsgictl: {visible(message)}\n")
