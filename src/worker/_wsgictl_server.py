"""What the hooks of gunicorn.conf.py get as `server`, and the order in which gunicorn calls them.

There is no arbiter: the hooks of the arbiter run in the worker, each once.
"""
import os
import sys
import traceback

import _wsgictl_log as log


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
        self.START_CTX = {"args": [sys.executable, *sys.argv], "cwd": os.getcwd(), 0: sys.executable}

    def starting(self):
        self.cfg.on_starting(self)
        self.cfg.when_ready(self)

    def forking(self, worker):
        self.worker_class = type(worker)
        self.WORKERS[self.pid] = worker
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
        self._try(self.cfg.on_exit)

    def _try(self, hook, *arguments):
        try:
            hook(self, *arguments)
        except Exception as error:
            traceback.print_exc()
            log.warning(f"the hook {getattr(hook, '__name__', hook)} of gunicorn.conf.py failed: {error!r}")
