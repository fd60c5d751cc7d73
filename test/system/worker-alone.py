"""A worker that nobody but this script runs: a socket, a place for its notifications, signals, and no systemd.

`python worker-alone.py RUNNER-DIRECTORY [--long] [NAME...]` runs the cases below, or those named, and says of each whether it
held.
"""
import os
import pathlib
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

RUNNER = sys.argv[1]
LONG = "--long" in sys.argv
# Longer than anything takes that goes as it should; who waits so long has failed.
PATIENCE = 20.0

# What the app of every case has beside its own lines: `/NAME` calls the function NAME.
APP = '''
import os, signal, socket, sys, threading, time
def note(text):
    with open("notes", "a") as file:
        file.write(text + "\\n")
def fast():
    pass
def pid():
    return str(os.getpid())
def application(environ, start_response):
    text = globals()[environ["PATH_INFO"].strip("/")]() or "fast"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text.encode()]
'''

CASES = []


def case(function):
    CASES.append(function)
    return function


def some(first, *others):
    """The first of what differs little; in the long run all."""
    return [first, *others] if LONG else [first]


def until(what, condition):
    """Waits for it, and returns it."""
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"still not: {what}"
        time.sleep(0.02)


class Alone:
    """One worker, in a folder of its own."""

    def __init__(self, *options, app="", files=None, prepare=None, ready=True, environment=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="worker-alone-"))
        self.write("app.py", APP + app)
        for name, text in (files or {}).items():
            self.write(name, text)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.folder / "socket"))
        self.listener.listen(100)
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind(str(self.folder / "notify"))
        self.notified.setblocking(False)
        self.told = []
        self.options, self.prepare, self.environment = options, prepare, environment or {}
        self.start(ready)

    def start(self, ready=True):
        def begin():
            os.setsid()
            os.dup2(self.listener.fileno(), 3)
            if self.prepare:
                self.prepare()
        # The shell becomes the worker: only a program of its own pid can say it.
        command = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", sys.executable, RUNNER, "--module=app", *self.options]
        environment = {**os.environ, "LISTEN_FDS": "1", "NOTIFY_SOCKET": str(self.folder / "notify"), "TMPDIR": str(self.folder),
                       "PYTHONDONTWRITEBYTECODE": "1", **self.environment}
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, preexec_fn=begin, pass_fds=(3,))
        if ready:
            until("ready", lambda: self.says("READY=1") or self.process.poll() is not None)
            assert self.process.poll() is None, self.log

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            print(self.log, file=sys.stderr)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.listener.close()
        self.notified.close()
        subprocess.run(["rm", "-rf", self.folder], check=True)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def read(self, name):
        path = self.folder / name
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def log(self):
        return self.read("log")

    @property
    def notes(self):
        return self.read("notes").split()

    def says(self, pattern):
        """Whether it has notified systemd of that."""
        while select.select([self.notified], [], [], 0)[0]:
            self.told += self.notified.recv(65536).decode().split("\n")
        return any(re.match(pattern, line) for line in self.told)

    def ask(self, path):
        """A connection with a request on it."""
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE)
        client.connect(str(self.folder / "socket"))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: alone\r\n\r\n".encode())
        return client

    @staticmethod
    def answer(client):
        """All of it: to its end, or to where its length says that it ends, as a child may still hold the connection."""
        with client:
            data = b""
            while True:
                more = client.recv(65536)
                data += more
                length = re.search(rb"\r\nContent-Length: (\d+)\r\n(?:.*\r\n)?\r\n", data, re.S)
                if not more or (length and len(data) >= length.end() + int(length[1])):
                    return data.decode()

    def get(self, path):
        return self.answer(self.ask(path))

    def signal(self, number):
        self.process.send_signal(number)

    def ends(self):
        """Its exit status, -N for signal N."""
        return self.process.wait(PATIENCE)

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.ends()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@case
def more_than_1023_files():
    many = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    with Alone(app='kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(2000)]\n', prepare=many,
               environment={"WATCHDOG_USEC": "400000"}) as worker:
        assert "200 OK" in worker.get("/fast")
        until("a ping", lambda: worker.says("WATCHDOG=1"))
        assert worker.stop() == 0
        assert "a fault of wsgictl" not in worker.log


@case
def a_forked_child_does_not_hold_the_drain():
    app = '''
def child():
    if os.fork() == 0:
        time.sleep(3600)
'''
    for threads in some(3, 1):
        with Alone(f"--threads={threads}", app=app) as worker:
            assert "200 OK" in worker.get("/child")
            assert worker.stop() == 0, threads


@case
def a_child_that_comes_back_is_no_worker():
    app = '''
def child(end):
    pid = os.fork()
    if pid == 0:
        end()
        return "the child's"
    return str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
def returns():
    return child(fast)
def exits():
    return child(lambda: sys.exit(7))
def fails():
    return child(lambda: 1 / 0)
'''
    for threads in some(1, 2):
        with Alone(f"--threads={threads}", app=app) as worker:
            for path, status in (("/returns", "0"), ("/exits", "7"), ("/fails", "1")):
                text = worker.get(path)
                assert text.count("HTTP/1.1") == 1 and text.endswith("\r\n\r\n" + status), (threads, path, text)
            assert "ZeroDivisionError" in worker.log
            assert worker.stop() == 0
    # The same where the app is imported: one worker, and its hooks run once.
    hooks = 'def worker_exit(server, worker):\n    import app\n    app.note("exit")\n'
    for end in some("raise ValueError('a child')", "pass", "sys.exit(3)"):
        app = f'child = os.fork()\nif child == 0:\n    {end}\n'
        with Alone(app=app + 'def who():\n    return str(child)\n', files={"gunicorn.conf.py": hooks}) as worker:
            child = int(worker.get("/who").rpartition("\r\n")[2])
            until("the child's end", lambda: not alive(child))
            assert worker.stop() == 0
            assert worker.notes == ["exit"], (end, worker.notes)
            assert worker.told.count("READY=1") == 1


@case
def a_signal_to_a_child_that_was_just_forked_is_the_childs():
    # Earlier than anything of the worker's can run in the child.
    app = '''
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
def child():
    pid = os.fork()
    if pid == 0:
        time.sleep(3600)
    return str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
'''
    for threads in some(2, 1):
        with Alone(f"--threads={threads}", app=app) as worker:
            for _ in range(3):
                assert worker.get("/child").endswith("\r\n\r\n-15"), worker.log
            assert not worker.says("STOPPING=1") and "draining" not in worker.log
            assert worker.stop() == 0


@case
def the_last_request_may_take_as_long_as_any():
    app = 'def slow():\n    time.sleep(1)\n    return "slow"\n'
    with Alone("--max-requests=1", app=app, environment={"WATCHDOG_USEC": "400000"}) as worker:
        client = worker.ask("/slow")
        until("it is draining", lambda: "draining (max-requests)" in worker.log)
        worker.says("")
        worker.told.clear()
        until("the watchdog is told on", lambda: worker.says("WATCHDOG=1"))
        assert worker.answer(client).endswith("slow")
        assert worker.ends() == 0
        worker.says("")
        assert worker.told[0] == "WATCHDOG=1" and "STOPPING=1" in worker.told
    # With a limit of their own, the others have that one; the worker accepts nothing more meanwhile.
    app += '''
def python():
    while True:
        time.sleep(0.05)
'''
    with Alone("--threads=2", "--request-timeout=1.5", app=app) as worker:
        late = worker.ask("/python")
        time.sleep(1.0)
        other = worker.ask("/slow")
        assert " 503 " in worker.answer(late)
        assert not worker.says("STOPPING=1")
        assert worker.answer(other).endswith("slow")
        assert worker.ends() == 75 and worker.says("STOPPING=1")
    # Somebody else's wish for its end is systemd's business at once.
    with Alone("--max-requests=1", app=app) as worker:
        client = worker.ask("/slow")
        until("it is draining", lambda: "draining (max-requests)" in worker.log)
        assert not worker.says("STOPPING=1")
        worker.signal(signal.SIGTERM)
        until("systemd knows", lambda: worker.says("STOPPING=1"))
        assert worker.answer(client).endswith("slow") and worker.ends() == 0
    # Without any limit of a request, and with other threads that would stay idle for it, it is graceful-timeout.
    with Alone("--max-requests=1", "--threads=2", app=app) as worker:
        client = worker.ask("/slow")
        until("systemd knows", lambda: worker.says("STOPPING=1"))
        assert worker.answer(client).endswith("slow") and worker.ends() == 0


@case
def a_query_of_a_c_driver_is_ended_by_its_deadline():
    # As libpq does: it waits on, whatever signal comes, until its connection ends.
    app = '''
ours, theirs = socket.socketpair()
def query():
    every = signal.valid_signals() - {signal.SIGKILL, signal.SIGTERM}
    try:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, every)
        try:
            if not ours.recv(1):
                raise ConnectionError("server closed the connection unexpectedly")
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    finally:
        note("FIN")
'''
    for threads in some(1, 2):
        with Alone(f"--threads={threads}", "--request-timeout=0.5", "--interrupt-timeout=10", app=app) as worker:
            assert " 503 " in worker.get("/query")
            assert worker.ends() == 75
            assert worker.notes == ["FIN"], worker.log


@case
def signals_before_it_is_ready_do_not_end_it():
    files = {"gunicorn.conf.py": 'errorlog = "error.log"\n'}
    app = 'while not os.path.exists("go"):\n    time.sleep(0.02)\n'
    with Alone(app=app, files=files, ready=False) as worker:
        until("it has its log", lambda: (worker.folder / "error.log").exists())
        os.rename(worker.folder / "error.log", worker.folder / "error.log.1")
        for number in (signal.SIGUSR1, signal.SIGHUP, signal.SIGUSR2, signal.SIGTTIN, signal.SIGTTOU):
            worker.signal(number)
        worker.write("go", "")
        until("ready", lambda: worker.says("READY=1"))
        until("its log is reopened", lambda: (worker.folder / "error.log").exists())
        assert "taken back" not in worker.log
        assert worker.stop() == 0
    with Alone(app='note("imports")\n' + app, ready=False) as worker:
        until("it imports", lambda: worker.notes)
        assert worker.stop() == -signal.SIGTERM


@case
def a_failed_boot_ends_whatever_runs_in_it():
    thread = 'import threading, time\nthreading.Thread(target=time.sleep, args=[3600]).start()\n'
    for files, app, status, said in some(
        ({"gunicorn.conf.py": "def worker_exit(server, worker):\n    print('the hook')\n"}, thread + "1 / 0\n", 3,
         r"STATUS=ZeroDivisionError: .*app\.py:\d+\)"),
        ({}, thread + "sys.exit(9)\n", 3, "STATUS=app:application called sys.exit"),
        ({"gunicorn.conf.py": thread + 'certfile = "x"\n'}, "", 65, "STATUS=gunicorn.conf.py: certfile is set"),
        ({"gunicorn.conf.py": thread + "raise ValueError('this file')\n"}, "", 65, "STATUS=.*ValueError: this file"),
    ):
        with Alone(app=app, files=files, ready=False) as worker:
            assert worker.ends() == status, worker.log
            assert worker.says(said), worker.told
            assert ("the hook" in worker.log) == ("worker_exit" in str(files)), worker.log


@case
def the_reason_is_told_to_systemd_and_is_short():
    long = 'raise RuntimeError("begin " + "x" * 100_000 + "\\n\\x1b[2J")\n'
    with Alone(app=long, ready=False) as worker:
        assert worker.ends() == 3
        worker.says("")
        status = [line for line in worker.told if line.startswith("STATUS=")][-1]
        assert status.startswith("STATUS=RuntimeError: begin xxx") and re.search(r"app\.py:\d+\)$", status), status
        assert len(status) < 600
    with Alone(app="class Odd(BaseException):\n    __str__ = None\nraise Odd\n", ready=False) as worker:
        assert worker.ends() == 3 and worker.says("STATUS=Odd: "), worker.log
    # The app's own line, not that of a library that it has called.
    with Alone(app="import json\njson.loads('?')\n", ready=False) as worker:
        assert worker.ends() == 3 and worker.says(r"STATUS=JSONDecodeError: .*app\.py:\d+\)$"), worker.told
    with Alone(app="import broken\n", files={"broken.py": "def f(:\n    pass\n"}, ready=False) as worker:
        assert worker.ends() == 3 and worker.says(r"STATUS=SyntaxError: .*broken\.py:1\)$"), worker.told


@case
def what_it_says_reaches_the_journal_past_capture_output():
    files = {"gunicorn.conf.py": 'errorlog = "error.log"\ncapture_output = True\n'}
    with Alone(app="import no_such_module\n", files=files, ready=False) as worker:
        assert worker.ends() == 3
        for text in (worker.log, worker.read("error.log")):
            assert "ModuleNotFoundError" in text and "Traceback" in text, text
        assert "wsgictl: app:application could not be loaded" in worker.log
        assert "wsgictl: app" not in worker.read("error.log")
    app = 'print("imported", flush=True)\nimport ctypes\nif os.path.exists("crash"):\n    ctypes.string_at(0)\n'
    with Alone(app=app, files=files) as worker:
        assert "wsgictl: ready" in worker.log and "imported" in worker.read("error.log")
        assert worker.stop() == 0 and "wsgictl: drained" in worker.log
        worker.write("crash", "")
        worker.start(ready=False)
        assert worker.ends() == -signal.SIGSEGV
        assert "Segmentation fault" in worker.log and re.search(r'app\.py", line \d+ in <module>', worker.log), worker.log
    # An app that closes whatever it finds: what it then opens does not get the worker's words.
    app = '''
os.closerange(4, 100)
mine = [open(f"mine-{number}", "w+b", buffering=0) for number in range(50)]
raise RuntimeError("closed")
'''
    with Alone(app=app, ready=False) as worker:
        assert worker.ends() == 3 and "RuntimeError: closed" in worker.log
        assert all(worker.read(f"mine-{number}") == "" for number in range(50))


@case
def where_it_hangs_is_named_in_time():
    # A library that waits, and the app's line that led there. The time counts from the process's start, whatever Python
    # itself took its time for. On a busy machine it may not come as far as the app.
    slow = {"PYTHONPATH": f"site:{os.environ.get('PYTHONPATH', '')}"}
    files = {"site/sitecustomize.py": "import time\ntime.sleep(1)\n"}
    for limit in (4, 18):
        with Alone(f"--ready-timeout={limit}", app="note('imports')\nimport queue; queue.Queue().get()\n", files=files,
                   environment=slow, ready=False) as worker:
            began = time.monotonic()
            until("named", lambda: worker.says("STATUS=it was at "))
            assert time.monotonic() - began < limit + 0.5
            assert "not ready, and soon ended for it" in worker.log
            if worker.notes:
                assert worker.says(r"STATUS=it was at .*, from /.*/app\.py:\d+ in <module>"), worker.told
                break
    else:
        raise AssertionError("the app was never reached")
    # C code that keeps Python's lock.
    for limit in (4, 18):
        with Alone(f"--ready-timeout={limit}", app="note('imports')\nimport ctypes\nctypes.PyDLL(None).sleep(3600)\n", ready=False) as worker:
            until("named", lambda: "most recent call first" in worker.log or worker.says("STATUS="))
            if worker.notes and not worker.says("STATUS="):
                until("its place", lambda: re.search(r'app\.py", line \d+ in <module>', worker.log))
                break
    else:
        raise AssertionError("the app was never reached")
    if LONG:
        with Alone("--ready-timeout=4", files={"gunicorn.conf.py": "import time\ntime.sleep(3600)\n"}, ready=False) as worker:
            until("named", lambda: worker.says(r"STATUS=it was at /.*/gunicorn\.conf\.py:2 in <module>$"))
        with Alone("--ready-timeout=4", app="time.sleep(3600)\n", ready=False) as worker:
            until("named", lambda: worker.says(r"STATUS=it was at /.*/app\.py:\d+ in <module>$"))
        with Alone("--ready-timeout=4") as worker:
            time.sleep(4)
            assert not worker.says("STATUS=it was") and "not ready" not in worker.log
            assert worker.stop() == 0


@case
def threads_are_there_before_it_is_ready():
    app = '''
import threading
real = threading.Thread.start
def start(self):
    if self.name == "request-3":
        raise RuntimeError("can't start new thread")
    real(self)
threading.Thread.start = start
'''
    hooks = {"gunicorn.conf.py": "def worker_exit(server, worker):\n    import app\n    app.note('exit')\n"}
    with Alone("--threads=4", app=app, files=hooks, ready=False) as worker:
        assert worker.ends() == 3
        assert not worker.says("READY=1") and worker.says("STATUS=cannot start 4 threads")
        assert worker.notes == ["exit"]


@case
def pythonpath_of_gunicorn_conf_is_as_gunicorn_has_it():
    files = {"gunicorn.conf.py": 'pythonpath = "lib,more"\n', "lib/mine.py": "VALUE = 1\n", "more/other.py": "VALUE = 2\n"}
    with Alone(app="import mine, other\n", files=files) as worker:
        assert worker.stop() == 0
    with Alone(app="import mine\n", files={"lib/mine.py": ""}, environment={"GUNICORN_CMD_ARGS": "--pythonpath lib"}) as worker:
        assert worker.stop() == 0


@case
def what_gunicorn_calls_once_a_server_is_never_called():
    names = ("on_starting", "when_ready", "pre_fork", "post_fork", "post_worker_init", "worker_exit", "child_exit", "on_exit")
    one = ("on_starting", "when_ready", "post_worker_init", "on_exit")
    hooks = "".join(f"def {name}({'one' if name in one else 'one, two'}):\n    open('notes', 'a').write('{name} ')\n" for name in names)
    with Alone(files={"gunicorn.conf.py": hooks}) as worker:
        assert worker.stop() == 0
        assert worker.notes == [name for name in names if name not in ("on_starting", "when_ready", "on_exit")], worker.notes
        for name in ("on_starting", "when_ready", "on_exit"):
            assert f"{name} is never called" in worker.log, worker.log


@case
def child_exit_is_called_for_a_worker_that_was_killed():
    hooks = "def child_exit(server, worker):\n    open('notes', 'a').write(f'{worker.pid}\\n')\n"
    with Alone(files={"gunicorn.conf.py": hooks}) as worker:
        first = worker.process.pid
        worker.signal(signal.SIGKILL)
        worker.ends()
        assert worker.notes == []
        worker.told.clear()
        worker.start()
        second = worker.process.pid
        assert worker.notes == [str(first)]
        worker.told.clear()
        # Another one beside it is alive, and nobody's business.
        beside = worker.process
        worker.start()
        assert worker.stop() == 0
        assert worker.notes == [str(first), str(worker.process.pid)]
        worker.process = beside
        assert worker.stop() == 0
        assert worker.notes[2:] == [str(second)]


def main():
    names = [name for name in sys.argv[2:] if name != "--long"]
    failed = []
    for one in CASES:
        if names and one.__name__ not in names:
            continue
        began = time.monotonic()
        try:
            one()
            said = "held"
        except BaseException:
            traceback.print_exc()
            failed.append(one.__name__)
            said = "FAILED"
        print(f"{said} {one.__name__} {time.monotonic() - began:.1f} s", flush=True)
    print(f"{len(failed)} failed: {failed}")
    sys.exit(1 if failed else 0)


main()
