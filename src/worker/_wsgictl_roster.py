"""The workers of an app that are alive, for a gunicorn.conf.py with a child_exit.

Each worker has a file, named by its pid and locked as long as it lives: the kernel takes the lock away, whatever ends the
process. They are in the /tmp that the app's workers share.
"""
import fcntl
import os
import stat
import tempfile


class Roster:
    def __init__(self, app):
        self.folder = os.path.join(tempfile.gettempdir(), f".wsgictl-{app}-{os.geteuid()}")
        self.file = None

    def enter(self):
        """Without effect where the folder cannot be had: then nobody is told of those that were killed."""
        try:
            os.makedirs(self.folder, 0o700, exist_ok=True)
            self._check()
            # It gets its name when it is locked: nobody must take it for that of a dead one.
            new = os.path.join(self.folder, f"new-{os.getpid()}")
            self.file = os.open(new, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.rename(new, self._path(os.getpid()))
        except OSError:
            self.file = None

    def dead(self):
        """The pids of workers that ended without leaving, each told to one caller only."""
        if self.file is None:
            return []
        try:
            pids = [int(name) for name in os.listdir(self.folder) if name.isdigit()]
        except OSError:
            return []
        # Not our own: the lock would be gone with the first close().
        return [pid for pid in pids if pid != os.getpid() and self._take(self._path(pid))]

    def leave(self):
        if self.file is not None:
            try:
                os.unlink(self._path(os.getpid()))
            except OSError:
                pass

    def _path(self, pid):
        return os.path.join(self.folder, str(pid))

    def _check(self):
        found = os.lstat(self.folder)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise PermissionError(self.folder)

    def _take(self, path):
        try:
            file = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file).st_ino != os.stat(path).st_ino:
                return False
            os.unlink(path)
            return True
        except OSError:
            return False
        finally:
            os.close(file)
