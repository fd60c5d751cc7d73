"""What an ordinary account says in the name of others, until it is ended.

`forged.py fields` writes to the journal with the fields of workers' runs and of systemd's complaints. `forged.py link`, as
the unit forged.service of its own user manager, says what unit forged.service says, and gives that a worker's invocation.
"""
import os
import signal
import socket
import sys
import time

UNITS = '/run/systemd/units'
CHECKS = '/run/systemd/system'
OWN = f'/run/user/{os.getuid()}/systemd/units/invocation:forged.service'
SECONDS = 8  # for each run


def send(**fields):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.sendto(''.join(f'{key}={value}\n' for key, value in fields.items()).encode(), '/run/systemd/journal/socket')


def runs():
    """Which unit has which invocation: nothing of it is a secret."""
    for name in os.listdir(UNITS):
        if name.startswith('invocation:wsgi-worker-'):
            try:
                yield name.partition(':')[2], os.readlink(f'{UNITS}/{name}')
            except OSError:
                pass


def by_fields(unit, run):
    vouched = {'_SYSTEMD_UNIT': unit, '_SYSTEMD_INVOCATION_ID': run, '_PID': 1, '_UID': 0}
    for fields in ({}, vouched):
        send(MESSAGE='\x1b[32meve by fields', UNIT=unit, INVOCATION_ID=run, OBJECT_SYSTEMD_UNIT=unit, COREDUMP_UNIT=unit, **fields)


def by_link(_unit, run):
    os.symlink(run, OWN + '.new')
    os.rename(OWN + '.new', OWN)
    # A process that journald has not seen yet, and which is there until it has looked, as the link is.
    if os.fork() == 0:
        send(MESSAGE='eve by a link')
        time.sleep(1)
        os._exit(0)
    time.sleep(0.1)


def complain():
    for name in os.listdir(CHECKS):
        if not name.startswith('wsgi-check-'):
            continue
        try:
            with open(f'{CHECKS}/{name}', encoding='utf-8') as unit_file:
                lines = unit_file.read().split('\n')
        except OSError:
            continue
        for number, line in enumerate(lines, 1):
            if line.startswith('MemoryMax='):
                send(MESSAGE=f'{CHECKS}/{name}:{number}: eve does not like it', CONFIG_FILE=f'{CHECKS}/{name}', CONFIG_LINE=number, _PID=1)


signal.signal(signal.SIGCHLD, signal.SIG_IGN)
speak = by_link if sys.argv[1] == 'link' else by_fields
seen = {}
while True:
    for unit_and_run in runs():
        if time.monotonic() - seen.setdefault(unit_and_run, time.monotonic()) < SECONDS:
            speak(*unit_and_run)
    complain()
    time.sleep(0.05)
