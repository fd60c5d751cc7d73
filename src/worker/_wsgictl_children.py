"""Processes that the worker has started and that still run: those in its cgroup."""
import os
import sys
import time


def wait(told):
    """Returns when none is left. `told` gets them in words when they change."""
    last = None
    while True:
        pids = _others()
        if not pids:
            return
        if pids != last:
            told(_in_words(pids))
            last = pids
        time.sleep(0.1)


def _others():
    """Without those of multiprocessing, which wait for this process in their turn: Python itself ends or awaits them, each
    kind as documented, when the worker ends."""
    spared = {str(os.getpid()), *map(str, _multiprocessing())}
    return [pid for pid in _cgroup_processes() if pid not in spared]


def _multiprocessing():
    """The processes of multiprocessing and of libraries made after it (loky), and their helpers."""
    modules = dict(sys.modules)
    pids = []
    if "multiprocessing.process" in modules:
        try:
            pids += [child.pid for child in modules["multiprocessing.process"].active_children()]
        except Exception:
            pass  # a thread of the app is closing one: the next look will tell
    for name, module in modules.items():
        if name.endswith(".resource_tracker"):
            pids.append(getattr(getattr(module, "_resource_tracker", None), "_pid", None))
        elif name.endswith(".forkserver"):
            pids.append(getattr(getattr(module, "_forkserver", None), "_forkserver_pid", None))
    return [pid for pid in pids if pid]


def _in_words(pids):
    names = []
    for pid in pids[:5]:
        try:
            with open(f"/proc/{pid}/comm", errors="replace") as file:
                names.append(file.read().strip())
        except OSError:
            names.append(pid)
    more = f", and {len(pids) - 5} more" if len(pids) > 5 else ""
    return f"{len(pids)} child process{'' if len(pids) == 1 else 'es'} ({', '.join(names)}{more})"


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
