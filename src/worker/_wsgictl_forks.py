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
    status = 0
    if isinstance(error, SystemExit):
        status = error.code
        if status is not None and not isinstance(status, int):
            print(status, file=sys.stderr)
            status = 1
    elif error is not None:
        traceback.print_exception(type(error), error, error.__traceback__)
        status = 1
    exits.leave((status or 0) & 0xff)


def _mark():
    global forked
    forked = True


os.register_at_fork(after_in_child=_mark)
