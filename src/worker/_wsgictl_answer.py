"""Between gunicorn and the app: runs the app's code so that it can be interrupted, and answers for it if it was.

The app's start_response is held back until the first byte of a body. Until then an interrupted request is answered
with 503; after that the connection is cut, and nothing is appended to what the client has.
"""
import errno
import threading

from gunicorn import util

import _wsgictl_interrupt as interrupt
import _wsgictl_log as log
import _wsgictl_request as requests

_END = object()
_STATUS = "503 Service Unavailable"
_TEXT = b"Service Unavailable: the server gave up on this request. Please try again.\n"
_HEADERS = [("Content-Type", "text/plain"), ("Content-Length", str(len(_TEXT))), ("Retry-After", "1")]
_SLOW_TEXT = b"Request Timeout: the rest of this request did not come in time.\n"
_NOT_FOUND_TEXT = b"Not Found\n"


class Cut(BrokenPipeError):
    """Ends a begun answer. gunicorn takes it for a client that went away: it closes, and sends nothing more."""

    def __init__(self):
        super().__init__(errno.EPIPE, "cut by an interrupt")


class AppExit(Exception):
    """The app called sys.exit() in a request: that request's failure, not the end of the worker."""


class Guard:
    """The WSGI app that gunicorn sees."""

    def __init__(self, app, threaded, environ):
        self.app = app
        self.threaded = threaded
        self.environ = environ

    def __call__(self, environ, start_response):
        environ["wsgi.multithread"] = self.threaded
        request = requests.current()
        if not self.environ.complete(environ, request.values):
            return _not_found(environ["REQUEST_METHOD"], start_response)
        answer = request.answer = Answer(request, start_response)
        try:
            result = _call(request, self.app, environ, answer.start)
        except interrupt.Interrupted:
            return answer.give_up(environ["REQUEST_METHOD"])
        if isinstance(result, environ["wsgi.file_wrapper"]) and util.has_fileno(result.filelike):
            answer.release()
            return result  # as it is: gunicorn sends the file with sendfile()
        if type(result) in (list, tuple):
            answer.release()
            return result  # the app has nothing more to do
        return Body(request, answer, result, environ["REQUEST_METHOD"])


class Answer:
    """The head of an answer, until it is released or refused: never both, whoever comes first."""

    def __init__(self, request, start_response):
        self.request = request
        self.start_response = start_response
        self.lock = threading.Lock()
        self.status = None
        self.headers = None
        self.released = False
        self.write_body = None

    def start(self, status, headers, exc_info=None):
        """The app's start_response."""
        if exc_info:
            try:
                if self.released:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.status is not None:
            raise AssertionError("start_response was called twice")
        self.status, self.headers = status, list(headers)
        return self.write

    def write(self, data):
        """What start_response returns: sends a part of the body. The app calls it, but it is not app code."""
        self.request.app_code.disarm()
        try:
            self.release()
            self.write_body(data)
        finally:
            self.request.app_code.rearm()

    def release(self):
        """gunicorn may send the head from now on."""
        if self.released:
            return
        if self.status is None:
            raise AssertionError("the app did not call start_response")
        with self.lock:
            if self.request.refused:
                raise Cut
            self.released = True
        self.write_body = self.start_response(self.status, self.headers)

    def give_up(self, method):
        """The body of an answer to a request that was interrupted."""
        if self.released:
            self.request.outcome = "cut"
            raise Cut
        self.status, self.headers = _STATUS, _HEADERS
        self.release()
        self.request.outcome = "answered 503"
        return [] if method == "HEAD" else [_TEXT]

    def refuse(self, status=_STATUS, text=_TEXT, headers=_HEADERS):
        """Answers for app code that does not react, or that waits for its client, if nothing of its answer was sent."""
        with self.lock:
            if self.released or self.request.refused:
                return False
            self.request.refused = True
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.request.client.last_words(f"HTTP/1.1 {status}\r\n{head}Connection: close\r\n\r\n".encode() + text)
        return True


class Body:
    """The app's result."""

    def __init__(self, request, answer, result, method):
        self.request = request
        self.answer = answer
        self.result = result
        self.method = method
        self.iterator = None

    def __iter__(self):
        return self

    def __next__(self):
        try:
            if self.iterator is None:
                self.iterator = _call(self.request, iter, self.result)
            chunk = _call(self.request, next, self.iterator, _END)
            while not chunk and not self.answer.released:
                chunk = _call(self.request, next, self.iterator, _END)  # nothing yet that a head must precede
        except interrupt.Interrupted:
            self.iterator = iter(self.answer.give_up(self.method))
            chunk = next(self.iterator, _END)
        if chunk is not _END:
            self.answer.release()
            return chunk
        if not self.answer.released:
            self.answer.release()
        raise StopIteration

    def close(self):
        if not hasattr(self.result, "close"):
            return
        try:
            _call(self.request, self.result.close, always=True)
        except interrupt.Interrupted:
            self.request.outcome = self.request.outcome or "in close(), after its answer"


def too_slow(request, why):
    """Ends a request whose client gives or takes too little."""
    if request.answer is not None and request.answer.refuse("408 Request Timeout", _SLOW_TEXT, _text_headers(_SLOW_TEXT)):
        end = "answered 408"
    else:
        request.client.cut()
        end = "cut"
    log.warning(f"{request.line}: {why}: {end}")


def _not_found(method, start_response):
    """For a path that is not this app's: nginx compares a path that it has tidied up, and hands on the raw one."""
    start_response("404 Not Found", _text_headers(_NOT_FOUND_TEXT))
    return [] if method == "HEAD" else [_NOT_FOUND_TEXT]


def _text_headers(text):
    return [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))]


def _call(request, function, *args, always=False):
    app_code = request.app_code
    try:
        return app_code.call(function, *args, always=always)
    except interrupt.Interrupted:
        raise
    except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
        raise AppExit(f"the app raised {error!r}") from error
    except Exception as error:
        # A failure in the app's own clean-up is still the interrupt's work.
        if not app_code.landed:
            raise
        log.warning(f"{request.line}: interrupted, and then {error!r}")
        raise interrupt.Interrupted from error
