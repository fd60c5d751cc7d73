"""The requests in flight. `begin` and `end` are the only places where a request begins and ends."""
import threading
import time

import _wsgictl_interrupt as interrupt
import _wsgictl_log as log

_here = threading.local()


def current():
    """The request that this thread answers."""
    return getattr(_here, "request", None)


def interrupt_current(number, frame):
    """The signal handler with which another thread interrupts the app in the main thread. It may come too late."""
    request = current()
    if request is not None and request.asked is not None:
        request.app_code.ask()


class Request:
    def __init__(self, line, client, app_code, timeout):
        self.line = line          # "GET /path"
        self.client = client
        self.app_code = app_code  # its Interruptible
        self.thread = threading.get_ident()
        self.began = time.monotonic()
        self.deadline = None if timeout is None else self.began + timeout
        self.asked = None         # when it was interrupted
        self.refused = False      # answered from outside, as nothing else helped
        self.given_up = False     # nothing more will be tried
        self.answer = None        # its Answer, once the app is called
        self.values = {}          # variables that the proxy told
        self.outcome = None       # what became of it, if not an ordinary answer

    @property
    def age(self):
        return time.monotonic() - self.began


class Requests:
    def __init__(self, options):
        self.timeout = options.request_timeout
        self.threaded = options.threads > 1
        self.lock = threading.Lock()
        self.flying = {}
        self.begun = 0
        self.interrupting = False  # from now on no request gets to the app

    def begin(self, line, client):
        app_code = interrupt.PoolThread() if self.threaded else interrupt.MainThread()
        request = Request(line, client, app_code, self.timeout)
        with self.lock:
            self.begun += 1
            self.flying[request.thread] = request
            app_code.pending = self.interrupting
        _here.request = request
        return request

    def end(self, request):
        with self.lock:
            del self.flying[request.thread]
        _here.request = None
        if request.outcome:
            log.warning(f"interrupted after {request.age:.1f} s: {request.line} ({request.outcome})")

    def in_flight(self):
        with self.lock:
            return list(self.flying.values())
