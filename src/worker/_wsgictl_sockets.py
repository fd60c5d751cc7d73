"""Shuts down the process's connections to others: what waits for a database or an HTTP server in a thread gets an
error from it, and with that the interrupt which was sent to the thread."""
import os
import socket


def shut_down(spared):
    """All connected sockets but those with the numbers in `spared`. Returns how many."""
    count = 0
    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        if number > 2 and number not in spared and _shut_down(number):
            count += 1
    return count


def _shut_down(number):
    try:
        # A copy: the number itself stays the owner's, who may close it at any moment.
        with socket.socket(fileno=os.dup(number)) as connection:
            peer = connection.getpeername()
            if connection.family == socket.AF_UNIX and _is_log(connection, peer):
                return False
            connection.shutdown(socket.SHUT_RDWR)
            return True
    except OSError:
        return False  # no socket, not connected, or already gone


def _is_log(connection, peer):
    """The journal, syslog and systemd's notification socket are heard to the end."""
    return connection.type == socket.SOCK_DGRAM or (isinstance(peer, str) and peer.startswith("/run/systemd/"))
