"""Drops request headers that could pass for something else in the environ.

Over a unix socket gunicorn trusts every peer as a proxy: SCRIPT_NAME and PATH_INFO move the path in every version, and
old versions make HTTP_X_REMOTE_USER of `X_Remote_User`, which a proxy that clears `X-Remote-User` lets through.
"""


def trusted(headers):
    """gunicorn's names are in upper case. The environ knows no difference between `-` and `_`, so a name with `_` is
    never the proxy's own; that is also what SCRIPT_NAME and PATH_INFO are."""
    return [(name, value) for name, value in headers if "_" not in name]
