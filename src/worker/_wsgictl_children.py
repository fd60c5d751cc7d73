"""Processes that the worker has started and that still run: those in its cgroup."""
import os
import time


def wait(told):
    """Returns when none is left. `told` gets their number when it changes."""
    last = None
    while True:
        count = len(_others())
        if count != last:
            told(count)
            last = count
        if count == 0:
            return
        time.sleep(0.1)


def _others():
    _reap()
    me = str(os.getpid())
    return [pid for pid in _cgroup_processes() if pid != me]


def _reap():
    """Ended children of which nobody has asked the status do not count."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def _cgroup_processes():
    with open("/proc/self/cgroup") as file:
        for line in file:
            hierarchy, controllers, path = line.rstrip("\n").split(":", 2)
            if hierarchy == "0" and controllers == "":
                break
        else:
            return []
    # The second one is where cgroup2 is on a system that also has cgroup1.
    for mount in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        try:
            with open(f"{mount}{path}/cgroup.procs") as file:
                return file.read().split()
        except OSError:
            continue
    return []
