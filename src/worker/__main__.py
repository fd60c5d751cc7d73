"""Runs one worker of a WSGI app in a systemd unit: `python DIRECTORY --app=NAME --module=shop.wsgi ...`.

One unit instance is one process: nothing forks, nothing binds. The unit inherits the app's listening socket from
systemd, says READY=1 when the app is imported and warm, and answers until it gets SIGTERM. `--check` only looks
whether it could. The command line is in _wsgictl_options, the exit statuses are in _wsgictl_exits.
"""
import _wsgictl_signals as signals

signals.hush()

import os
import signal
import sys

import _wsgictl_environment as environment
import _wsgictl_exits as exits
import _wsgictl_hang as hang
import _wsgictl_log as log
import _wsgictl_options as options
import _wsgictl_systemd as systemd


def main(arguments):
    # Python has put the directory that it runs in front of the path. It is needed until all of ours is imported; the
    # app must not find us there.
    own = sys.path.pop(0)
    given = options.parse(arguments)
    notifier = systemd.Notifier()
    log.keep_crashes()
    hanging = hang.Watch(given, notifier)
    try:
        hanging.start()
        environment.prepare(given)
        sys.path.insert(0, own)
        environment.gunicorn_version()
        import _wsgictl_check as check
        import _wsgictl_process as process
        sys.path.remove(own)
        if not given.check:
            return process.run(given, notifier, hanging)
        status = check.check(given)
    except environment.Failure as failure:
        failure.tell(notifier)
        status = failure.exit_status
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    # A thread that the app, or gunicorn.conf.py, has started would keep Python from ending.
    exits.leave(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
