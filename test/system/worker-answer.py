"""What a client gets, whatever an app does: `python worker-answer.py RUNNER-DIRECTORY`, with any gunicorn.

The runner's own loop and worker, on a real socket, in this process; the apps are functions.
"""
import asyncio
import contextlib
import errno
import gc
import io
import json
import logging
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, sys.argv.pop(1))
import _wsgictl_client as clients
import _wsgictl_config as config
import _wsgictl_loop as loops
import _wsgictl_options as options
import _wsgictl_request as request
import _wsgictl_worker as workers
from gunicorn.http import errors

TEXT = [("Content-Type", "text/plain")]


class Own(BaseException):
    pass


class Broken(Exception):
    def __repr__(self):
        raise Own

    __str__ = __repr__


def kinds():
    """What an app can raise, each made anew."""
    return {
        "CancelledError": asyncio.CancelledError(), "Own": Own(), "SystemExit": SystemExit(3), "GeneratorExit": GeneratorExit(),
        "KeyboardInterrupt": KeyboardInterrupt(), "StopIteration": StopIteration(), "ValueError": ValueError("x"), "Broken": Broken(),
        "MemoryError": MemoryError(), "BrokenPipeError": BrokenPipeError(errno.EPIPE, "x"),
        "ConnectionResetError": ConnectionResetError(errno.ECONNRESET, "x"), "not connected": OSError(errno.ENOTCONN, "x"),
        "refused": ConnectionRefusedError(errno.ECONNREFUSED, "x"), "again": BlockingIOError(errno.EAGAIN, "x"),
        "TimeoutError": TimeoutError("x"), "FileNotFoundError": FileNotFoundError(errno.ENOENT, "x"),
        "SSLEOFError": ssl.SSLEOFError(8, "x"), "SSLError": ssl.SSLError(1, "x"), "NoMoreData": errors.NoMoreData(b""),
        "InvalidHeader": errors.InvalidHeader("x"), "InvalidChunkSize": errors.InvalidChunkSize(b"x"),
        "LimitRequestLine": errors.LimitRequestLine(1, 2),
    }


class Log(logging.Handler):
    def __init__(self):
        super().__init__()
        self.text = ""
        self.setFormatter(logging.Formatter("%(levelname)s %(message)s"))

    def emit(self, record):
        self.text += self.format(record) + "\n"


@contextlib.contextmanager
def serving(app, *arguments, threads=2, tcp=None, default_timeout=None, **settings):
    """A function that connects, and the log."""
    with tempfile.TemporaryDirectory() as directory:
        unix = directory + "/a:b.sock" if tcp is None else tcp if tcp.startswith("\0") else None
        listener = socket.socket(socket.AF_UNIX if unix else socket.AF_INET6 if ":" in tcp else socket.AF_INET)
        listener.bind(unix or (tcp, 0))
        listener.listen(100)
        listener.setblocking(False)
        given = options.parse(["--module=x", f"--threads={threads}", *arguments])
        configuration = config.load(given)
        configuration.cfg.set("errorlog", "/dev/null")
        for name, value in settings.items():
            configuration.cfg.set(name, value)
        logger = configuration.cfg.logger_class(configuration.cfg)
        log = Log()
        logger.error_log.addHandler(log)
        requests = request.Requests(given)
        worker = workers.Worker(given, configuration, logger, [listener], requests)
        worker.load(app)
        loop = loops.Loop(given, [listener], worker, lambda: None)
        worker.retire = loop.retire = lambda *why: None
        log.requests, log.loop = requests, loop
        pool = [threading.Thread(target=loop.run, daemon=True) for _ in range(threads)]
        socket.setdefaulttimeout(default_timeout)
        for thread in pool:
            thread.start()

        def connect():
            client = socket.socket(listener.family)
            client.settimeout(20)
            client.connect(listener.getsockname())
            return client
        try:
            yield connect, log
        finally:
            socket.setdefaulttimeout(None)
            loop.stop()
            for thread in pool:
                thread.join(5)
            alive = [thread for thread in pool if thread.is_alive()]
            listener.close()
            logger.error_log.removeHandler(log)
            assert not alive, "a thread does not end"


def read(client):
    data = b""
    try:
        while True:
            part = client.recv(65536)
            if not part:
                break
            data += part
    except ConnectionResetError:
        data += b"RESET"
    client.close()
    return data


def ask(connect, path="/", method="GET", headers=(), body=b"", version="1.1"):
    client = connect()
    lines = [f"{method} {path} HTTP/{version}", *headers] + ([f"Content-Length: {len(body)}"] if body else [])
    client.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)
    return read(client)


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else answer


def content(answer):
    return answer.partition(b"\r\n\r\n")[2]


class Raising(unittest.TestCase):
    """Whatever an app raises, wherever: 500 and a traceback before the first byte, a cut after it, and the thread goes on."""

    def app(self, environ, start_response):
        where, _, kind = environ["PATH_INFO"][1:].partition("/")
        if where == "fine":
            start_response("200 OK", TEXT)
            return [b"fine"]
        error = kinds()[kind]
        if where == "call":
            raise error
        if where == "write":
            start_response("200 OK", TEXT)(b"part")
            raise error
        start_response("200 OK", TEXT)
        if where == "started":
            raise error
        if where == "close":
            return Closing(error)
        return Raising_(error, {"next": 0, "later": 2}[where])

    def test_all(self):
        for threads in (1, 2):
            with serving(self.app, threads=threads) as (connect, log):
                for kind in kinds():
                    for where in ("call", "started", "next", "write", "later", "close"):
                        if (where, kind) in {("next", "StopIteration"), ("later", "StopIteration")}:
                            continue  # that is its end
                        with self.subTest(where=where, kind=kind, threads=threads):
                            log.text = ""
                            got = ask(connect, f"/{where}/{kind}".replace(" ", "%20"))
                            if where in ("call", "started", "next"):
                                self.assertEqual(status(got), 500, got)
                            else:
                                self.assertEqual(status(got), 200, got)
                                self.assertEqual(got.count(b"HTTP/1."), 1, got)
                                self.assertTrue(b"part" in got, got)
                            if where in ("write", "later"):
                                self.assertNotIn(b"0\r\n\r\n", got)
                            self.assertEqual(log.text.count("Error handling request"), 1, log.text)
                            self.assertIn(type(kinds()[kind]).__name__, log.text)
                            self.assertIn("in " + ("app" if where in ("call", "started", "write") else "__next__" if where != "close" else "close"), log.text)
                            self.assertEqual(content(ask(connect, "/fine")), b"4\r\nfine\r\n0\r\n\r\n")

    def test_not_bytes(self):
        def app(environ, start_response):
            start_response("200 OK", TEXT)
            return {"/list": ["text"], "/tuple": (1,), "/iterator": iter(["text"]), "/none": None, "/number": 3}[environ["PATH_INFO"]]
        with serving(app) as (connect, log):
            for path in ("/list", "/tuple", "/iterator", "/none", "/number"):
                self.assertEqual(status(ask(connect, path)), 500, path)

    def test_hooks(self):
        def pre_request(worker, req):
            if req.path != "/fine":
                raise kinds()[req.path[1:].replace("%20", " ")]

        def post_request(worker, req, environ, response):
            if req.path == "/fine":
                raise Own

        def app(environ, start_response):
            start_response("200 OK", TEXT)
            return [b"fine"]
        with serving(app, pre_request=pre_request, post_request=post_request, threads=1) as (connect, log):
            for kind in kinds():
                with self.subTest(kind=kind):
                    # What is gunicorn's own is a fault of the request where the app has not been called.
                    self.assertIn(status(ask(connect, "/" + kind.replace(" ", "%20"))), (400, 431, 500) if hasattr(errors, kind) else (500,), log.text)
                    self.assertEqual(ask(connect, "/fine").count(b"HTTP/1."), 1)

    def test_client_gone(self):
        """It is no failure of the app, and nothing is logged; but that another one of the app's is gone, is."""
        def app(environ, start_response):
            if environ["PATH_INFO"] == "/upload":
                start_response("200 OK", TEXT)
                return [environ["wsgi.input"].read()]
            start_response("200 OK", TEXT)
            return (b"x" * 65536 for _ in range(1000))
        for tcp in (None, "127.0.0.1"):
            with serving(app, threads=1, tcp=tcp) as (connect, log):
                for request_text in (b"GET / HTTP/1.1\r\n\r\n", b"POST /upload HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc",
                                     b"POST /upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"):
                    client = connect()
                    client.sendall(request_text)
                    time.sleep(0.05)
                    client.close()
                    self.assertEqual(status(ask(connect, "/upload")), 200)
                self.assertEqual(log.text, "")


class Raising_:
    def __init__(self, error, after):
        self.error, self.left = error, after

    def __iter__(self):
        return self

    def __next__(self):
        self.left -= 1
        if self.left < 0:
            raise self.error
        return b"part"


class Closing(list):
    def __init__(self, error):
        super().__init__([b"part"])
        self.error = error

    def close(self):
        raise self.error


class Environs(unittest.TestCase):
    def test_the_app_may_do_anything_with_it(self):
        seen = []

        def app(environ, start_response):
            how, kind = environ["PATH_INFO"][1:].split("/")
            wrapper = environ["wsgi.file_wrapper"]
            environ["of.app"] = how
            environ["REMOTE_ADDR"] = "192.0.2.1"
            if how == "clear":
                environ.clear()
            elif how == "rubbish":
                for name in environ:
                    environ[name] = None
            elif how == "delete":
                del environ["wsgi.file_wrapper"], environ["REQUEST_METHOD"], environ["wsgi.input"]
            elif how == "none":
                environ["wsgi.file_wrapper"] = None
            elif how == "text":
                environ["wsgi.file_wrapper"] = "text"
            elif how == "own":
                environ["wsgi.file_wrapper"] = list
            start_response("200 OK", TEXT)
            if kind == "file":
                return wrapper(open("/etc/passwd", "rb"))
            return {"list": [b"ok"], "iterator": iter([b"ok"]), "other": io.BytesIO(b"ok")}[kind]

        def post_request(worker, req, environ, response):
            seen.append((environ.get("of.app"), environ["REMOTE_ADDR"], environ["REQUEST_METHOD"]))

        with serving(app, post_request=post_request) as (connect, log):
            for how in ("nothing", "clear", "rubbish", "delete", "none", "text", "own"):
                for kind in ("list", "iterator", "other", "file"):
                    with self.subTest(how=how, kind=kind):
                        seen.clear()
                        got = ask(connect, f"/{how}/{kind}")
                        self.assertEqual(status(got), 200, log.text)
                        self.assertTrue(b"ok" in got or kind == "file")
                        time.sleep(0.01)
                        self.assertEqual(len(seen), 1)
                        if how in ("nothing", "delete", "none"):
                            self.assertEqual(seen[0], (how, "192.0.2.1", "GET"))
            self.assertEqual(log.text, "")

    def environ(self, connect, *headers, version="1.1"):
        return json.loads(content(ask(connect, headers=headers, version=version)))

    @staticmethod
    def telling(environ, start_response):
        told = {name: value for name, value in environ.items() if name == name.upper() or name == "wsgi.url_scheme"}
        body = json.dumps(told).encode()
        start_response("200 OK", [*TEXT, ("Content-Length", str(len(body)))])
        return [body]

    def test_the_scheme_is_the_proxys_word_at_every_address(self):
        for address in (None, "127.0.0.1", "::1", "127.9.9.9"):
            with serving(self.telling, tcp=address) as (connect, log):
                self.assertEqual(self.environ(connect, "X-Forwarded-Proto: https")["wsgi.url_scheme"], "https", address)
                self.assertEqual(self.environ(connect)["wsgi.url_scheme"], "http", address)

    def test_native_strings(self):
        for address in (None, "\0a:b-é", "127.0.0.1", "::1"):
            with serving(self.telling, tcp=address) as (connect, log):
                for headers in ([], ["Host: shop.example"], ["Host: shop.example:81"], ["Host: [::1]"], ["Host: [::1]:8000"], ["Host: a:b:c"],
                                ["Host: :"], ["Host:"], ["Host: \xff"]):
                    told = self.environ(connect, *headers)
                    for name, value in told.items():
                        self.assertIs(type(value), str, (address, name, value))
                        value.encode("latin-1")
                    self.assertTrue(told["SERVER_NAME"] and told["SERVER_PORT"].isdigit(), (address, headers, told))
        with serving(self.telling) as (connect, log):
            for headers, server in ((["Host: shop.example"], ("shop.example", "80")), (["Host: shop.example:81"], ("shop.example", "81")),
                                    (["Host: [::1]:8000"], ("[::1]", "8000")), ([], ("localhost", "80")),
                                    (["Host: s", "X-Forwarded-Proto: https"], ("s", "443"))):
                told = self.environ(connect, *headers)
                self.assertEqual((told["SERVER_NAME"], told["SERVER_PORT"]), server, headers)


class Heads(unittest.TestCase):
    def test_a_faulty_head_is_raised_in_the_app(self):
        faulty = [("Content-Length", 5)], [("X", "a\nb")], [("X Y", "a")], [(b"X", "a")], [("Content-Length", "x")]

        def app(environ, start_response):
            number, catch = environ["PATH_INFO"][1:].split("/")
            try:
                start_response("200 OK", [("X-First", "1"), *faulty[int(number)]])
            except Exception:
                if catch == "no":
                    raise
                start_response("503 Sorry", [("X-Second", "2")], *([sys.exc_info()] if catch == "info" else []))
            return [b"sorry"] if number != "1" else iter([b"sorry"])

        with serving(app) as (connect, log):
            for number in range(len(faulty)):
                for catch in ("info", "yes"):
                    got = ask(connect, f"/{number}/{catch}")
                    self.assertEqual(status(got), 503, (number, catch, log.text))
                    self.assertTrue(b"X-Second: 2" in got and b"X-First" not in got, got)
                self.assertEqual(log.text, "")
                self.assertEqual(status(ask(connect, f"/{number}/no")), 500)
                self.assertIn("in app", log.text)
                log.text = ""

    def test_another_head_takes_the_place_of_the_first(self):
        def app(environ, start_response):
            write = start_response("200 OK", [("X-First", "1"), ("Content-Length", "3")])
            try:
                if environ["PATH_INFO"] == "/begun":
                    write(b"abc")
                raise ValueError("x")
            except ValueError:
                start_response("500 Sorry", [("X-Second", "2")], sys.exc_info())
            return [b"sorry"]
        with serving(app) as (connect, log):
            got = ask(connect)
            self.assertTrue(got.startswith(b"HTTP/1.1 500 Sorry") and b"X-Second" in got and b"X-First" not in got and b"sorry" in got, got)
            got = ask(connect, "/begun")
            self.assertTrue(got.startswith(b"HTTP/1.1 200") and b"Sorry" not in got and b"HTTP/1.1 500" not in got, got)

    def test_close_is_called_whatever_happened(self):
        closed = []

        class Result:
            def __init__(self, file):
                self.file = file

            def __iter__(self):
                return iter([b"x"])

            def __getattr__(self, name):
                return getattr(self.file, name)

            def close(self):
                closed.append(True)

        def app(environ, start_response):
            result = Result(open("/etc/passwd", "rb"))
            return environ["wsgi.file_wrapper"](result) if environ["PATH_INFO"] == "/file" else result

        with serving(app) as (connect, log):
            for path in ("/file", "/iterator"):
                closed.clear()
                self.assertEqual(status(ask(connect, path)), 500)  # it has not called start_response
                self.assertEqual(closed, [True], path)


class Files(unittest.TestCase):
    def test_what_can_be_sent(self):
        places = []
        original = clients.Client.sendfile

        def counting(self, *arguments, **options):
            places.append("sendfile")
            return original(self, *arguments, **options)

        clients.Client.sendfile = counting
        self.addCleanup(setattr, clients.Client, "sendfile", original)
        with tempfile.NamedTemporaryFile() as big:
            big.write(b"0123456789" * 100_000)
            big.flush()
            empty = tempfile.NamedTemporaryFile()

            def app(environ, start_response):
                wrapper = environ["wsgi.file_wrapper"]
                kind = environ["PATH_INFO"][1:]
                start_response("200 OK", TEXT)
                if kind == "file":
                    return wrapper(open(big.name, "rb"))
                if kind == "pipe":
                    return wrapper(subprocess.Popen(["sh", "-c", "echo 1; sleep 0.1; echo 2"], stdout=subprocess.PIPE).stdout)
                if kind == "proc":
                    return wrapper(open("/proc/self/stat", "rb"))
                return wrapper({"empty": open(empty.name, "rb"), "memory": io.BytesIO(b"abc"), "closed": closed}[kind])

            closed = open(big.name, "rb")
            closed.close()
            for sendfile in (None, False):
                with serving(app, sendfile=sendfile) as (connect, log):
                    for kind, wanted in (("file", 1_000_000), ("pipe", 4), ("empty", 0), ("memory", 3)):
                        places.clear()
                        got = content(ask(connect, f"/{kind}", version="1.0"))
                        self.assertEqual(len(got), wanted, kind)
                        self.assertEqual(bool(places), kind == "file" and sendfile is None, kind)
                    self.assertTrue(content(ask(connect, "/proc", version="1.0")))
                    self.assertEqual(log.text, "")
                    self.assertEqual(status(ask(connect, "/closed")), 500)

    def test_a_pipe_and_the_close_of_a_file_are_app_code(self):
        """So that an interrupt reaches it, and the client of a pipe that has told nothing yet gets 503."""
        running = threading.Event()

        class Stalled:
            def __init__(self, file, stalls_in_close):
                self.file = file
                self.stalls_in_close = stalls_in_close

            def __getattr__(self, name):
                return getattr(self.file, name)

            def read(self, size):
                return self.stall()

            def close(self):
                if self.stalls_in_close:
                    self.stall()

            def stall(self):
                running.set()
                for _ in range(1000):
                    time.sleep(0.01)

        def app(environ, start_response):
            start_response("200 OK", TEXT)
            in_close = environ["PATH_INFO"] == "/close"
            file = open("/etc/passwd", "rb") if in_close else os.fdopen(os.pipe()[0], "rb")
            return environ["wsgi.file_wrapper"](Stalled(file, in_close))

        with serving(app) as (connect, log):
            for path, wanted in (("/pipe", 503), ("/close", 200)):
                running.clear()
                client = connect()
                client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                self.assertTrue(running.wait(5))
                began = time.monotonic()
                for one in log.requests.in_flight():
                    one.asked = time.monotonic()
                    one.app_code.ask()
                self.assertEqual(status(read(client)), wanted)
                self.assertLess(time.monotonic() - began, 5)
                while log.requests.in_flight():
                    time.sleep(0.01)


class Sockets(unittest.TestCase):
    def test_an_answer_through_the_socket(self):
        def app(environ, start_response):
            how = environ["PATH_INFO"]
            ours = environ["gunicorn.socket"]
            if how.startswith("/dup"):
                ours = ours.dup()
            ours.sendall(b"HTTP/1.1 101 Switching\r\n\r\nhello")
            if how.endswith("stop"):
                raise StopIteration
            if how.endswith("raise"):
                raise Own
            ours.close()
            start_response("200 OK", TEXT)
            return []

        with serving(app) as (connect, log):
            for path in ("/stop", "/raise", "/close"):
                got = ask(connect, path)
                self.assertEqual(got, b"HTTP/1.1 101 Switching\r\n\r\nhello", path)
                self.assertEqual("Traceback" in log.text, path == "/raise", log.text)
                log.text = ""
            self.assertTrue(ask(connect, "/dup/x").startswith(b"HTTP/1.1 101 Switching\r\n\r\nhello"))

    def test_an_app_that_looks_whether_its_client_is_there(self):
        def app(environ, start_response):
            ours = environ["gunicorn.socket"]
            told = []
            for flags in (socket.MSG_DONTWAIT, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                try:
                    told.append(ours.recv(1, flags))
                except BlockingIOError:
                    told.append("there")
            ours.settimeout(0.05)
            try:
                told.append(ours.recv(1))
            except TimeoutError:
                told.append("there")
            ours.settimeout(None)
            start_response("200 OK", TEXT)
            return [repr(told).encode()]
        with serving(app) as (connect, log):
            self.assertIn(b"['there', 'there', 'there']", ask(connect), log.text)

    def test_a_default_timeout_is_not_the_clients(self):
        def app(environ, start_response):
            start_response("200 OK", TEXT)
            if environ["REQUEST_METHOD"] == "POST":
                return [environ["wsgi.input"].read()]
            if environ["PATH_INFO"] == "/file":
                return environ["wsgi.file_wrapper"](open(big.name, "rb"))
            return [b"x" * 1_000_000]
        with tempfile.NamedTemporaryFile() as big:
            big.write(b"x" * 1_000_000)
            big.flush()
            for default_timeout in (0.1, 0):
                with serving(app, "--header-timeout=0.4", default_timeout=default_timeout) as (connect, log):
                    for path in ("/", "/file"):
                        client = connect()
                        client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                        time.sleep(0.2)
                        self.assertEqual(len(content(read(client))), 1_000_000, path)
                    client = connect()
                    client.sendall(b"POST / HTTP/1.0\r\nContent-Length: 6\r\n\r\nabc")
                    time.sleep(0.2)
                    client.sendall(b"def")
                    self.assertEqual(content(read(client)), b"abcdef")
                    client = connect()
                    client.sendall(b"GET / HTTP/1.0\r\n")
                    began = time.monotonic()
                    self.assertEqual(read(client), b"")
                    self.assertGreater(time.monotonic() - began, 0.3)
                    self.assertEqual(log.text, "")

    def test_the_head_has_one_limit_however_fast_it_comes(self):
        def app(environ, start_response):
            raise ValueError("it must not come so far")
        for tcp in (None, "127.0.0.1"):
            with serving(app, "--header-timeout=0.5", tcp=tcp) as (connect, log):
                client = connect()
                client.sendall(b"GET / HTTP/1.1\r\n")
                began = time.monotonic()
                try:
                    while time.monotonic() - began < 8:
                        client.sendall(b"x: y\r\n" if time.monotonic() % 1 < 0.5 else b"x")
                        time.sleep(0.0003)
                except OSError:
                    pass
                self.assertLess(time.monotonic() - began, 6)

    def test_an_answer_before_the_body_arrives(self):
        """To a proxy that first sends all of the body, and then reads."""
        def app(environ, start_response):
            environ["wsgi.input"].read(int(environ["PATH_INFO"][1:]))
            start_response("413 Too Large", TEXT)
            return [b"too large"]
        for tcp in (None, "127.0.0.1"):
            with serving(app, tcp=tcp) as (connect, log):
                for chunked in (False, True):
                    for taken in (0, 1000):
                        for pause in (0, 0.05) if taken else (0,):
                            with self.subTest(tcp=tcp, chunked=chunked, taken=taken, pause=pause):
                                client = connect()
                                size = 2_000_000
                                head = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
                                client.sendall(f"POST /{taken} HTTP/1.1\r\n{head}\r\n\r\n".encode())
                                for _ in range(8):
                                    part = b"x" * (size // 8)
                                    client.sendall(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
                                    time.sleep(pause)
                                if chunked:
                                    client.sendall(b"0\r\n\r\n")
                                self.assertEqual(status(read(client)), 413)

    def test_who_is_silent_after_the_answer_is_not_waited_for_long_and_an_interrupt_not_at_all(self):
        def app(environ, start_response):
            start_response("413 Too Large", TEXT)
            return [b"too large"]
        self.addCleanup(setattr, clients, "_LINGER_SILENT", clients._LINGER_SILENT)
        clients._LINGER_SILENT = 0.8
        for hurried in (False, True):
            with serving(app, threads=1) as (connect, log):
                client = connect()
                client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc")
                self.assertEqual(status(client.recv(10_000)), 413)
                began = time.monotonic()
                if hurried:
                    while log.requests.in_flight():
                        time.sleep(0.01)
                    for one in list(log.loop.clients.values()):
                        self.assertIsNotNone(one.head_deadline)
                        one.stop_reading()
                while log.loop.clients:
                    time.sleep(0.01)
                self.assertLess(time.monotonic() - began, 5)
                client.close()


class Leaving(unittest.TestCase):
    """What an app has made of its streams changes no exit status, and holds nobody up."""

    STREAMS = {
        "nothing": "", "none": "sys.stdout = sys.stderr = None", "no flush": "sys.stdout = sys.stderr = object()", "closed": "sys.stdout.close()",
        "raises": "sys.stdout = sys.stderr = type('S', (), {'flush': lambda self: 1 / 0, 'write': lambda self, text: 1 / 0})()",
        "locked": """
class Locked:
    lock = threading.Lock()
    def flush(self):
        with self.lock: pass
    write = flush
sys.stdout = Locked()
Locked.lock.acquire()
""",
        "buffer": "held = io.TextIOWrapper(io.BytesIO()); sys.stdout = held",
    }

    ENDS = {
        "the last exit": (76, "tired of it, exit status 76", """
import _wsgictl_control as control
{make}
control.Control._leave(types.SimpleNamespace(exit_status=76), "tired of it")
"""),
        "a warm-up that hangs": (5, "no answer after 1 s", """
import _wsgictl_warmup as warmup
{make}
warmup._give_up("/x", types.SimpleNamespace(warm_up_timeout=1), threading.get_ident())
"""),
        "the ordinary exit": (0, "", """
import _wsgictl_environment as environment
environment.prepare(types.SimpleNamespace(python_path=[]))
{make}
sys.exit(0)
"""),
    }

    def test_all(self):
        runs = []
        for end, (status, words, code) in self.ENDS.items():
            for name, make in self.STREAMS.items():
                # Of the others, what is locked waits, and is bounded from outside.
                if status == 76 or name in ("none", "no flush", "buffer"):
                    text = "import io, os, sys, threading, time, types\nsys.path.insert(0, sys.argv[1])" + code.format(make=make)
                    process = subprocess.Popen([sys.executable, "-c", text, sys.path[0]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                    runs.append((end, name, status, words, process))
        for end, name, status, words, process in runs:
            with self.subTest(end=end, stream=name):
                try:
                    said = process.communicate(timeout=30)[1]
                except subprocess.TimeoutExpired:
                    process.kill()
                    said = process.communicate()[1] + "it does not end"
                self.assertEqual(process.returncode, status, said)
                self.assertTrue(words in said if words else said == "", said)


class Memory(unittest.TestCase):
    def test_a_request_leaves_no_cycle(self):
        def app(environ, start_response):
            start_response("200 OK", TEXT)
            return {"/list": lambda: [b"x"], "/iterator": lambda: iter([b"x"]),
                    "/file": lambda: environ["wsgi.file_wrapper"](open("/etc/passwd", "rb"))}[environ["PATH_INFO"]]()
        with serving(app, threads=1) as (connect, log):
            for path in ("/list", "/iterator", "/file"):
                ask(connect, path)
                gc.collect()
                gc.disable()
                try:
                    for _ in range(20):
                        ask(connect, path)
                    found = gc.collect()
                finally:
                    gc.enable()
                self.assertLess(found, 20, path)


if __name__ == "__main__":
    import faulthandler
    import gunicorn
    faulthandler.dump_traceback_later(150, exit=True)
    print(f"gunicorn {gunicorn.__version__}, Python {sys.version.split()[0]}", file=sys.stderr)
    unittest.main(warnings="ignore")
