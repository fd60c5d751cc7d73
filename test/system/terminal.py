"""Runs a command on a terminal of its own and does something to it: terminal.py ACTION SECONDS COMMAND…

ACTION is done so many seconds after the command has named the generation that it rolls to. Prints what the terminal
showed, and in the last line the command's exit code, or minus the signal that ended it.
"""
import os
import pty
import select
import signal
import sys
import time

action, seconds, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
shown = b''


def read(until):
    """Reads what comes until a time; returns whether more can come."""
    global shown
    while (left := until - time.monotonic()) > 0:
        if not select.select([terminal], [], [], left)[0]:
            return True
        try:
            shown += os.read(terminal, 65536)
        except OSError:
            return False
        if until == FOREVER and b': generation ' in shown:
            return True
    return True


child, terminal = pty.fork()
if child == 0:
    os.environ['TERM'] = 'xterm'
    if action == 'hang up, unheard':
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execvp(command[0], command)
FOREVER = time.monotonic() + 60
alive = read(FOREVER) and read(time.monotonic() + seconds)
if alive and action.startswith('hang up'):
    os.close(terminal)
elif alive:
    for interrupt in range(2 if action == 'interrupt twice' else 1):
        time.sleep(0.03 * interrupt)
        try:
            os.write(terminal, b'\x03')
        except OSError:
            break
if not action.startswith('hang up'):
    read(time.monotonic() + 60)
_, status = os.waitpid(child, 0)
print(shown.decode(errors='replace'))
print(os.waitstatus_to_exitcode(status))
