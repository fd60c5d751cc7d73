"""gunicorn's sync worker, of which only the handling of one connection is used: no arbiter, no loop, no signals."""
import errno
import os
import random
import socket
import sys

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.sync import SyncWorker

import _wsgictl_answer as answer
import _wsgictl_environ as environs
import _wsgictl_headers as headers
import _wsgictl_interrupt as interrupt
import _wsgictl_pace as paces
import _wsgictl_proof as proofs


class _Named:
    """A listening socket, of which gunicorn takes SERVER_NAME and SERVER_PORT. It knows only paths without a colon."""

    def __init__(self, name):
        self.getsockname = lambda: name


class Worker(SyncWorker):
    def __init__(self, options, configuration, log, listeners, requests):
        # The timeout would be the arbiter's.
        super().__init__(1, os.getppid(), listeners, configuration, 0, configuration.cfg, log)
        self.pid = os.getpid()
        self.max_requests = sys.maxsize  # gunicorn's own count is not made for threads
        self.last_request = _limit(options)
        self.retire = None  # called with a reason when the worker has done its share
        self.options = options
        self.requests = requests
        self.environ = environs.Environ(options)
        self.proof = proofs.Proof(options)

    def load(self, app):
        self.wsgi = answer.Guard(app, self.options.threads > 1, self.environ, self.cfg.sendfile is not False)

    def handle_request(self, listener, req, client, addr):
        client.head_is_read()
        if not self.proof.holds(req.headers):
            self.proof.complain(f"{req.method} {req.path}")
            util.write_error(client, 400, "Bad Request", "This request did not come through the proxy.")
            return
        if self.options.header_map == "drop":
            req.headers = headers.trusted(req.headers)
        values, req.headers = self.environ.take(req.headers)
        request = self.requests.begin(f"{req.method} {req.path}", client)
        request.values = values
        client.when_slow = lambda why: answer.too_slow(request, why)
        if self.last_request is not None and self.requests.begun >= self.last_request:
            self.retire("max-requests")
        if listener.family == socket.AF_UNIX:
            listener = _Named(environs.server(req.headers, req.scheme))
        try:
            super().handle_request(listener, req, client, addr)
        except BaseException as error:
            if self._is_plain(error, request):
                raise
            raise self._translated(error, request, req) from error
        finally:
            client.request_ended(_body_left(req))
            self.requests.end(request)
            if self.requests.interrupting:
                client.stop_reading()
            if not self.alive:  # hooks set it, to be replaced: when they use too much memory, say
                self.retire("worker.alive")

    def _is_plain(self, error, request):
        """Whether gunicorn, of any version, takes an exception for what it is.

        By the class alone it would take an OSError of the app for a client that went away, and other classes for a fault of
        the request; it knows nothing of what the app itself has sent through the socket.
        """
        begun = request.answer is not None and request.answer.begun
        if isinstance(error, interrupt.Interrupted):
            return True
        if isinstance(error, StopIteration):
            return begun  # gunicorn has logged it, and cut
        if isinstance(error, errors.NoMoreData):
            return request.client.ends > 0
        if not isinstance(error, Exception) or isinstance(error, OSError):
            return False
        # Before the app is called it is gunicorn that finds faults of the request.
        return not begun and (request.answer is None or not isinstance(error, errors.ParseException))

    def _translated(self, error, request, req):
        """What has gunicorn answer 500 and log the traceback, or cut."""
        client = request.client
        if error is client.lost or isinstance(error, (answer.Cut, paces.Slow)):
            return BrokenPipeError(errno.EPIPE, "the client went away")
        if request.answer is None or not request.answer.begun:
            return answer.AppFailure(f"an answer ended with {type(error).__name__}")
        if not isinstance(error, answer.AppStop):  # by which an app says that it has answered through the socket
            self.log.error("Error handling request %s", req.uri, exc_info=error)
            client.cut()
        return StopIteration()


def _body_left(req):
    """Bytes of a body that nobody has read, or more than 0; None: not known."""
    reader = getattr(req.body, "reader", None)
    if hasattr(reader, "length"):
        return reader.length  # it counts down
    if hasattr(reader, "parser"):
        return 0 if reader.parser is None else 1  # of chunks: their end was seen
    return None


def _limit(options):
    if options.max_requests is None:
        return None
    return options.max_requests + random.randint(0, options.max_requests_jitter)
