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
    me = str(os.getpid())
    return [pid for pid in _cgroup_processes() if pid != me]


def _cgroup_processes():
    """Without those that have ended, even if nobody has asked for their status: the kernel leaves them out."""
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
