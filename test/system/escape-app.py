"""Tries to get out of its sandbox when it is asked to, and says what came of each attempt."""
import ctypes
import json
import mmap
import os
import socket
import subprocess

LIBC = ctypes.CDLL(None, use_errno=True)
BLOG = int(open('/srv/shop/blog.pid').read())
GROUP = '/sys/fs/cgroup' + open('/proc/self/cgroup').read().strip().split(':')[-1]
os.environ['XDG_RUNTIME_DIR'] = f'/run/user/{os.getuid()}'


def call(*args):
    if ctypes.c_long(LIBC.syscall(*args)).value == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def run(command):
    done = subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)
    if done.returncode != 0:
        raise OSError(done.returncode, (done.stdout + done.stderr).strip()[:200])
    return done.stdout


def write(path):
    with open(path, 'w') as file:
        file.write('x')


def listen_to(path):
    socket.socket(socket.AF_UNIX).connect(path)


def read(path):
    with open(path, 'rb') as file:
        return file.read(99)


def see_others():
    others = [pid for pid in os.listdir('/proc') if pid.isdigit() and os.stat(f'/proc/{pid}').st_uid != os.getuid()]
    if not others:
        raise OSError('none is seen')


def devices():
    extra = set(os.listdir('/dev')) - set('char core fd full hugepages log mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero'.split())
    if not extra:
        raise OSError('none but the usual')
    return sorted(extra)


def other_tmp():
    if 'of-blog' not in os.listdir('/tmp') + os.listdir('/var/tmp'):
        raise OSError('not there')


def script(path):
    write(path)
    os.chmod(path, 0o755)
    with open(path, 'w') as file:
        file.write('#!/bin/sh\ntrue\n')
    subprocess.run([path], check=True)


def writable_code():
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def setuid_file():
    write('/tmp/setuid')
    os.chmod('/tmp/setuid', 0o4755)


ATTEMPTS = {
    'move into a cgroup': lambda: write('/sys/fs/cgroup/cgroup.procs'),
    'make a cgroup': lambda: os.mkdir(f'{GROUP}/x'),
    'systemd-run': lambda: run('systemd-run --no-ask-password --no-block sleep 99'),
    'systemd-run --user': lambda: run('systemd-run --user --no-block sleep 99'),
    'list /run/user': lambda: os.listdir(os.environ['XDG_RUNTIME_DIR']),
    'su': lambda: run('su -c id'),
    'crontab': lambda: run("echo '* * * * * id' | crontab -"),
    'user namespace': lambda: run('unshare -Ur id'),
    'see other processes': see_others,
    'kill a worker of blog': lambda: os.kill(BLOG, 15),
    'environment of blog': lambda: read(f'/proc/{BLOG}/environ'),
    'files of blog': lambda: read('/srv/blog/secret'),
    '/tmp of blog': other_tmp,
    'connect to blog': lambda: listen_to('/run/wsgi/blog.sock'),
    'connect to its own socket': lambda: listen_to('/run/wsgi/shop.sock'),
    'remove the socket of blog': lambda: os.unlink('/run/wsgi/blog.sock'),
    'ask root': lambda: listen_to('/run/wsgi/request'),
    'connect to PID 1': lambda: listen_to('/run/systemd/private'),
    'mark of a failed roll': lambda: write('/run/wsgi/failed/shop'),
    'wish': lambda: write('/var/lib/wsgictl/shop/wish'),
    'write /etc': lambda: write('/etc/x'),
    'write /usr': lambda: write('/usr/x'),
    'mknod': lambda: os.mknod('/srv/shop/files/device', 0o20666, os.makedev(1, 1)),
    'devices': devices,
    'kernel log': lambda: run('dmesg'),
    'AF_PACKET': lambda: socket.socket(17, socket.SOCK_RAW),
    'AF_VSOCK': lambda: socket.socket(40, socket.SOCK_STREAM),
    'AF_ALG': lambda: socket.socket(38, socket.SOCK_SEQPACKET),
    'ptrace PID 1': lambda: call(101, 16, 1, 0, 0),
    'better priority': lambda: os.nice(-5),
    'keyctl': lambda: call(250, 0, -4, 0),
    'io_uring_setup': lambda: call(425, 4, ctypes.create_string_buffer(200)),
    'userfaultfd': lambda: call(323, 0),
    'bpf': lambda: call(321, 0, 0, 0),
    'perf': lambda: call(298, 0, 0, 0, 0, 0),
}
STRICT = {
    'setuid': lambda: os.setuid(os.getuid()),
    'script in /tmp': lambda: script('/tmp/script'),
    'script in /dev/shm': lambda: script('/dev/shm/script'),
    'setuid file': setuid_file,
    'writable code': writable_code,
    'write beside the code': lambda: write('/srv/shop/files/x'),
    'other accounts': lambda: os.chown('/tmp', 0, 0),
    'list /home': lambda: os.listdir('/home/alice'),
}


def attempt(act):
    try:
        return f'got through: {act()!r}'
    except (OSError, subprocess.SubprocessError) as error:
        return f'refused: {error}'


def stay():
    """A child that ignores all signals and has left its session; returns when it is there."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp('python3', ['python3', '-c', 'import signal, time\nfor n in set(range(1, 65)) - {9, 19, 32, 33}: signal.signal(n, 1)\ntime.sleep(9999)'])
        os._exit(0)
    os.wait()


def application(environ, start_response):
    if environ['PATH_INFO'] == '/stay':
        said = stay()
    elif environ['PATH_INFO'] == '/secret':
        said = {'key': read(os.environ['CREDENTIALS_DIRECTORY'] + '/key').decode()}
    else:
        said = {name: attempt(act) for name, act in (STRICT if environ['PATH_INFO'] == '/strict' else ATTEMPTS).items()}
    body = json.dumps(said).encode()
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [body]
