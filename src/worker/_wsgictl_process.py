"""The life of a worker, from its sockets to its exit status."""
import os
import socket
import threading
import time

import _wsgictl_app as app
import _wsgictl_children as children
import _wsgictl_config as config
import _wsgictl_control as control
import _wsgictl_environment as environment
import _wsgictl_exits as exits
import _wsgictl_forks as forks
import _wsgictl_log as log
import _wsgictl_loop as loops
import _wsgictl_place as place
import _wsgictl_request as request
import _wsgictl_server as servers
import _wsgictl_signals as signals
import _wsgictl_systemd as systemd
import _wsgictl_warmup as warmup
import _wsgictl_worker as workers


def run(options, notifier, hanging):
    """Returns the exit status of a worker that was ready once. Raises Failure where there is none."""
    began = time.monotonic()
    listeners = systemd.inherited_sockets(options.backlog)
    if not listeners:
        message = "no socket: systemd passed none on, and a worker opens none by itself"
        raise environment.Failure(exits.NO_SOCKET, f"{message} (is wsgi-app@{options.app}.socket active?)")
    configuration = config.load(options)
    for remark in configuration.remarks:
        log.info(remark)
    configuration.listen_on([_address(listener) for listener in listeners])

    # Until READY=1 a stop does what it does by default: it ends a hanging import at once.
    boot = _Boot(options, configuration, listeners)
    try:
        boot.run()
        if forks.forked:
            forks.leave(None)  # what the app forked while it was imported, and that has come back
        _refuse_shut(options, listeners)
        own_signals = signals.Signals(options.interrupt_signal, request.interrupt_current)
        between = own_signals.keep if options.threads == 1 else _nothing
        loop = loops.Loop(options, listeners, boot.worker, between)
        watch = control.Control(options, notifier, own_signals, boot.requests, loop, boot.log)
        boot.worker.retire = loop.retire = watch.retire
        own_signals.take()
        crew = _Crew(options.threads, loop, watch)
    except BaseException as error:
        if forks.forked:
            forks.leave(error)
        hanging.stop()
        raise boot.failed(error, notifier) from None
    hanging.stop()
    notifier.send(READY=1)
    log.info(f"ready after {time.monotonic() - began:.1f} s")
    if _on_trial(options):
        loop.hold(options.settle)
    crew.serve()
    return _finish(options, watch, boot)


class _Boot:
    """Everything before READY=1, in gunicorn's order."""

    def __init__(self, options, configuration, listeners):
        self.options = options
        self.configuration = configuration
        self.listeners = listeners
        self.requests = request.Requests(options)
        self.log = self.server = self.worker = None

    def run(self):
        cfg = self.configuration.cfg
        self.log = cfg.logger_class(cfg)
        log.keep_lines(self.log)
        os.environ.update(cfg.env)
        self.server = servers.Server(self.configuration, self.log, self.listeners)
        worker = workers.Worker(self.options, self.configuration, self.log, self.listeners, self.requests)
        self.worker = worker
        self.server.forking(worker)
        self.configuration.callable = app.load(self.options)
        worker.load(self.configuration.callable)
        self.server.initialised(worker)
        warmup.warm_up(self.configuration.callable, self.options)

    def failed(self, error, notifier):
        """Why there will be no worker: a Failure, which is told."""
        if isinstance(error, KeyboardInterrupt):
            return error
        failure = self._failure(error)
        failure.tell(notifier)
        if self.worker is not None:
            self.server.exiting(self.worker)
        return failure

    def _failure(self, error):
        cold = self.worker is not None and self.worker.booted
        status = exits.COLD if cold else app.exit_status(error)
        if isinstance(error, environment.Failure):
            return error
        if isinstance(error, SystemExit):
            return environment.Failure(status, f"{app.describe(self.options)} called sys.exit({error.code!r}) before the worker was ready")
        if isinstance(error, (warmup.Cold, app.NoCallable)):
            return environment.Failure(status, str(error))
        log.trace(error)
        what = "warmed up" if cold else "loaded"
        reason = f"{type(error).__name__}: {_text(error)}"
        where = place.of_error(error)
        said = log.brief(reason, 400) + (f" ({where})" if where else "")
        return environment.Failure(status, f"{app.describe(self.options)} could not be {what}: {reason}", said)


def _text(error):
    try:
        return str(error)
    except Exception:
        return "(which has no text)"


def _refuse_shut(options, listeners):
    """The app may have done it, in this process or in another that has the same socket."""
    shut = [listener for listener in listeners if loops.is_shut(listener)]
    if shut:
        for listener in shut:
            loops.finish_shutdown(listener)
        raise environment.Failure(exits.NO_SOCKET, f"its socket was shut down: wsgictl restart {options.app}")


def _on_trial(options):
    """Whether this generation may still turn out to be broken, and others serve meanwhile.

    A worker that dies takes the connections that it has accepted with it. So one of a generation that is not committed
    accepts none until it has been ready for the settle time: if it dies before, it harms nobody.
    """
    if not options.settle or options.committed is None:
        return False
    try:
        return os.path.basename(os.readlink(options.committed)) != options.generation
    except OSError:
        return True  # the first generation of the app


class _Crew:
    """The threads of a worker. All of them are there before it says that it is ready: the last may not be to be had."""

    def __init__(self, count, loop, watch):
        self.loop = loop
        self.begin = threading.Event()
        # Not daemons: a thread that the app starts from one of them would be one too, and be cut off at the end. Where one
        # thread is enough it is the main one, in which a signal can interrupt whatever the app waits for.
        numbers = range(1, count + 1) if count > 1 else []
        self.threads = [threading.Thread(target=self._run, name=f"request-{number}") for number in numbers]
        try:
            for thread in (watch, *self.threads):
                thread.start()
        except RuntimeError as error:
            message = f"cannot start {count} threads: {error} (see TasksMax= and LimitNPROC=)"
            raise environment.Failure(exits.BOOT_ERROR, message) from None

    def serve(self):
        """Returns when the loop was told to stop, and all that was accepted is answered."""
        self.begin.set()
        if not self.threads:
            self.loop.run()
        for thread in self.threads:
            thread.join()

    def _run(self):
        self.begin.wait()
        self.loop.run()


def _finish(options, watch, boot):
    watch.finish()
    status = watch.exit_status
    log.info("drained" if status == exits.DRAINED else f"done, exit status {status}")
    if options.children == "wait":
        children.wait(watch.wait_for)
    watch.wait_for("the hooks of gunicorn.conf.py")
    boot.server.exiting(boot.worker)
    # Python waits for the app's threads before it ends; the interrupt ends that, as it ends the wait for children.
    main = threading.main_thread()
    names = [thread.name for thread in threading.enumerate() if not thread.daemon and thread is not main]
    watch.wait_for(f"threads of the app: {', '.join(names)}" if names else "the app's exit functions")
    return status


def _nothing():
    pass


def _address(listener):
    name = listener.getsockname()
    if listener.family == socket.AF_UNIX:
        return "unix:" + (name if isinstance(name, str) else "@" + os.fsdecode(name[1:]))
    host = f"[{name[0]}]" if listener.family == socket.AF_INET6 else name[0]
    return f"{host}:{name[1]}"
