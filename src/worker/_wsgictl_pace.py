"""How long a request waits for its client: reading a body, and writing an answer.

Only the client's own silence counts, not the time that the app takes: an app that computes for ten minutes, or sends
an event now and then, is waited for by its client, and not the other way round.
"""
import errno
import select
import time

# How often to look whether a client that takes an answer has taken any of it: at most so many seconds.
_LOOK = 1.0


class Slow(BrokenPipeError):
    """The client gives or takes too little: as if it had gone away, nothing more is sent to it."""

    def __init__(self, why):
        super().__init__(errno.EPIPE, why)
        self.why = why


class Pace:
    """One direction of one connection. `moved(client)` is the number of bytes that it has given or taken so far."""

    def __init__(self, options, event, verb, moved):
        self.idle = options.idle_timeout
        self.rate = options.min_rate
        self.event = event
        self.verb = verb
        self.moved = moved
        self.waited = 0.0

    def wait(self, client):
        """Returns when there may be something to read, or room to write. Raises Slow.

        A socket has room again only when much of it is: a client that takes little by little is seen by what is still
        queued for it.
        """
        poll = select.poll()
        poll.register(client, self.event)
        if self.idle is None:
            poll.poll()
            return
        began = last = time.monotonic()
        moved = self.moved(client)
        while True:
            ready = poll.poll(min(_LOOK, self.idle / 4) * 1000)
            now = time.monotonic()
            before, moved = moved, self.moved(client)
            if ready or moved != before:
                last = now
            if now - last >= self.idle:
                raise Slow(f"the client {self.verb} nothing for {self.idle:g} s")
            waited = self.waited + now - began
            if self.rate is not None and waited > self.idle + max(0, moved) / self.rate:
                raise Slow(f"the client {self.verb} less than {self.rate} bytes a second")
            if ready:
                self.waited = waited
                return
