"""The signals of a worker, and who gets them.

Python runs its signal handlers in the main thread, which may be in the app, or in a C function that does not return. So
the control thread learns of every signal too, from the C handler's own pipe; the Python handlers have little to do.
"""
import _signal  # what `signal` wraps: a tenth of the time, which counts after each request
import faulthandler
import os
import signal
import threading

import _wsgictl_log as log

STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
REOPEN = signal.SIGUSR1
# They mean something to gunicorn's arbiter. Here their default would end or suspend the worker.
FOREIGN = (signal.SIGHUP, signal.SIGUSR2, signal.SIGTTIN, signal.SIGTTOU)

_early = set()  # those that came before the worker could do anything about them


def hush():
    """Before the worker is ready only a stop may end it: somebody who has the log files reopened, say, does not know that it
    is not. A handler and not SIG_IGN, which programs that the app starts would inherit."""
    for number in (REOPEN, *FOREIGN):
        signal.signal(number, _noted_early)
        signal.siginterrupt(number, False)


def _noted_early(number, frame):
    _early.add(number)


class Signals:
    def __init__(self, interrupt_signal, interrupt_main):
        self.interrupt_signal = interrupt_signal
        # What comes from outside is for all requests and goes through the control thread. This one is that thread's
        # own: with it, it interrupts the app in the main thread.
        self.own_signal = signal.SIGRTMIN + (9 if interrupt_signal != signal.SIGRTMIN + 9 else 10)
        self.reader, self.writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.handlers = {number: self._noted for number in (*STOP, REOPEN, *FOREIGN, interrupt_signal)}
        self.handlers[self.own_signal] = interrupt_main
        self.forking = threading.local()

    def take(self):
        """Installs the handlers. What the app has done with our signals while it was imported is undone, and said."""
        for number in self.handlers:
            self._take_back(number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self.handlers)
        signal.set_wakeup_fd(self.writer, warn_on_full_buffer=False)
        # None of them may disturb a system call of a request, but the one that is meant to.
        for number in self.handlers.keys() - {self.own_signal}:
            signal.siginterrupt(number, False)
        os.register_at_fork(before=self._hold, after_in_parent=self._go_on, after_in_child=self._release)
        for number in _early:
            self._noted(number, None)

    def keep(self):
        """Takes back what the app took since. Only in the main thread, where alone it can take anything."""
        for number, handler in self.handlers.items():
            if _signal.getsignal(number) != handler:
                self._take_back(number)

    def _take_back(self, number):
        before = signal.getsignal(number)
        if before not in (signal.SIG_DFL, signal.default_int_handler, _noted_early):
            log.warning(f"the app took {_name(number)} ({_describe(before)}): it is the worker's, taken back")
        if faulthandler.unregister(number):
            log.warning(f"the app gave {_name(number)} to faulthandler: it is the worker's, taken back")
        signal.signal(number, self.handlers[number])

    def _noted(self, number, frame):
        """The C handler has written to the pipe already, unless the app has taken the pipe's place (asyncio does)."""
        try:
            os.write(self.writer, bytes([number]))
        except BlockingIOError:
            pass

    # Until a child has its own handlers, a signal to it would come out of the pipe that it shares with the worker.

    def _hold(self):
        self.forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, self.handlers.keys() - {self.own_signal})

    def _go_on(self):
        signal.pthread_sigmask(signal.SIG_SETMASK, self.forking.mask)

    def _release(self):
        """In a child that the app forked: it can be ended as any process, and tells this one nothing."""
        signal.set_wakeup_fd(-1)
        for number in self.handlers:
            if signal.getsignal(number) == self.handlers[number]:
                signal.signal(number, signal.SIG_DFL)
        self._go_on()


def _name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"


def _describe(handler):
    name = getattr(handler, "__qualname__", None)
    return f"{getattr(handler, '__module__', '?')}.{name}" if name else repr(handler)
