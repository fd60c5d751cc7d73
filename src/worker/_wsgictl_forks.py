"""Processes that the app forks from the worker. They are the app's: none of them may go on as a second worker.

A child that comes back from the app's code, be it by a return, by sys.exit() or by an exception, would answer the same
client once more and then accept connections, unwatched by anybody.
"""
import os
import sys
import traceback

import _wsgictl_exits as exits

forked = False  # this is not the worker, but a child of its


def leave(error):
    """Ends the child, as Python would have done: `error` is what came out of the app's code, or None."""
    status = 1
    try:
        if isinstance(error, SystemExit):
            code = error.code or 0
            if not isinstance(code, int):
                print(code, file=sys.stderr)
                code = 1
            status = code
        elif error is None:
            status = 0
        else:
            traceback.print_exception(type(error), error, error.__traceback__)
    finally:
        # Whatever it has made of its streams: it never comes back.
        exits.leave(status & 0xff)


def _mark():
    global forked
    forked = True


os.register_at_fork(after_in_child=_mark)
