"""Loads the WSGI app: a module and a factory as gunicorn does, a script as mod_wsgi does."""
import hashlib
import importlib.util
import os
import sys
import types

import _wsgictl_exits as exits


class NoCallable(Exception):
    """The app's file was run, but does not hold what was asked for."""


def extend_path(options):
    """The directories of python-path come first, then the app's own."""
    # Without a directory of its own the unit runs in /, where every directory would pass for a package.
    directory = os.getcwd()
    wanted = options.python_path + ([directory] if directory != "/" else [])
    sys.path[:] = wanted + [entry for entry in sys.path if entry not in wanted]


def load(options):
    if options.script:
        return _load_script(options.script, options.callable)
    # Imported here, when the path is complete: the app's environment decides which gunicorn it is.
    from gunicorn import util
    return util.import_app(_target(options))


def describe(options):
    return options.script or _target(options)


def missing(options):
    """Why the app cannot be there, found without running any of its code; None where it may be."""
    if options.script:
        if os.access(options.script, os.R_OK) and os.path.isfile(options.script):
            return None
        return f"cannot read the script {options.script}"
    # Only the first part of a dotted name: to look for the next one would import it.
    package = _target(options).partition(":")[0].partition(".")[0]
    try:
        found = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        found = None
    return None if found else f"no module {package} in {':'.join(filter(None, sys.path))}"


def _target(options):
    if options.factory:
        return options.factory if options.factory.endswith(")") else options.factory + "()"
    return options.module if ":" in options.module else f"{options.module}:{options.callable}"


def _load_script(path, name):
    """Runs a file of any name. Its directory is not added to the path, nothing is cached beside it."""
    path = os.path.abspath(path)
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    # The module's name can be nobody else's; pickle and debuggers find it in sys.modules.
    module = types.ModuleType("_wsgi_script_" + hashlib.sha256(os.fsencode(path)).hexdigest()[:32])
    module.__file__ = path
    sys.modules[module.__name__] = module
    exec(code, module.__dict__)
    try:
        return getattr(module, name)
    except AttributeError:
        raise NoCallable(f"{path} has no {name!r}") from None


def exit_status(error):
    """What a failure to load ends with."""
    from gunicorn.errors import AppImportError
    return exits.LOAD_ERROR if isinstance(error, (AppImportError, NoCallable)) else exits.BOOT_ERROR
