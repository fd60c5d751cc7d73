"""--check: could this app be run here? Runs gunicorn.conf.py, as gunicorn would, and nothing of the app."""
import platform
import sys

import _wsgictl_app as app
import _wsgictl_config as config
import _wsgictl_environment as environment
import _wsgictl_exits as exits


def check(options):
    print(f"gunicorn {environment.gunicorn_version()}, Python {platform.python_version()}, {sys.executable}")
    for remark in config.load(options).remarks:
        print(remark)
    reason = app.missing(options)
    if reason:
        raise environment.Failure(exits.NO_APP, reason)
    return 0
