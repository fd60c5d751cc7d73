"""Requests that the worker makes to its own app before it is ready: plain calls, no socket."""
import io
import os
import re
import sys
import threading
import traceback
from urllib.parse import unquote_to_bytes

import _wsgictl_environ as environs
import _wsgictl_exits as exits
import _wsgictl_log as log


class Cold(Exception):
    """The app does not answer as it should."""


def warm_up(app, options):
    for path in options.warm_up:
        # In the main thread, where requests will run too: caches and connections often belong to a thread. So a
        # timer has to end a call that does not return, and with it this process, which has not served anybody yet.
        timer = threading.Timer(options.warm_up_timeout, _give_up, [path, options, threading.get_ident()])
        timer.daemon = True
        timer.start()
        try:
            status = _request(app, path, options)
        finally:
            timer.cancel()
        if not _wanted(status, options.warm_up_status):
            raise Cold(f"warm-up {path}: answered {status}, wanted {_ranges(options.warm_up_status)}{_hint(status, options)}")


def _request(app, path, options):
    statuses = []

    def start_response(status, headers, exc_info=None):
        statuses.append(status)
        return lambda data: None

    result = app(_environ(path, options), start_response)
    try:
        for _ in result:
            pass
    finally:
        if hasattr(result, "close"):
            result.close()
    if not statuses:
        raise Cold(f"warm-up {path}: the app did not call start_response")
    return statuses[-1]


def _environ(path, options):
    path, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": os.environ.get("SCRIPT_NAME", ""),
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": path,
        "SERVER_NAME": re.sub(r":\d+$", "", options.warm_up_host),
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "wsgictl",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": options.warm_up_host,
        "HTTP_USER_AGENT": "wsgictl-warm-up",
        # As if by TLS: an app that redirects to https would warm up nothing but its redirect.
        "HTTP_X_FORWARDED_PROTO": "https",
        "wsgi.url_scheme": "https",
        "wsgi.version": (1, 0),
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": options.threads > 1,
        "wsgi.multiprocess": options.multiprocess,
        "wsgi.run_once": False,
    }
    environs.Environ(options).complete(environ, {})
    return environ


def _give_up(path, options, thread):
    try:
        frame = sys._current_frames().get(thread)
        log.text_block("".join(traceback.format_stack(frame)))
        log.error(f"warm-up {path}: no answer after {options.warm_up_timeout:g} s, the app was in the place shown above")
    finally:
        exits.leave(exits.COLD)


def _wanted(status, ranges):
    try:
        code = int(status.split()[0])
    except (ValueError, IndexError):
        return False
    return any(first <= code <= last for first, last in ranges)


def _ranges(ranges):
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def _hint(status, options):
    if not status.startswith("400"):
        return ""
    return f" (does the app, Django's ALLOWED_HOSTS say, allow the host {options.warm_up_host}? [health] host names another)"
