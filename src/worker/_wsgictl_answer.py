"""Between gunicorn and the app: runs the app's code so that it can be interrupted, and answers for it if it was.

The head of the app's answer is held back until the first byte of a body. Until then an interrupted request is answered
with 503; after that the connection is cut, and nothing is appended to what the client has.
"""
import errno
import os
import threading
import traceback
import weakref

from gunicorn.http.wsgi import FileWrapper

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
    """Ends a begun answer: as if the client had gone away, nothing more is sent to it."""

    def __init__(self):
        super().__init__(errno.EPIPE, "cut by an interrupt")


class AppFailure(Exception):
    """The app raised what gunicorn would take for something else: that request's failure, and nothing more."""


class AppStop(AppFailure):
    """The app raised StopIteration, which would end a loop of ours."""


class Guard:
    """The WSGI app that gunicorn sees."""

    def __init__(self, app, threaded, environ, sendfile):
        self.app = app
        self.threaded = threaded
        self.environ = environ
        self.sendfile = sendfile

    def __call__(self, environ, start_response):
        environ["wsgi.multithread"] = self.threaded
        request = requests.current()
        if not self.environ.complete(environ, request.values):
            return _not_found(environ["REQUEST_METHOD"], start_response)
        answer = request.answer = Answer(request, start_response)
        # The app may do with its environ what it likes; gunicorn goes on with its own.
        given = environ.copy()
        try:
            result = _call(request, self.app, given, answer.start)
            if type(result) in (list, tuple) and all(isinstance(chunk, bytes) for chunk in result):
                answer.release()
                return result  # the app has nothing more to do
            body = Body(request, answer, result, environ, given)
            return self._file(body, result) or body
        except interrupt.Interrupted:
            return answer.give_up(environ["REQUEST_METHOD"])
        finally:
            _tell(environ, given)

    def _file(self, body, result):
        """The body as gunicorn sends it by sendfile(); None where it cannot, or it is no file."""
        if not self.sendfile or not issubclass(type(result), FileWrapper):
            return None
        try:
            if not _call(body.request, _has_bytes, result):
                return None
            body.answer.release()
            return File(body, result.filelike)
        except BaseException:
            body.close()
            raise


class Answer:
    """The head of an answer, until it is released or refused: never both, whoever comes first."""

    def __init__(self, request, start_response):
        self.request = weakref.proxy(request)  # which has this answer: no cycle, which would be left to the collector
        self.start_response = start_response
        self.lock = threading.Lock()
        self.sent_before = request.client.sent
        self.write_body = None  # of gunicorn, once it has a head
        self.released = False

    @property
    def begun(self):
        """Whether the client has some of it, be it only what the app has sent through the socket by itself."""
        return self.request.client.sent > self.sent_before

    def start(self, status, headers, exc_info=None):
        """The app's start_response. What is wrong with the head is raised in here, as gunicorn does it."""
        if exc_info:
            try:
                if self.released:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.write_body is not None:
            raise AssertionError("start_response was called twice")
        self._start(status, headers)
        return self.write

    def _start(self, status, headers):
        response = self.start_response.__self__
        if response.status is not None:
            # It keeps the headers of the head before.
            response.__init__(response.req, response.sock, response.cfg)
            response.force_close()
        self.write_body = None
        self.write_body = self.start_response(status, headers)

    def write(self, data):
        """What start_response returns: sends a part of the body. The app calls it, but it is not app code."""
        _check(data)
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
        if self.write_body is None:
            raise AssertionError("the app did not call start_response")
        with self.lock:
            if self.request.refused:
                raise Cut
            self.released = True

    def give_up(self, method):
        """The body of an answer to a request that was interrupted."""
        if self.released:
            self.request.outcome = "cut"
            raise Cut
        self._start(_STATUS, _HEADERS)
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

    def __init__(self, request, answer, result, environ, given):
        self.request = request
        self.answer = answer
        self.result = result
        self.environ = environ
        self.given = given
        self.iterator = None

    def __iter__(self):
        return self

    def __next__(self):
        try:
            if self.iterator is None:
                self.iterator = _call(self.request, iter, self.result)
            chunk = self._next()
            while not chunk and not self.answer.released:
                chunk = self._next()  # nothing yet that a head must precede
        except interrupt.Interrupted:
            self.iterator = iter(self.answer.give_up(self.environ["REQUEST_METHOD"]))
            chunk = next(self.iterator, _END)
        if chunk is not _END:
            self.answer.release()
            return chunk
        if not self.answer.released:
            self.answer.release()
        raise StopIteration

    def _next(self):
        chunk = _call(self.request, next, self.iterator, _END)
        return chunk if chunk is _END else _check(chunk)

    def close(self):
        try:
            _call(self.request, _close, self.result, always=True)
        except interrupt.Interrupted:
            self.request.outcome = self.request.outcome or "in close(), after its answer"
        finally:
            _tell(self.environ, self.given)


class File(FileWrapper):
    """A body that gunicorn sends by sendfile()."""

    def __init__(self, body, filelike):
        super().__init__(filelike)
        self.close = body.close


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


def _check(chunk):
    if not isinstance(chunk, bytes):
        raise TypeError(f"a part of the body is of type {type(chunk).__name__}, not bytes")
    return chunk


def _has_bytes(wrapper):
    """Whether something of its file can be sent by the number: not of a pipe, nor of what only seems to be a file."""
    try:
        number = wrapper.filelike.fileno()
        return os.fstat(number).st_size > os.lseek(number, 0, os.SEEK_CUR)
    except Exception:
        return False


def _close(result):
    close = getattr(result, "close", None)
    if close is not None:
        close()


def _tell(environ, given):
    """gunicorn's access log and post_request hooks are told what the app has put into its environ, but for the parts by
    which gunicorn itself works."""
    for name, value in list(given.items()):  # a thread of the app may still write there
        if name not in environ or issubclass(type(value), str) and isinstance(environ[name], str):
            environ[name] = value


def _call(request, function, *args, always=False):
    app_code = request.app_code
    try:
        return app_code.call(function, *args, always=always)
    except interrupt.Interrupted:
        raise
    except BaseException as error:
        # A failure in the app's own clean-up is still the interrupt's work.
        if app_code.landed:
            # Not by repr(), which is the app's own.
            what = "".join(traceback.format_exception_only(type(error), error))
            log.warning(f"{request.line}: interrupted, and then {what}")
            raise interrupt.Interrupted from error
        if isinstance(error, StopIteration):
            raise AppStop("the app raised StopIteration") from error
        raise
