"""Ends app code from outside: an exception is raised in it, so that its `finally:` blocks run.

It is raised only while app code runs, never in the code around it, which could then neither answer the client nor
clean up. A thread says so by running the app through `call`. Who wants to interrupt says `ask`; if no app code runs at
that moment, the next `call` raises instead of running any.
"""
import ctypes
import sys
import threading
from collections import defaultdict
from functools import partial

import _wsgictl_forks as forks

_here = threading.local()


class Interrupted(BaseException):
    """Raised in app code. Not an Exception: what handles the app's own errors must not take it for one of them."""

    def __init__(self, *args):
        super().__init__(*args)
        # Python makes the instance when the exception arrives in the thread, not when it is sent.
        interruptible = getattr(_here, "interruptible", None)
        if interruptible is not None:
            interruptible.landed = True


class Interruptible:
    """The app code of one request."""

    def __init__(self):
        self.armed = False    # app code is running
        self.pending = False  # asked for while none was
        self.landed = False   # the exception has arrived
        _here.interruptible = self

    def call(self, function, *args, always=False):
        """Calls app code. `always`: even where an interrupt is pending, as close() must be."""
        made = defaultdict(partial(function, *args))
        try:
            self._arm(always)
            try:
                # Both are C: no exception can come between the app's return and the keeping of what it returned, whose
                # close() will have to be called.
                made[None]
            finally:
                if forks.forked:
                    forks.leave(sys.exc_info()[1])
                self.disarm()
        except Interrupted:
            # It may have come after the app's last instruction, even inside of disarm().
            self.disarm()
            if not made:
                raise
            self.pending = True
        return made[None]

    def _arm(self, always):
        if self.pending:
            if not always:
                self.landed = True
                raise Interrupted
        self._start()

    def rearm(self):
        """The app code goes on, which was disarmed for something of ours that it had called."""
        self._arm(always=False)


class MainThread(Interruptible):
    """The app runs in the main thread, where a signal handler can raise at once, also out of a blocking call.

    No lock: everything here happens in the main thread, and a handler that waited for its own thread would wait for
    ever.
    """

    def _start(self):
        self.armed = True

    def disarm(self):
        self.armed = False

    def ask(self):
        """Only from a signal handler, which Python runs in the main thread."""
        if not self.armed:
            self.pending = True
            return
        self.armed = False
        self.landed = True
        raise Interrupted


class PoolThread(Interruptible):
    """The app runs in another thread, which gets the exception at its next Python instruction: a blocking call does
    not notice it before it returns."""

    def __init__(self):
        super().__init__()
        self.thread = threading.get_ident()
        self.lock = threading.Lock()
        self.sent = False

    def _start(self):
        with self.lock:
            self.armed = True

    def disarm(self):
        with self.lock:
            self.armed = False
            if self.sent:
                # What has not arrived yet must not arrive later, in somebody else's code.
                _send(self.thread, None)
                self.sent = False
                self.pending = not self.landed

    def ask(self):
        """From any other thread."""
        with self.lock:
            if self.armed:
                self.sent, self.landed = True, False
                _send(self.thread, Interrupted)
            else:
                self.pending = True


def _send(thread, exception):
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), ctypes.py_object(exception) if exception else None)
