"""What the environ of each request has beyond what gunicorn puts there: what mod_wsgi had put there in Apache."""
import os
import re

import _wsgictl_proof as proofs

# A path with such a part is below another one than it seems, or than it seemed to the proxy.
_DOTS = re.compile(r"/\.\.?(/|$)")

_HOST = re.compile(r"([^:\[\]]*|\[[^\[\]]*\])(?::(\d*))?")


class Environ:
    """`[environ]`, the mounts and the variables of `[proxy]`."""

    def __init__(self, options):
        self.constant = {name: _wsgi_text(value) for name, value in options.environ}
        # Of /shop and /shop/old, the longer one is meant.
        self.mounts = sorted(map(_wsgi_text, options.mount), key=len, reverse=True)
        self.routes = [_wsgi_text(route) for route in options.route]
        self.variables = [(name, header.upper()) for name, header in options.variable]
        # The proof is nothing for the app, whether it is asked for or not.
        self.headers = {header.replace("-", "_") for header in [proofs.HEADER, *(header for _, header in self.variables)]}

    def take(self, headers):
        """The values that the proxy tells, and the headers without those that tell them.

        It sets each of these headers in every request, also to nothing: what stands there is its own word. If there are
        two, one of them is not, and none is believed. In another spelling it is a client's attempt.
        """
        values = {}
        for name, header in self.variables:
            told = [value for key, value in headers if key == header]
            if len(told) == 1 and told[0]:
                values[name] = told[0]
        return values, [(key, value) for key, value in headers if key.replace("-", "_") not in self.headers]

    def complete(self, environ, values):
        """With `values` of take(). Returns whether the path is the app's: below a mount or a route, where it has mounts."""
        environ.update(self.constant)
        environ.update(values)
        path = environ["PATH_INFO"]
        if not self.mounts:
            return True
        if _DOTS.search(path):
            return False
        for mount in self.mounts:
            if _is_below(path, mount):
                environ["SCRIPT_NAME"], environ["PATH_INFO"] = environ["SCRIPT_NAME"] + mount, path[len(mount):]
                return True
        return any(_is_below(path, route) for route in self.routes)


def server(headers, scheme):
    """SERVER_NAME and SERVER_PORT of a request that came over a Unix socket: what the client thinks they are."""
    host = next((value for name, value in headers if name == "HOST"), "")
    found = _HOST.fullmatch(host)
    name, port = found.groups() if found else (None, None)
    return name or "localhost", port or ("443" if scheme == "https" else "80")


def _is_below(path, prefix):
    return prefix == "/" or path == prefix or path.startswith(prefix + "/")


def _wsgi_text(text):
    """As PEP 3333 wants it: each byte a character."""
    return os.fsencode(text).decode("latin-1")
