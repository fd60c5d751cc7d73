"""An app that does what it may, and should not: it asks systemd for more time, or takes its socket away from all."""
import atexit
import os
import signal
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def said(name):
    """What the test says in a file beside this one, if anything."""
    try:
        with open(os.path.join(HERE, name), encoding='ascii') as file:
            return file.read().strip()
    except FileNotFoundError:
        return None


def extend():
    """For ever: more time, in its start as in its stop."""
    while True:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
                notify.sendto(b'EXTEND_TIMEOUT_USEC=86400000000', '/run/systemd/notify')
        except OSError:
            pass
        time.sleep(0.1)


def hold():
    print('holding', flush=True)
    while True:
        try:
            time.sleep(3600)
        except BaseException:  # the interrupt too
            pass


def act(deed):
    listener = socket.socket(fileno=os.dup(3)) if deed.startswith('shut') else None
    if deed == 'shut':
        listener.shutdown(socket.SHUT_RDWR)
    elif deed == 'shut-reading':
        listener.shutdown(socket.SHUT_RD)
    elif deed == 'shut-reading-at-exit':
        atexit.register(listener.shutdown, socket.SHUT_RD)
    elif deed == 'deaf-and-shut':
        sys.modules['_wsgictl_loop']._GONE = 0  # what is to notice it is in the app's hands
        socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_RD)
    elif deed == 'close':
        os.close(3)
    elif deed == 'close-all':
        os.closerange(3, 256)
    elif deed == 'replace':
        os.dup2(os.open('/dev/null', os.O_RDONLY), 3)
    elif deed == 'replace-by-socket':
        os.dup2(socket.socket(socket.AF_UNIX).detach(), 3)
    elif deed == 'unlink':
        os.unlink('/run/wsgi/shut.sock')


BROKEN = said('broken')
if said('extends') is not None:
    threading.Thread(target=extend, daemon=True).start()
if BROKEN == 'hangs':
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGRTMIN + 8):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(86400)
if BROKEN in ('shut', 'shut-reading'):
    act(BROKEN)
if BROKEN == 'quits':
    os._exit(78)


def application(environ, start_response):
    path = environ['PATH_INFO'].strip('/')
    body = f'{os.getpid()}\n'.encode()
    if path == 'hold':
        hold()
    elif path:
        try:
            act(path)
        except OSError as error:
            body = f'{error}\n'.encode()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
