"""Where in the code something is, or was: the lines that somebody should look at, in a few words."""
import os
import sys

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_LIBRARIES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def of_thread(thread):
    """Where a thread is: the line that does not return and, if that is a library's, the app's own line that led there."""
    frame = sys._current_frames().get(thread)
    if frame is None:
        return "gone"
    lines = []
    while frame is not None:
        lines.append((frame.f_code.co_filename, f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"))
        frame = frame.f_back
    lines = [line for line in lines if _is_python(line[0])] or lines
    where = lines[0][1]
    own = next((text for file, text in lines if _is_own(file)), where)
    return f"at {where}" if own == where else f"at {where}, from {own}"


def of_error(error):
    """The app's line that an exception came from, `FILE:LINE`; None where it came from nowhere in particular."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    lines = []
    trace = error.__traceback__
    while trace is not None:
        lines.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    lines = [line for line in lines if _is_python(line[0]) and not line[0].startswith(_OURS)]
    own = [line for line in lines if _is_own(line[0])] or lines
    return f"{own[-1][0]}:{own[-1][1]}" if own else None


def _is_python(file):
    """Not the machinery of an import."""
    return not file.startswith("<frozen ")


def _is_own(file):
    """A file of the app, not of a library."""
    try:
        directory = os.getcwd()
    except OSError:
        return False  # it was cleaned away
    inside = directory != os.sep and file.startswith(directory + os.sep)
    return inside and not any(part in file for part in _LIBRARIES)
