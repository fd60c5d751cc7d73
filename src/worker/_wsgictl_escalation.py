"""The steps against app code that does not react to its interrupt, one after the other.

After a second the app's connections are shut down, which wakes whoever waits at one of them. After two the client is
answered from outside, and the log says what could not be interrupted and where it is. When nothing but such requests
is left for interrupt-timeout, the process goes.
"""
import time

import _wsgictl_log as log
import _wsgictl_place as place
import _wsgictl_sockets as sockets


class Escalation:
    def __init__(self, options, requests, loop):
        self.requests = requests
        self.loop = loop
        self.last_step = options.interrupt_timeout
        # A short interrupt-timeout makes the steps shorter.
        self.shut_after = min(1.0, self.last_step / 2)
        self.give_up_after = min(2.0, self.last_step * 0.8)
        self.sockets_shut = False

    def step(self, everybody):
        """`everybody`: all requests were interrupted, not one of them by its deadline. True when it is time to go."""
        now = time.monotonic()
        flying = self.requests.in_flight()
        stuck = [request for request in flying if request.asked is not None]
        others = len(flying) > len(stuck) or self.loop.clients.keys() - {request.thread for request in stuck}
        # A connection may be another request's: as long as there is one, which was not interrupted, all stay.
        if (everybody or not others) and not self.sockets_shut and any(now - request.asked >= self.shut_after for request in stuck):
            self._shut_sockets(stuck)
        for request in stuck:
            if now - request.asked >= self.give_up_after and not request.given_up:
                self._give_up(request)
        return bool(stuck) and not others and all(now - request.asked >= self.last_step for request in stuck)

    def _shut_sockets(self, stuck):
        self.sockets_shut = True
        for request in stuck:
            # Reading a body ends, sending an answer too; but a client that is owed an answer can still get one.
            if request.answer is not None and request.answer.released:
                request.outcome = request.outcome or "cut"
                request.client.cut()
            else:
                request.client.stop_reading()
        if all(request.app_code.landed for request in stuck):
            return  # they are cleaning up, perhaps in the database
        count = sockets.shut_down(spared={client.fileno() for client in list(self.loop.clients.values())})
        if count:
            log.warning(f"shut down {count} of the app's connections, so that those who wait at them wake up")

    def _give_up(self, request):
        request.given_up = True
        where = place.of_thread(request.thread)
        if request.answer is not None and request.answer.refuse():
            request.outcome = "answered 503 from outside"
        else:
            request.outcome = request.outcome or "cut from outside"
            request.client.cut()
        what = "is still cleaning up after its interrupt" if request.app_code.landed else "could not be interrupted"
        log.error(f"{request.line} {what}: it is {where}")
