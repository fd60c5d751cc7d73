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

# How long, and how much, to read from a client that is still sending when its answer is complete.
_LINGER = 1.0
_LINGER_BYTES = 1 << 20

# Old versions of gunicorn ask again and again for the rest of a chunk when the client is gone.
_ENDS = 100

# What sendfile() says of a file that it cannot send.
_NO_SENDFILE = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


class Client(socket.socket):
    def __init__(self, accepted, options):
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        # Until then its request must be here, to the last line of the head. It is one limit for the whole head, so
        # that one byte a second cannot hold a thread, or a drain, any longer.
        self.head_deadline = time.monotonic() + options.header_timeout
        self.has_waited = False
        self.body_left = None  # bytes of the body that nobody has read; None: not known
        self.received = self.sent = self.ends = 0
        self.reading = paces.Pace(options, select.POLLIN, "sent", lambda: self.received)
        self.writing = paces.Pace(options, select.POLLOUT, "took", lambda: self.sent - self._queued())
        self.slow = None       # how it was too slow
        self.when_slow = None  # called with that

    def recv(self, size):
        if self.head_deadline is None:
            return self._receive(size)
        if not self.has_waited:
            try:
                return super().recv(size, socket.MSG_DONTWAIT)  # as a rule it is here already
            except BlockingIOError:
                self.has_waited = True
        try:
            self.settimeout(max(self.head_deadline - time.monotonic(), 0.001))
            return super().recv(size)
        except TimeoutError:
            return b""  # to gunicorn it is a client that went away without a request

    def head_is_read(self):
        self.head_deadline = None
        if self.has_waited:
            self.settimeout(None)

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
                if self.gettimeout() == 0:
                    raise  # gunicorn does not wait for one to whom it says that the request was faulty
                self._wait(self.writing)
                continue
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

    def _queued(self):
        """Bytes that were sent and that the client has not taken. Over a unix socket it is the memory that they need, for
        small parts many times as much: what the buffer can be short of is not held against the client."""
        queued = struct.unpack("i", fcntl.ioctl(self, termios.TIOCOUTQ, bytes(4)))[0]
        if self.family != socket.AF_UNIX:
            return queued
        return queued - self.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)

    def stop_reading(self):
        """From another thread: whoever waits for more of the request gets its end."""
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
        left = _LINGER_BYTES
        until = time.monotonic() + _LINGER
        if self.body_left is None:
            self.settimeout(0)
            left -= len(super().recv(65536))  # raises where nothing came
        while left > 0:
            self.settimeout(max(until - time.monotonic(), 0.001))
            data = super().recv(65536)
            if not data:
                return
            left -= len(data)

    def _shutdown(self, how):
        try:
            self.shutdown(how)
        except OSError:
            pass  # it went away by itself
