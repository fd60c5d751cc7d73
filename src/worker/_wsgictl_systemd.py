"""What a service and systemd say to each other: inherited sockets, notifications, the watchdog's time."""
import os
import socket

_FIRST = 3  # the number of the first inherited socket


def inherited_sockets(backlog):
    """The listening sockets that systemd passed on. All workers of the app share them."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    listeners = []
    for number in range(_FIRST, _FIRST + int(os.environ.get("LISTEN_FDS") or 0)):
        listener = socket.socket(fileno=number)
        listener.set_inheritable(False)
        # Another worker may be faster: accept() must then fail instead of waiting.
        listener.setblocking(False)
        listener.listen(backlog)
        if listener.family in (socket.AF_INET, socket.AF_INET6):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listeners.append(listener)
    return listeners


class Notifier:
    """Sends notifications. The variables are taken out of the environment: only the worker speaks for the unit."""

    def __init__(self):
        self.address = os.environ.pop("NOTIFY_SOCKET", None)
        usec = os.environ.pop("WATCHDOG_USEC", None)
        pid = os.environ.pop("WATCHDOG_PID", None)
        mine = pid is None or pid == str(os.getpid())
        self.watchdog = int(usec) / 1e6 if usec and mine else None
        self.socket = None
        if self.address:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            if self.address.startswith("@"):
                self.address = "\0" + self.address[1:]

    def send(self, **fields):
        """send(READY=1, STATUS="...")."""
        if self.socket is None:
            return
        message = "\n".join(f"{key}={value}" for key, value in fields.items())
        try:
            self.socket.sendto(message.encode(), self.address)
        except OSError:
            pass  # systemd restarts itself at times; a lost status is no reason to fail
