"""Says where an app hangs that does not become ready: just before systemd ends the worker for it."""
import faulthandler
import os
import sys
import threading
import time
import traceback

import _wsgictl_log as log
import _wsgictl_place as place


class Watch:
    def __init__(self, options, notifier):
        self.limit = options.ready_timeout
        self.notifier = notifier
        self.main = threading.main_thread().ident
        self.timer = None

    def start(self):
        if self.limit is None:
            return  # --check has another limit
        # systemd counts from the process's start: a slow interpreter is a part of it.
        left = self.limit - _age()
        early = min(1.0, self.limit / 10)
        delay = max(left - early, early)
        timer = threading.Timer(delay, self._tell)
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError:
            return  # no thread left: those of the worker will say so
        self.timer = timer
        # C code that keeps Python's lock stops every thread of Python's, but not this one.
        if log.journal is not None:
            faulthandler.dump_traceback_later(delay + early / 2, file=log.journal)

    def stop(self):
        if self.timer is not None:
            self.timer.cancel()
            faulthandler.cancel_dump_traceback_later()

    def _tell(self):
        faulthandler.cancel_dump_traceback_later()
        where = place.of_thread(self.main)
        log.text_block("".join(traceback.format_stack(sys._current_frames().get(self.main))))
        log.error(f"not ready, and soon ended for it: it is {where}")
        self.notifier.send(STATUS=log.brief(f"it was {where}"))


def _age():
    """For how many seconds this process has been there (proc(5): starttime)."""
    try:
        with open("/proc/self/stat", "rb") as file:
            started = int(file.read().rpartition(b")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started)
    except (OSError, ValueError, IndexError):
        return 0.0
