"""Accepts connections and answers them, until it is told to stop.

A connection is accepted by the thread that will answer it, and only when that thread has nothing else to do: what
waits, waits in the kernel's queue, from which the app's other workers, and those of the next generation, take it too.
So nothing that was accepted is ever dropped.
"""
import errno
import os
import select
import socket
import threading
import time
import traceback
from collections import deque

import _wsgictl_client as client
import _wsgictl_exits as exits
import _wsgictl_interrupt as interrupt
import _wsgictl_log as log


# What poll() says of a socket that no connection will ever come from. After a shutdown(SHUT_RD) of a Unix socket, accept()
# goes on saying that nobody is there.
_GONE = select.POLLHUP | select.POLLRDHUP | select.POLLERR | select.POLLNVAL
_NOT_OURS = {errno.EBADF, errno.ENOTSOCK, errno.EINVAL, errno.EOPNOTSUPP}


def is_shut(listener):
    poll = select.poll()
    poll.register(listener, select.POLLRDHUP)
    return bool(poll.poll(0))


def finish_shutdown(listener):
    """Whoever shut it down did so for all processes that have it, systemd among them. Half a shutdown is what systemd would
    take for a connection that waits, over and over; at a whole one it gives the socket up."""
    try:
        listener.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class Loop:
    def __init__(self, options, listeners, worker, between):
        self.options = options
        self.listeners = deque(listeners)
        self.worker = worker
        self.between = between  # called after each connection
        self.retire = None      # called with a reason and an exit status when there is nothing to accept from any more
        self.turn = threading.Lock()
        self.clients = {}       # thread -> the connection that it has
        # Readable for ever once something is in it, which nobody reads: the end reaches every thread that waits, and those
        # that come later. Not by closing it: a child that the app has forked would still hold the other end.
        self.stop_reader, self.stop_writer = os.pipe()
        self.stopped = False
        self.poll = select.poll()
        self.poll.register(self.stop_reader, select.POLLIN)
        for listener in listeners:
            self.poll.register(listener, select.POLLIN | select.POLLRDHUP)
        self.files = {listener: os.fstat(listener.fileno()).st_ino for listener in listeners}

    def stop(self):
        """From any thread: no connection is accepted any more."""
        if not self.stopped:
            self.stopped = True
            try:
                os.write(self.stop_writer, b"\0")
            except OSError:
                pass  # an app that closes whatever it finds is about to lose this process anyway

    def hold(self, seconds):
        """Returns after that time, or as soon as there is nothing to accept for any more."""
        end = select.poll()
        end.register(self.stop_reader, select.POLLIN)
        end.poll(seconds * 1000)

    def run(self):
        """One thread's work. Several threads may run it; one waits at the sockets, the others for their turn."""
        while True:
            with self.turn:
                accepted = self._accept()
            if accepted is None:
                return
            self._answer(*accepted)
            self.between()

    def _answer(self, listener, connection, address):
        thread = threading.get_ident()
        self.clients[thread] = connection
        try:
            self.worker.handle(listener, connection, address)
        except interrupt.Interrupted:
            connection.close()  # it should not get here; if it does, the process is about to end anyway
        except BaseException:
            # Whatever it was: this thread has others to answer.
            log.error(f"a connection ended with a fault of wsgictl: {traceback.format_exc()}")
            connection.close()
        finally:
            self.clients.pop(thread, None)

    def _accept(self):
        while not self.stopped:
            # Not always the same one first: none of them waits for ever.
            self.listeners.rotate(1)
            for listener in self.listeners:
                try:
                    accepted, address = listener.accept()
                except (BlockingIOError, InterruptedError, ConnectionError):
                    continue  # nobody is there, or not any more
                except OSError as error:
                    if error.errno in _NOT_OURS:
                        self._lost(listener)
                        return None
                    # No file descriptor or memory left: it can pass, and others may have some.
                    log.error(f"cannot accept a connection: {error}")
                    time.sleep(0.2)
                    continue
                if listener.family == socket.AF_UNIX:
                    address = ""  # it would be a name of the client's own choice, of any bytes
                return listener, client.Client(accepted, self.options), address
            gone = {number for number, events in self.poll.poll() if events & _GONE}
            for listener in self.listeners:
                if listener.fileno() in gone and not self.stopped:
                    self._lost(listener)
        return None

    def _lost(self, listener):
        try:
            still_ours = os.fstat(listener.fileno()).st_ino == self.files[listener]
        except OSError:
            still_ours = False
        if still_ours:
            finish_shutdown(listener)
            self.retire("its socket was shut down, so that nobody can connect any more", exits.NO_SOCKET)
        else:
            self.retire("the app has closed or replaced the socket in this process", exits.SOCKET_LOST)
