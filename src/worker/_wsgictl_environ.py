"""What the environ of each request has beyond what gunicorn puts there: what mod_wsgi had put there in Apache."""
import os


class Environ:
    """`[environ]`, the mounts and the variables of `[proxy]`."""

    def __init__(self, options):
        self.constant = {name: _wsgi_text(value) for name, value in options.environ}
        # Of /shop and /shop/old, the longer one is meant.
        self.mounts = sorted(map(_wsgi_text, options.mount), key=len, reverse=True)
        self.variables = [(name, header.upper()) for name, header in options.variable]
        self.headers = {header.replace("-", "_") for _, header in self.variables}

    def take(self, headers):
        """The values that the proxy tells, and the headers without those that tell them.

        It sets each of these headers in every request, also to nothing: what stands there is its own word. If there are
        two, one of them is not, and none is believed. In another spelling it is a client's attempt.
        """
        if not self.variables:
            return {}, headers
        values = {}
        for name, header in self.variables:
            told = [value for key, value in headers if key == header]
            if len(told) == 1 and told[0]:
                values[name] = told[0]
        return values, [(key, value) for key, value in headers if key.replace("-", "_") not in self.headers]

    def complete(self, environ, values):
        """With `values` of take()."""
        environ.update(self.constant)
        environ.update(values)
        path = environ["PATH_INFO"]
        for mount in self.mounts:
            if path == mount or path.startswith(mount + "/"):
                environ["SCRIPT_NAME"], environ["PATH_INFO"] = environ["SCRIPT_NAME"] + mount, path[len(mount):]
                return


def _wsgi_text(text):
    """As PEP 3333 wants it: each byte a character."""
    return os.fsencode(text).decode("latin-1")
