"""Drops request headers that could pass for something else in the environ.

Over a unix socket gunicorn trusts every peer as a proxy: SCRIPT_NAME and PATH_INFO move the path in every version, and
old versions make HTTP_X_REMOTE_USER of `X_Remote_User`, which a proxy that clears `X-Remote-User` lets through.
"""
from gunicorn.http import message
from gunicorn.http.errors import InvalidHeaderName


def trusted(headers):
    """gunicorn's names are in upper case. The environ knows no difference between `-` and `_`, so a name with `_` is
    never the proxy's own; that is also what SCRIPT_NAME and PATH_INFO are."""
    return [(name, value) for name, value in headers if "_" not in name]


def refuse_other_letters():
    """Has gunicorn answer 400 where a header's name is not ASCII, as its newer versions do.

    Before 22 it looks at a name when it is in upper case, and in Python that of the sharp s is `SS`: a byte 0xDF in
    `X-Wsgictl-...L-CLIENT-S-DN` would make it the proxy's own.
    """
    original = message.Message.parse_headers

    def parse_headers(self, data, *args, **kwargs):
        if not data.isascii():
            for line in data.split(b"\r\n"):
                name = line.partition(b":")[0]
                if not name.startswith((b" ", b"\t")) and not name.isascii():
                    raise InvalidHeaderName(name.decode("latin-1"))
        return original(self, data, *args, **kwargs)

    message.Message.parse_headers = parse_headers


refuse_other_letters()
