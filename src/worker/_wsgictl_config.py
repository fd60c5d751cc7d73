"""gunicorn.conf.py and GUNICORN_CMD_ARGS: read as gunicorn reads them, with what cannot hold here named."""
import os
import sys

from gunicorn.app.base import Application
from gunicorn.config import get_default_config_file

import _wsgictl_environment as environment
import _wsgictl_exits as exits

# Settings of which the unit, the socket or the command line decides, and who does.
_SYSTEMD = "systemd does that"
_INI = "the app's INI file decides"
_SOCKET = "the socket belongs to systemd"
_UNUSED = "there is no arbiter here"
_IGNORED = {
    "bind": _SOCKET, "backlog": _INI, "reuse_port": _SOCKET,
    "workers": _INI, "threads": _INI, "worker_class": "requests are answered by threads = N of the app's INI file",
    "worker_connections": _UNUSED, "worker_tmp_dir": _UNUSED,
    "max_requests": _INI, "max_requests_jitter": _INI,
    "timeout": "request-timeout and watchdog of the app's INI file decide", "graceful_timeout": _INI,
    "keepalive": "every answer says Connection: close",
    "user": _INI, "group": _INI, "umask": _INI, "initgroups": _SYSTEMD, "chdir": _INI,
    "daemon": _SYSTEMD, "pidfile": _SYSTEMD, "enable_stdio_inheritance": _SYSTEMD,
    "proc_name": "units have names", "preload_app": "every worker imports the app for itself",
    "reload": "wsgictl reload does that", "reload_engine": "wsgictl reload does that",
    "reload_extra_files": "wsgictl reload does that",
    "forwarded_allow_ips": "who connects to the socket is the proxy",
    "wsgi_app": _INI, "paste": _INI, "spew": _UNUSED, "check_config": _UNUSED, "print_config": _UNUSED,
    "header_map": _INI, "forwarder_headers": "header-map of the app's INI file decides",
    "http_protocols": "the proxy speaks HTTP/1.1 to this socket",
    "control_socket": _UNUSED, "control_socket_mode": _UNUSED,
}
_NEVER_CALLED = {
    "on_reload": "a reload starts new workers", "nworkers_changed": _UNUSED, "pre_exec": _UNUSED,
    **dict.fromkeys(("on_starting", "when_ready", "on_exit"), "it is for the whole server, and here are only workers"),
    "worker_int": "SIGINT lets a worker finish, as SIGTERM does", "worker_abort": "systemd ends what hangs",
}
# To go on without these would be worse than not to start.
_REFUSED = {
    "certfile": "TLS is the proxy's: this worker would answer without it",
    "keyfile": "TLS is the proxy's: this worker would answer without it",
}


def load(options):
    try:
        return Configuration(options)
    except BadConfig as error:
        raise environment.Failure(exits.BAD_CONFIG, error) from error


class BadConfig(Exception):
    """gunicorn.conf.py cannot be used."""


class Configuration(Application):
    """gunicorn's settings for one worker: `cfg`, and `remarks`, a line for each setting that does not hold here."""

    def __init__(self, options):
        self.options = options
        self.remarks = []
        self.given = set()  # names of settings
        super().__init__(prog="wsgictl worker")

    def do_load_config(self):
        self.load_default_config()
        # The parser calls sys.exit() for what it does not know, and so does the reading of a file that raises.
        try:
            self._read_all()
        except BadConfig:
            raise
        except SystemExit as end:
            cause = end.__context__
            why = "see above" if cause is None else f"{type(cause).__name__}: {cause}"
            raise BadConfig(f"gunicorn's settings cannot be read: {why}") from None
        except Exception as error:
            raise BadConfig(f"gunicorn's settings cannot be read: {error}") from error
        self._override()
        self._extend_path()

    def _read_all(self):
        parser = self.cfg.parser()
        given = vars(parser.parse_args(self.cfg.get_cmd_args_from_env()))
        path = self.options.gunicorn_config or given.get("config") or get_default_config_file()
        if path:
            names = self.load_config_from_file(path).keys() & self.cfg.settings.keys()
            self._remark(os.path.basename(path), names)
        arguments = {name: value for name, value in given.items() if value is not None}
        for name in ("args", "config"):
            arguments.pop(name, None)
        for name, value in arguments.items():
            self.cfg.set(name, value)
        self._remark("GUNICORN_CMD_ARGS", arguments)

    def _remark(self, source, names):
        self.given.update(names)
        for name in sorted(names):
            # A default written out asks for nothing.
            if name in _REFUSED and self.cfg.settings[name].get():
                raise BadConfig(f"{source}: {name} is set. {_REFUSED[name]}")
            if name in _IGNORED:
                self.remarks.append(f"{source}: {name} is ignored: {_IGNORED[name]}")
            elif name.startswith(("dirty_", "on_dirty", "http2_", "asgi_", "control_socket")):
                self.remarks.append(f"{source}: {name} is ignored: {_UNUSED}")
            elif name in _NEVER_CALLED:
                self.remarks.append(f"{source}: {name} is never called: {_NEVER_CALLED[name]}")

    def _override(self):
        options = self.options
        values = {
            "workers": 2 if options.multiprocess else 1,  # gunicorn makes wsgi.multiprocess of it
            "threads": options.threads, "worker_class": "sync", "backlog": options.backlog,
            "max_requests": 0, "max_requests_jitter": 0, "timeout": 0,
            "user": os.geteuid(), "group": os.getegid(), "worker_tmp_dir": None,
            "daemon": False, "pidfile": None, "preload_app": False, "reload": False, "reuse_port": False,
            "default_proc_name": options.app, "forwarded_allow_ips": "*",
            # Names with `_` are dropped by ours before; gunicorn must not answer 400 for them.
            "header_map": "dangerous" if options.header_map == "pass" else "drop",
        }
        for name, value in values.items():
            if name in self.cfg.settings:  # not every version has them all
                self.cfg.set(name, value)

    def _extend_path(self):
        """As Application.run() does, which is not called here."""
        for path in (self.cfg.pythonpath or "").split(","):
            if path and os.path.abspath(path) not in sys.path:
                sys.path.insert(0, os.path.abspath(path))

    def listen_on(self, addresses):
        """For hooks that look at server.address or cfg.bind."""
        self.cfg.set("bind", addresses)
