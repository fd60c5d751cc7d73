"""The app that the tests roll: WSGI, standard library only. Each release holds a copy, and release.json beside it.

Requests that take a while leave a file in ../../files, named after the path and the request, so that a test sees
from outside how far each came: lines of its work, END where it was finished, and FIN where its finally: block ran.
"""
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
APP = os.path.dirname(os.path.dirname(HERE))
FILES = os.path.join(APP, 'files')
with open(os.path.join(HERE, 'release.json'), encoding='utf-8') as settings_file:
    SETTINGS = json.load(settings_file)
RELEASE = SETTINGS['release']


def worker_number():
    """The N of wsgi-worker-…@N.service, or None outside such a unit."""
    with open('/proc/self/cgroup', encoding='ascii') as cgroup:
        unit = cgroup.read().strip().rpartition('/')[2]
    return unit.partition('@')[2].removesuffix('.service') or None


def later(seconds, action, *arguments):
    timer = threading.Timer(seconds, action, arguments)
    timer.daemon = True
    timer.start()


BROKEN = SETTINGS['broken'] if SETTINGS['brokenWorker'] in (None, int(worker_number() or 0)) else None
time.sleep(SETTINGS['importDelay'])
if BROKEN == 'import':
    raise RuntimeError(f'release {RELEASE} is broken: it cannot be imported')
if BROKEN == 'hangs':
    time.sleep(86400)
if BROKEN == 'dies':
    later(0.5, os._exit, 3)
try:
    with open(os.path.join(APP, 'crash-worker'), encoding='ascii') as crash_file:
        if crash_file.read().strip() == worker_number():
            # Ready, and gone at the first look for a connection.
            socket.socket.accept = lambda _listener: os._exit(3)
except FileNotFoundError:
    pass


class Trace:
    """The file that one request leaves; buffered, as an app's own would be."""

    def __init__(self, path):
        name = f"{path.strip('/').replace('/', '-')}-{RELEASE}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.path = os.path.join(FILES, name)

    def __enter__(self):
        self.file = open(self.path, 'w', encoding='ascii')
        return self

    def line(self, text):
        self.file.write(text + '\n')

    def __exit__(self, *exception):
        self.line('FIN')
        self.file.close()


def fast(_environ, _seconds, _trace):
    return 'fast'


def health(_environ, _seconds, _trace):
    if BROKEN == 'warm-up':
        raise RuntimeError(f'release {RELEASE} is broken: it does not warm up')
    return 'well'


def file(_environ, lines, trace):
    for number in range(lines):
        trace.line(str(number))
        time.sleep(1)
    return os.path.basename(trace.path)


def sleep(_environ, seconds, _trace):
    """One long sleep."""
    time.sleep(seconds)
    return 'slept'


def loop(_environ, seconds, _trace):
    """The same time in Python code and short sleeps."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.1)
    return 'looped'


def until(_environ, seconds, trace):
    """That time at most: it ends when somebody removes its trace."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and os.path.exists(trace.path):
        time.sleep(0.1)
    return 'until then'


def stubborn(_environ, seconds, _trace):
    """The same time, whatever is raised meanwhile."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            time.sleep(0.1)
        except BaseException:  # what no app should do
            pass
    return 'unmoved'


def hog(_environ, seconds, _trace):
    """About that time in one call of C that lets no other thread run."""
    return str(sum(range(seconds * 150_000_000)))


def recv(_environ, seconds, _trace):
    """The same time waiting for a connection of its own, as for a database."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(None)
        later(seconds, lambda: theirs.fileno() >= 0 and theirs.send(b'x'))
        if not ours.recv(1):
            raise ConnectionError('the other side is gone')
    return 'received'


def lock(_environ, seconds, _trace):
    """The same time waiting for a lock."""
    held = threading.Lock()
    held.acquire()
    later(seconds, held.release)
    held.acquire()
    return 'locked'


def sub(_environ, seconds, trace):
    """The same time waiting for a child process, which writes a file of its own."""
    subprocess.run(['sh', '-c', f'sleep {seconds}; echo END >"$0"', trace.path + '-child'], check=True)
    return os.path.basename(trace.path) + '-child'


def env(environ, _seconds, _trace):
    return json.dumps({
        'wsgi': {key: value if isinstance(value, (str, int, bool)) else repr(value) for key, value in environ.items()},
        'process': dict(os.environ),
    }, indent=1)


def who(environ, _seconds, _trace):
    with open('/proc/self/environ', 'rb') as started_with:
        first = dict(entry.partition(b'=')[::2] for entry in started_with.read().split(b'\0') if entry)
    return json.dumps({
        'pid': os.getpid(), 'worker': worker_number(), 'release': RELEASE, 'cwd': os.getcwd(), 'PWD': os.environ.get('PWD'),
        'file': __file__, 'prefix': sys.prefix, 'python': sys.version.split()[0],
        'LISTEN_FDS': first.get(b'LISTEN_FDS', b'').decode(), 'sys_path': sys.path,
        'multithread': environ['wsgi.multithread'], 'multiprocess': environ['wsgi.multiprocess'],
    }, indent=1)


def stream(seconds, trace):
    """A line a second; the finally: block writes FIN when the server closes the body."""
    with trace:
        for number in range(seconds):
            trace.line(str(number))
            yield f'{number:09d}\n'.encode()
            time.sleep(1)
        trace.line('END')


ROUTES = {function.__name__: function for function in (fast, health, file, sleep, loop, until, stubborn, hog, recv, lock, sub, env, who)}
WITHOUT_TRACE = {'fast', 'health', 'env', 'who'}


def application(environ, start_response):
    """`/file?5` is five seconds of work; `/stream?5&length` says its Content-Length."""
    path = environ.get('PATH_INFO', '')
    number, _, option = environ.get('QUERY_STRING', '').partition('&')
    seconds = int(number or 0)
    headers = [('Content-Type', 'text/plain'), ('X-Release', RELEASE), ('X-Pid', str(os.getpid()))]
    if path == '/stream':
        if option == 'length':
            headers.append(('Content-Length', str(10 * seconds)))
        start_response('200 OK', headers)
        return stream(seconds, Trace(path))
    route = ROUTES.get(path.strip('/'))
    if route is None:
        start_response('404 Not Found', [*headers, ('Content-Length', '0')])
        return [b'']
    if route.__name__ in WITHOUT_TRACE:
        text = route(environ, seconds, None)
    else:
        with Trace(path) as trace:
            text = route(environ, seconds, trace)
            trace.line('END')
    body = (text + '\n').encode()
    start_response('200 OK', [*headers, ('Content-Length', str(len(body)))])
    return [body]
