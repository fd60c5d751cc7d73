"""Interrupts at random moments: `python worker-interrupt.py RUNNER-DIRECTORY SECONDS`.

Whenever it comes, the exception is either raised by call(), or left for the next one; it never comes up outside of it,
what the app returned is never lost, and no thread waits for ever.
"""
import random
import signal
import sys
import threading
import time

sys.path.insert(0, sys.argv[1])
import _wsgictl_interrupt as interrupt

SECONDS = float(sys.argv[2])
counts = {"calls": 0, "raised": 0, "asked": 0, "left": 0}


made = [0]  # how often the app came as far as to return something, whose close() must then be called


def app(work):
    end = time.perf_counter() + work
    while time.perf_counter() < end:
        pass
    made[0] += 1
    return made


def one_call(code, work):
    before = made[0]
    counts["calls"] += 1
    try:
        code.call(app, work)
    except interrupt.Interrupted:
        counts["raised"] += 1
        assert made[0] == before, "the app had returned, and its result is lost"
    # Here it must not come: this stands for gunicorn's code.
    for _ in range(20):
        pass
    if code.pending:
        counts["left"] += 1


def in_pool():
    """A thread that is asked by another one."""
    current, stop = [None], threading.Event()

    def ask():
        while not stop.is_set():
            code = current[0]
            time.sleep(random.random() * 0.0004)
            if code is not None and not getattr(code, "asked", False):
                code.asked = True
                counts["asked"] += 1
                code.ask()

    asker = threading.Thread(target=ask)
    asker.start()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        code = current[0] = interrupt.PoolThread()
        for _ in range(3):
            one_call(code, random.random() * 0.0003)
    stop.set()
    asker.join()


def in_main():
    """The main thread, asked by a signal."""
    current = [None]

    def handler(number, frame):
        code = current[0]
        if code is not None and not getattr(code, "asked", False):
            code.asked = True
            counts["asked"] += 1
            code.ask()

    signal.signal(signal.SIGALRM, handler)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        code = current[0] = interrupt.MainThread()
        signal.setitimer(signal.ITIMER_REAL, 0.00005 + random.random() * 0.0006)
        for _ in range(3):
            one_call(code, random.random() * 0.0003)
    signal.setitimer(signal.ITIMER_REAL, 0)


sys.setswitchinterval(1e-5)
for mode in (in_pool, in_main):
    counts = dict.fromkeys(counts, 0)
    mode()
    print(mode.__name__, counts)
    assert counts["asked"] > 100 and counts["raised"] > 100, counts
