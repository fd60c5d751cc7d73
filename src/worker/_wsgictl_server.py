"""What the hooks of gunicorn.conf.py get as `server`, and the order in which gunicorn calls them.

There is no arbiter. What gunicorn calls for each worker runs in that worker, each once; what it calls once for a server
(on_starting, when_ready, on_exit) is not called: in a worker it would undo what the others are using.
"""
import copy
import os
import sys

import _wsgictl_log as log
import _wsgictl_roster as rosters


class Server:
    """Stands in for gunicorn's arbiter: what hooks look at is there, and nothing can be done with it."""

    def __init__(self, configuration, gunicorn_log, listeners):
        self.app = configuration
        self.cfg = configuration.cfg
        self.log = gunicorn_log
        self.pid = os.getpid()
        self.master_pid = 0
        self.reexec_pid = 0
        self.master_name = "Master"
        self.proc_name = self.cfg.proc_name
        self.address = self.cfg.address
        self.num_workers = self.cfg.workers
        self.timeout = self.cfg.timeout
        self.worker_age = 1
        self.worker_class = None
        self.systemd = True
        self.LISTENERS = listeners
        self.WORKERS = {}
        # gunicorn calls child_exit however a worker ended. A killed one cannot, so the next one does it for it.
        self.roster = rosters.Roster(configuration.options.app) if "child_exit" in configuration.given else None
        self.START_CTX = {"args": [sys.executable, *sys.argv], "cwd": os.getcwd(), 0: sys.executable}

    def forking(self, worker):
        self.worker_class = type(worker)
        self.WORKERS[self.pid] = worker
        if self.roster is not None:
            self.roster.enter()
            self._bury(worker)
        self.cfg.pre_fork(self, worker)
        self.cfg.post_fork(self, worker)

    def initialised(self, worker):
        self.cfg.post_worker_init(worker)
        worker.booted = True

    def exiting(self, worker):
        """One hook that fails keeps none of the others from running."""
        self._try(self.cfg.worker_exit, worker)
        self.WORKERS.clear()
        self._try(self.cfg.child_exit, worker)
        if self.roster is not None:
            self._bury(worker)
            self.roster.leave()

    def _bury(self, worker):
        for pid in self.roster.dead():
            other = copy.copy(worker)
            other.pid = pid
            self._try(self.cfg.child_exit, other)

    def _try(self, hook, *arguments):
        try:
            hook(self, *arguments)
        except (Exception, SystemExit) as error:
            log.trace(error)
            log.warning(f"the hook {getattr(hook, '__name__', hook)} of gunicorn.conf.py failed: {error!r}")
