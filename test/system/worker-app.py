"""An app for the tests of the worker runner: what blocks, in all ways, and what must be left of it in ./traces.

`/NAME?SECONDS`; every request that takes a while writes `FIN NAME` when its finally: block runs.
"""
import fcntl
import hashlib
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time

TRACES = os.environ.get("TRACES", "traces")
if os.environ.get("STEAL"):  # as some frameworks and libraries do
    import faulthandler
    import sys
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGRTMIN + 8, signal.SIG_IGN)
    faulthandler.register(signal.SIGUSR1)
if os.environ.get("BROKEN") == "import":
    raise RuntimeError("this release is broken")
if os.environ.get("BROKEN") == "hangs":
    time.sleep(3600)


def note(line):
    with open(TRACES, "a", encoding="ascii") as file:
        file.write(line + "\n")


def python(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.1)


def receive(_seconds):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        if not ours.recv(1):
            raise ConnectionError("the other side is gone")


def lock(_seconds):
    held = threading.Lock()
    held.acquire()
    held.acquire()


def wait_queue(_seconds):
    queue.Queue().get()


def child(seconds):
    subprocess.run(["sleep", str(seconds)], check=True)


def flock(_seconds):
    with open(TRACES + ".lock", "w") as one, open(TRACES + ".lock", "w") as other:
        fcntl.flock(one, fcntl.LOCK_EX)
        fcntl.flock(other, fcntl.LOCK_EX)


def computing(seconds):
    """One call of C that lets other threads run."""
    hashlib.pbkdf2_hmac("sha256", b"x", b"y", seconds * 2_000_000)


def hogging(seconds):
    """One call of C that lets nobody run: not even the thread that watches."""
    sum(range(seconds * 150_000_000))


def stubborn(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            time.sleep(0.05)
        except BaseException:
            pass


kept = []


def pools():
    """What multiprocessing leaves behind: workers that wait for work, and helpers that wait for the end of this process."""
    from concurrent.futures import ProcessPoolExecutor
    import multiprocessing
    from multiprocessing import shared_memory
    executor = ProcessPoolExecutor(2)
    executor.submit(abs, -1).result()
    pool = multiprocessing.get_context("forkserver").Pool(1)
    pool.apply(abs, (-1,))
    memory = shared_memory.SharedMemory(create=True, size=10)
    memory.unlink()
    kept.extend([executor, pool, memory])


BLOCKING = {"python": python, "sleep": time.sleep, "receive": receive, "lock": lock, "queue": wait_queue, "child": child,
            "flock": flock, "computing": computing, "hogging": hogging, "stubborn": stubborn}


def stream(seconds, name):
    try:
        for number in range(seconds * 10):
            yield f"{number:07d}\n".encode()
            time.sleep(0.1)
    finally:
        note("FIN " + name)


def flood(name):
    try:
        while True:
            yield b"x" * 65536
    finally:
        note("FIN " + name)


def application(environ, start_response):
    name = environ["PATH_INFO"].rpartition("/")[2]
    number, _, option = environ["QUERY_STRING"].partition("&")
    seconds = int(number or 0)
    headers = [("Content-Type", "text/plain")]
    if name == "stream":
        if option == "length":
            headers.append(("Content-Length", str(80 * seconds)))
        start_response("200 OK", headers)
        return stream(seconds, name)
    if name == "flood":
        start_response("200 OK", headers)
        return flood(name)
    if name == "download":
        start_response("200 OK", headers)
        return environ["wsgi.file_wrapper"](open(TRACES + ".big", "rb"))
    text = "fast"
    if name == "environ":
        text = json.dumps({key: str(value) for key, value in environ.items()})
    elif name == "background":
        subprocess.Popen(["sh", "-c", f'sleep {seconds}; echo "END background" >>"$0"', TRACES])
    elif name == "thread":
        threading.Thread(target=lambda: (time.sleep(seconds), note("END thread")), name="mailer").start()
    elif name == "pools":
        pools()
    elif name == "upload":
        text = str(len(environ["wsgi.input"].read()))
    elif name == "careless":
        try:
            environ["wsgi.input"].read()
        except OSError:
            pass
        text = "took " + str(len(environ["wsgi.input"].read()))
        note(text)
    elif name in BLOCKING:
        try:
            BLOCKING[name](seconds)
            note("END " + name)
        finally:
            note("FIN " + name)
    body = text.encode() + b"\n"
    start_response("200 OK", [*headers, ("Content-Length", str(len(body)))])
    return [body]
