"""A connection that was accepted."""
import socket
import time

# How long, and how much, to read from a client that is still sending when its answer is complete.
_LINGER = 1.0
_LINGER_BYTES = 1 << 20


class Client(socket.socket):
    def __init__(self, accepted, header_timeout):
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        # Until then its request must be here, to the last line of the head. It is one limit for the whole head, so
        # that one byte a second cannot hold a thread, or a drain, any longer.
        self.head_deadline = time.monotonic() + header_timeout
        self.has_waited = False
        self.body_left = None  # bytes of the body that nobody has read; None: not known

    def recv(self, size):
        if self.head_deadline is None:
            return super().recv(size)
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
