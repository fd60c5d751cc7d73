"""The thread that watches over the others: signals, deadlines, the watchdog, and the way out.

It runs no code of the app, so it has time when the app has none. What stops it is code that keeps Python's lock; then
the watchdog's pings stop as well, and systemd ends the worker.
"""
import os
import select
import signal
import threading
import time
import traceback

import _wsgictl_escalation as escalation
import _wsgictl_exits as exits
import _wsgictl_interrupt as interrupt
import _wsgictl_log as log
import _wsgictl_signals as signals

# How long the last words may take, in seconds.
_LAST_WORDS = 0.5


class Control(threading.Thread):
    def __init__(self, options, notifier, own_signals, requests, loop, gunicorn_log):
        super().__init__(name="wsgictl", daemon=True)
        self.options = options
        self.notifier = notifier
        self.signals = own_signals
        self.requests = requests
        self.loop = loop
        self.gunicorn_log = gunicorn_log
        self.main = threading.main_thread().ident
        self.lock = threading.Lock()
        self.exit_status = exits.DRAINED
        self.draining = False
        self.stopping = False    # systemd knows it, and counts
        self.interrupted = None  # when all requests were interrupted
        self.finishing = None    # since when the main thread has left the loop
        self.waiting_for = None  # what it then waits for
        self.status = None
        self.ping_at = 0.0
        self.escalation = escalation.Escalation(options, requests, loop)
        # Not select(), which cannot take a number above 1023: the app may have that many files. Nor poll(), which has the
        # kernel write into memory of an object: this thread waits until Python, which takes all objects apart, has ended.
        self.poll = select.epoll()
        self.poll.register(self.signals.reader, select.EPOLLIN)

    def run(self):
        # Signals are the main thread's: there they interrupt what blocks.
        signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
        while True:
            try:
                self._step()
            except Exception:
                # Whatever it was: a worker that nobody can stop would be worse.
                log.error(f"a fault of wsgictl: {traceback.format_exc()}")
                time.sleep(0.1)

    def _step(self):
        if self.poll.poll(self._pause()):
            for number in set(os.read(self.signals.reader, 512)):
                self._signalled(number)
        self._ping()
        self._deadlines()
        if self.draining:
            self._escalate()
            self._tell()

    # What asks for an end

    def drain(self, reason, exit_status=exits.DRAINED, bounded=True):
        """From any thread, any number of times. The first reason is the one that is told.

        `bounded`: systemd counts from now on, and has the requests interrupted that are left after graceful-timeout.
        """
        with self.lock:
            self.exit_status = self.exit_status or exit_status
            begins, self.draining = not self.draining, True
        if bounded:
            self._stopping()
        if begins:
            self.loop.stop()
            log.info(f"draining ({reason}): {self._count()}")
            self._wake()

    def retire(self, reason, exit_status=exits.DRAINED):
        """The worker has done its share. Nobody waits for it to go, so its last requests may take as long as any others:
        request-timeout. With threads and without that limit, one endless answer would keep all other threads idle."""
        self.drain(reason, exit_status, bounded=self.options.threads > 1 and self.options.request_timeout is None)

    def _stopping(self):
        """Where systemd has not asked for the end, this makes it see one, with the same three stages."""
        with self.lock:
            said, self.stopping = self.stopping, True
        if not said:
            self.notifier.send(STOPPING=1)

    def interrupt(self):
        """The second stage: whoever is still here is interrupted."""
        if self.interrupted is not None:
            return
        self.interrupted = time.monotonic()
        self.requests.interrupting = True
        self.drain("interrupted", exits.INTERRUPTED)
        log.warning(f"interrupting {self._count()}")
        for client in list(self.loop.clients.values()):
            if client.head_deadline is not None:
                client.stop_reading()
        for request in self.requests.in_flight():
            self._ask(request)

    def finish(self):
        """The main thread has left the loop. What it does from now on, an interrupt ends soon."""
        self._stopping()
        self.finishing = time.monotonic()

    def wait_for(self, what):
        self.waiting_for = what

    # The thread's own work

    def _signalled(self, number):
        if number == self.signals.interrupt_signal:
            self.interrupt()
        elif number in signals.STOP:
            self.drain(signal.Signals(number).name)
        elif number == signals.REOPEN:
            # A stream that the app has put there may hold this up, or be held by a request.
            try:
                threading.Thread(target=self._reopen, daemon=True).start()
            except RuntimeError as error:
                log.error(f"cannot reopen the log files: {error}")
        elif number in signals.FOREIGN:
            name = signal.Signals(number).name
            log.info(f"{name} is ignored: use wsgictl, or systemctl reload wsgi-app@{self.options.app}")

    def _reopen(self):
        try:
            self.gunicorn_log.reopen_files()
            log.info("log files reopened")
        except Exception as error:  # the app may have put anything in the place of its streams
            log.error(f"cannot reopen the log files: {error!r}")

    def _pause(self):
        """How long nothing can become due. Requests that begin meanwhile have their deadline later than this."""
        if self.draining:
            return 0.1
        times = [seconds for seconds in (self.options.request_timeout, self._ping_every()) if seconds]
        now = time.monotonic()
        waiting = [request for request in self.requests.in_flight() if request.deadline and not request.asked]
        times += [max(request.deadline - now, 0.01) for request in waiting]
        return min(times, default=None)

    def _ping_every(self):
        return self.notifier.watchdog / 4 if self.notifier.watchdog and not self.stopping else None

    def _ping(self):
        every = self._ping_every()
        if every and time.monotonic() >= self.ping_at:
            self.notifier.send(WATCHDOG=1)
            self.ping_at = time.monotonic() + every * 0.9

    def _deadlines(self):
        now = time.monotonic()
        for request in self.requests.in_flight():
            if request.deadline and request.deadline <= now and request.asked is None:
                log.warning(f"{request.line} takes longer than {self.options.request_timeout:g} s: interrupting it")
                self.retire("request-timeout", exits.OVERDUE)  # first, so that this thread gets no other connection
                self._ask(request)

    def _ask(self, request):
        request.asked = time.monotonic()
        if isinstance(request.app_code, interrupt.PoolThread):
            request.app_code.ask()
        else:
            signal.pthread_kill(self.main, self.signals.own_signal)

    def _escalate(self):
        if self.escalation.step(everybody=self.interrupted is not None):
            self._leave("leaving behind what could not be interrupted")
        if self.interrupted and self.finishing and time.monotonic() - max(self.interrupted, self.finishing) >= 1:
            self._leave(f"not waiting for {self.waiting_for} any longer")

    def _leave(self, why):
        # Whoever is left behind may hold the lock of a stream.
        words = threading.Thread(target=log.error, args=[f"{why}, exit status {self.exit_status}"], daemon=True)
        try:
            words.start()
            words.join(_LAST_WORDS)
        except RuntimeError:
            words.run()  # no thread is to be had: there are too many, or Python 3.12 is ending
        finally:
            exits.leave(self.exit_status)

    def _tell(self):
        status = f"draining: {self._count()}" if self.interrupted is None else f"interrupted: {self._count()} left"
        if self.finishing and self.waiting_for:
            status = f"draining: waiting for {self.waiting_for}"
        if status != self.status:
            self.status = status
            self.notifier.send(STATUS=log.visible(status))

    def _count(self):
        count = len(self.requests.in_flight())
        return f"{count} request{'' if count == 1 else 's'} in flight"

    def _wake(self):
        try:
            os.write(self.signals.writer, b"\0")
        except BlockingIOError:
            pass
