"""The command line, as the unit file gives it."""
import argparse
import re
import signal

import _wsgictl_exits as exits


def parse(arguments):
    parser = _Parser(prog="wsgictl worker", allow_abbrev=False)
    parser.add_argument("--check", action="store_true", help="only look whether the app could be run here")

    identity = parser.add_argument_group("identity")
    identity.add_argument("--app", default="app")
    identity.add_argument("--generation", default="0")
    identity.add_argument("--worker", default="0")

    app = parser.add_argument_group("the app")
    what = app.add_mutually_exclusive_group(required=True)
    what.add_argument("--module", metavar="PKG.MOD[:CALLABLE]")
    what.add_argument("--script", metavar="FILE")
    what.add_argument("--factory", metavar="PKG:FUNCTION()")
    app.add_argument("--callable", default="application", help="the callable's name, where --module does not name it")
    app.add_argument("--python-path", action="append", default=[], metavar="DIR")
    app.add_argument("--gunicorn-config", metavar="FILE")

    work = parser.add_argument_group("work")
    work.add_argument("--threads", type=_count, default=1)
    work.add_argument("--multiprocess", action="store_true", help="the app has more than one worker")
    work.add_argument("--max-requests", type=_count)
    work.add_argument("--max-requests-jitter", type=int, default=0)
    work.add_argument("--request-timeout", type=_seconds)
    work.add_argument("--header-timeout", type=_seconds, default=5.0)
    work.add_argument("--idle-timeout", type=_seconds, help="how long a client may give or take nothing; without, for ever")
    work.add_argument("--min-rate", type=_count, help="bytes a second")
    work.add_argument("--header-map", choices=["drop", "pass"], default="drop")
    work.add_argument("--mount", action="append", default=[], metavar="PATH", help="a value of SCRIPT_NAME, unescaped")
    work.add_argument("--route", action="append", default=[], metavar="PATH",
                      help="beside the mounts, a path that requests are for")
    work.add_argument("--proof", action="store_true", help="the proxy proves itself by a secret, which is a credential")
    work.add_argument("--variable", action="append", default=[], type=_pair, metavar="NAME=HEADER",
                      help="a variable of the environ that the proxy tells in a header")
    work.add_argument("--environ", action="append", default=[], type=_pair, metavar="NAME=VALUE",
                      help="put into the environ of each request")
    work.add_argument("--backlog", type=_count, default=2048)

    warm = parser.add_argument_group("before the first connection")
    warm.add_argument("--warm-up", action="append", default=[], metavar="PATH")
    warm.add_argument("--warm-up-host", default="localhost")
    warm.add_argument("--warm-up-status", type=_statuses, default=[(200, 399)], metavar="200-399")
    warm.add_argument("--warm-up-timeout", type=_seconds, default=10.0)

    warm.add_argument("--ready-timeout", type=_seconds, help="after which systemd ends a worker that is not ready")
    warm.add_argument("--settle", type=_seconds, default=0.0, help="how long a generation on trial accepts nothing")
    warm.add_argument("--committed", metavar="LINK", help="the link that ends in the number of the committed generation")

    stop = parser.add_argument_group("the stop")
    stop.add_argument("--children", choices=["kill", "wait"], default="kill")
    stop.add_argument("--graceful-timeout", type=_seconds, default=30.0)
    stop.add_argument("--interrupt-timeout", type=_seconds, default=5.0)
    stop.add_argument("--interrupt-signal", type=_signal, default=signal.SIGRTMIN + 8, metavar="RTMIN+8")
    return parser.parse_args(arguments)


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(exits.USAGE, f"{self.prog}: {message}\n")


def _count(text):
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _seconds(text):
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError(text)
    return number


def _statuses(text):
    """`200-399,404` as [(200, 399), (404, 404)]."""
    ranges = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        ranges.append((int(first), int(last or first)))
    return ranges


def _pair(text):
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ValueError(text)
    return name, value


def _signal(text):
    """`RTMIN+8`, or a name such as `USR2`."""
    found = re.fullmatch(r"(?:SIG)?RTMIN\+(\d+)", text)
    if found:
        return signal.SIGRTMIN + int(found[1])
    return signal.Signals["SIG" + text.removeprefix("SIG")].value
