"""A connection that was accepted."""
import errno
import fcntl
import os
import select
import socket
import struct
import sys
import termios
import time

import _wsgictl_pace as paces

# How long to read from a client that goes on sending when its answer is complete, and how long to wait for more of it:
# as Apache does (MAX_SECS_TO_LINGER, SECONDS_TO_LINGER). A proxy that cannot get rid of a body tells its client nothing of
# the answer, but 502. In a hurry it is a second.
_LINGER = 30.0
_LINGER_SILENT = 2.0
_LINGER_HURRIED = 1.0

# Old versions of gunicorn ask again and again for the rest of a chunk when the client is gone.
_ENDS = 100

# What sendfile() says of a file that it cannot send.
_NO_SENDFILE = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


class Client(socket.socket):
    def __init__(self, accepted, options):
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        if self.gettimeout() is not None:
            self.settimeout(None)  # an app's socket.setdefaulttimeout() is for the connections that it makes itself
        # Until then its request must be here, to the last line of the head. It is one limit for the whole head, so
        # that one byte a second cannot hold a thread, or a drain, any longer.
        self.head_deadline = time.monotonic() + options.header_timeout
        self.has_waited = False
        self.body_left = None  # bytes of the body that nobody has read; None: not known
        self.received = self.sent = self.ends = 0
        self.reading = paces.Pace(options, select.POLLIN, "sent", Client._given)
        self.writing = paces.Pace(options, select.POLLOUT, "took", Client._taken)
        self.slow = None       # how it was too slow
        self.when_slow = None  # called with that
        self.lost = None       # the exception by which it is known that it went away
        self.hurried = False

    def recv(self, size, flags=0):
        try:
            if self.head_deadline is not None:
                return self._receive_head(size)
            if flags or self.gettimeout() is not None:
                return super().recv(size, flags)  # an app that looks after the connection by itself
            return self._receive(size)
        except (BlockingIOError, TimeoutError, socket.timeout):  # which is no TimeoutError before Python 3.10
            raise
        except OSError as error:
            self.lost = error
            raise

    def _receive_head(self, size):
        left = self.head_deadline - time.monotonic()
        if left <= 0:
            return self._head_is_late()
        if not self.has_waited:
            try:
                return super().recv(size, socket.MSG_DONTWAIT)  # as a rule it is here already
            except BlockingIOError:
                self.has_waited = True
        try:
            self.settimeout(left)
            return super().recv(size)
        except socket.timeout:
            return self._head_is_late()

    def _head_is_late(self):
        if self.body_left is None:
            self.body_left = 0  # nor is there an answer
        return b""  # to gunicorn it is a client that went away without a request

    def head_is_read(self):
        self.head_deadline = None
        if self.has_waited:
            self.settimeout(None)

    def request_ended(self, body_left):
        """Nothing but its close is left. An interrupt need not wait for that, as for a head, and there is nothing to recv(),
        which gunicorn 26 tries before it closes."""
        self.body_left = body_left
        self.head_deadline = time.monotonic()
        self.when_slow = self.lost = None

    def _receive(self, size):
        """A part of the body."""
        while True:
            self._refuse_slow()
            try:
                data = super().recv(size, socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait(self.reading)
                continue
            self.received += len(data)
            self.ends = 0 if data else self.ends + 1
            if self.ends > _ENDS:
                raise ConnectionResetError(errno.ECONNRESET, "the client went away within its request")
            return data

    def send(self, data, flags=0):
        while True:
            self._refuse_slow()
            try:
                count = super().send(data, flags | socket.MSG_DONTWAIT)
            except BlockingIOError:
                if self.gettimeout() == 0 or flags & socket.MSG_DONTWAIT:
                    raise  # gunicorn does not wait for one to whom it says that the request was faulty
                self._wait(self.writing)
                continue
            except OSError as error:
                self.lost = error
                raise
            self.sent += count
            return count

    def sendall(self, data, flags=0):
        left = memoryview(data)
        while left:
            left = left[self.send(left, flags):]

    def sendfile(self, file, offset=0, count=None):
        """As socket.sendfile(), which waits for a client for ever."""
        left = sys.maxsize if count is None else count
        begun = offset
        timeout = self.gettimeout()
        self.setblocking(False)
        try:
            while left > 0:
                self._refuse_slow()
                try:
                    sent = os.sendfile(self.fileno(), file.fileno(), offset, min(left, 1 << 30))
                except BlockingIOError:
                    self._wait(self.writing)
                    continue
                except OSError as error:
                    if isinstance(error, ConnectionError) or error.errno == errno.ENOTCONN:
                        self.lost = error  # otherwise it is the file that cannot be read
                    if offset > begun or error.errno not in _NO_SENDFILE:
                        raise
                    break
                if sent == 0:
                    return offset - begun
                self.sent += sent
                offset += sent
                left -= sent
        finally:
            self.settimeout(timeout)
        if hasattr(file, "seek"):
            file.seek(offset)
        while left > 0:
            data = file.read(min(left, 65536))
            if not data:
                break
            self.sendall(data)
            offset += len(data)
            left -= len(data)
        return offset - begun

    def _refuse_slow(self):
        if self.slow is not None:
            raise paces.Slow(self.slow)

    def _wait(self, pace):
        try:
            pace.wait(self)
        except paces.Slow as error:
            # For good: an app that does not mind the error must not take what is there for the whole of a body.
            self.slow = error.why
            if self.when_slow is not None:
                self.when_slow(error.why)
            raise

    def _given(self):
        return self.received

    def _taken(self):
        return self.sent - self._queued()

    def _queued(self):
        """Bytes that were sent and that the client has not taken. Over a unix socket it is the memory that they need, for
        small parts many times as much: what the buffer can be short of is not held against the client."""
        queued = struct.unpack("i", fcntl.ioctl(self, termios.TIOCOUTQ, bytes(4)))[0]
        if self.family != socket.AF_UNIX:
            return queued
        return queued - self.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)

    def stop_reading(self):
        """From any thread: whoever waits for more of the request gets its end."""
        self.hurried = True
        self._shutdown(socket.SHUT_RD)

    def cut(self):
        """From another thread: whoever sends to this client, or reads from it, stops."""
        self._shutdown(socket.SHUT_RDWR)

    def last_words(self, data):
        """From another thread: sends what fits into the socket's buffer, and ends the connection."""
        try:
            super().send(data, socket.MSG_DONTWAIT)
        except OSError:
            pass
        self.cut()

    def close(self):
        """Closes so that the answer arrives: a close with something left to read would reset the connection, and the
        client, which may still be sending, would lose its answer."""
        if self.body_left != 0:
            try:
                self.shutdown(socket.SHUT_WR)
                self._linger()
            except OSError:
                pass
        super().close()

    def _linger(self):
        began = time.monotonic()
        if self.body_left is None:
            self.hurried = True
            self.settimeout(0)
            super().recv(65536)  # raises where nothing came
        while True:
            left = began + (_LINGER_HURRIED if self.hurried else _LINGER) - time.monotonic()
            if left <= 0:
                return
            self.settimeout(min(left, _LINGER_SILENT))
            if not super().recv(65536):
                return

    def dup(self):
        """An ordinary socket: the original's way to make it takes other arguments."""
        copy = socket.socket(self.family, self.type, self.proto, fileno=os.dup(self.fileno()))
        copy.settimeout(self.gettimeout())
        return copy

    def _shutdown(self, how):
        try:
            self.shutdown(how)
        except OSError:
            pass  # it went away by itself
