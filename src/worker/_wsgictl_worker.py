"""gunicorn's sync worker, of which only the handling of one connection is used: no arbiter, no loop, no signals."""
import os
import random
import sys

from gunicorn import util
from gunicorn.workers.sync import SyncWorker

import _wsgictl_answer as answer
import _wsgictl_environ as environs
import _wsgictl_headers as headers
import _wsgictl_proof as proofs


class Worker(SyncWorker):
    def __init__(self, options, configuration, log, listeners, requests):
        # The timeout would be the arbiter's.
        super().__init__(1, os.getppid(), listeners, configuration, 0, configuration.cfg, log)
        self.pid = os.getpid()
        self.max_requests = sys.maxsize  # gunicorn's own count is not made for threads
        self.last_request = _limit(options)
        self.retire = None  # called with a reason when the worker has done its share
        self.options = options
        self.requests = requests
        self.environ = environs.Environ(options)
        self.proof = proofs.Proof(options)

    def load(self, app):
        self.wsgi = answer.Guard(app, self.options.threads > 1, self.environ)

    def handle_request(self, listener, req, client, addr):
        client.head_is_read()
        if not self.proof.holds(req.headers):
            self.proof.complain(f"{req.method} {req.path}")
            util.write_error(client, 400, "Bad Request", "This request did not come through the proxy.")
            return
        if self.options.header_map == "drop":
            req.headers = headers.trusted(req.headers)
        values, req.headers = self.environ.take(req.headers)
        request = self.requests.begin(f"{req.method} {req.path}", client)
        request.values = values
        client.when_slow = lambda why: answer.too_slow(request, why)
        if self.last_request is not None and self.requests.begun >= self.last_request:
            self.retire("max-requests")
        try:
            super().handle_request(listener, req, client, addr)
        finally:
            # A body of a known length counts down; a chunked one does not, nor does another version's, perhaps.
            client.body_left = getattr(getattr(req.body, "reader", None), "length", None)
            self.requests.end(request)
            if not self.alive:  # hooks set it, to be replaced: when they use too much memory, say
                self.retire("worker.alive")


def _limit(options):
    if options.max_requests is None:
        return None
    return options.max_requests + random.randint(0, options.max_requests_jitter)
