"""The thread that watches over the others: signals, deadlines, the watchdog, and the way out.

It runs no code of the app, so it has time when the app has none. What stops it is code that keeps Python's lock; then
the watchdog's pings stop as well, and systemd ends the worker.
"""
import os
import select
import signal
import sys
import threading
import time

import _wsgictl_exits as exits
import _wsgictl_interrupt as interrupt
import _wsgictl_log as log
import _wsgictl_signals as signals
import _wsgictl_sockets as sockets


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
        self.interrupted = None  # when all requests were interrupted
        self.sockets_shut = False
        self.finishing = None    # since when the main thread has left the loop
        self.waiting_for = None  # what it then waits for
        self.status = None
        self.ping_at = 0.0
        # Steps of the way out after an interrupt: a short interrupt-timeout makes them shorter.
        self.shut_after = min(1.0, options.interrupt_timeout / 2)
        self.refuse_after = min(2.0, options.interrupt_timeout * 0.8)

    def run(self):
        # Signals are the main thread's: there they interrupt what blocks.
        signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
        while True:
            ready, _, _ = select.select([self.signals.reader], [], [], self._pause())
            if ready:
                for number in set(os.read(self.signals.reader, 512)):
                    self._signalled(number)
            self._ping()
            self._deadlines()
            if self.draining:
                self._escalate()
                self._tell()

    # What asks for an end

    def drain(self, reason, exit_status=exits.DRAINED):
        """From any thread, any number of times. The first reason is the one that is told."""
        with self.lock:
            self.exit_status = self.exit_status or exit_status
            if self.draining:
                return
            self.draining = True
        # Where systemd has not asked for the end, this makes it see one, with the same three stages.
        self.notifier.send(STOPPING=1)
        self.loop.stop()
        log.info(f"draining ({reason}): {self._count()}")
        self._wake()

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
            self.gunicorn_log.reopen_files()
            log.info("log files reopened")
        elif number in signals.FOREIGN:
            log.info(f"{signal.Signals(number).name} is ignored: use wsgictl, or systemctl reload wsgi-app@{self.options.app}")

    def _pause(self):
        """How long nothing can become due. Requests that begin meanwhile have their deadline later than this."""
        if self.draining:
            return 0.1
        times = [seconds for seconds in (self.options.request_timeout, self._ping_every()) if seconds]
        now = time.monotonic()
        times += [max(request.deadline - now, 0.01) for request in self.requests.in_flight() if request.deadline and not request.asked]
        return min(times, default=None)

    def _ping_every(self):
        return self.notifier.watchdog / 4 if self.notifier.watchdog and not self.draining else None

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
                self.drain("request-timeout", exits.OVERDUE)  # first, so that this thread gets no other connection
                self._ask(request)

    def _ask(self, request):
        request.asked = time.monotonic()
        if isinstance(request.app_code, interrupt.PoolThread):
            request.app_code.ask()
        else:
            signal.pthread_kill(self.main, self.signals.own_signal)

    def _escalate(self):
        """For app code that does not react."""
        now = time.monotonic()
        stuck = [request for request in self.requests.in_flight() if request.asked is not None]
        for request in stuck:
            waited = now - request.asked
            if waited >= self.shut_after and self.interrupted is not None and not self.sockets_shut:
                self._shut_sockets(stuck)
            if waited >= self.refuse_after and not request.given_up:
                self._give_up(request)
        if self.interrupted and self.finishing and now - max(self.interrupted, self.finishing) >= self.shut_after:
            self._leave(f"not waiting for {self.waiting_for} any longer")
        everyone = stuck and len(stuck) == len(self.requests.in_flight()) and not self.loop.clients.keys() - {request.thread for request in stuck}
        if everyone and all(now - request.asked >= self.options.interrupt_timeout for request in stuck):
            self._leave("leaving behind what could not be interrupted")

    def _shut_sockets(self, stuck):
        self.sockets_shut = True
        for request in stuck:
            # Reading a body ends, sending an answer too; but a client that is owed an answer can still get one.
            if request.answer is not None and request.answer.released:
                request.outcome = request.outcome or "cut"
                request.client.cut()
            else:
                request.client.stop_reading()
        if all(request.app_code.landed for request in stuck):
            return  # they are cleaning up, perhaps in the database
        spared = {connection.fileno() for connection in list(self.loop.clients.values())}
        count = sockets.shut_down(spared)
        if count:
            log.warning(f"shut down {count} of the app's connections, so that those who wait at them wake up")

    def _give_up(self, request):
        request.given_up = True
        where = _place(request.thread)
        if request.answer is not None and request.answer.refuse():
            request.outcome = "answered 503 from outside"
        else:
            request.client.cut()
            request.outcome = "cut from outside"
        what = "is still cleaning up after its interrupt" if request.app_code.landed else "could not be interrupted"
        log.error(f"{request.line} {what}: it is {where}")

    def _leave(self, why):
        log.error(f"{why}, exit status {self.exit_status}")
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
        os._exit(self.exit_status)

    def _tell(self):
        status = f"draining: {self._count()}" if self.interrupted is None else f"interrupted: {self._count()} left"
        if self.finishing and self.waiting_for:
            status = f"draining: waiting for {self.waiting_for}"
        if status != self.status:
            self.status = status
            self.notifier.send(STATUS=status)

    def _count(self):
        count = len(self.requests.in_flight())
        return f"{count} request{'' if count == 1 else 's'} in flight"

    def _wake(self):
        try:
            os.write(self.signals.writer, b"\0")
        except BlockingIOError:
            pass


def _place(thread):
    """Where a thread is: the line of its own code, and the function that does not return."""
    frame = sys._current_frames().get(thread)
    if frame is None:
        return "gone"
    code = frame.f_code
    return f"at {code.co_filename}:{frame.f_lineno} in {code.co_name}"
