"""What the demonstration stands on: a screen, commands that are run as they are shown, and services that are ended for
sure, also after an interruption. It ends only processes that it has written down and that began when it says."""
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parent.parent / "build" / "bin"
MARKER = "demo.json"
COMMAND_LIMIT_S = 300
STOP_LIMIT_S = 15


class Failed(Exception):
    """A step that did not do what it should; the text says which."""


class Interrupted(Exception):
    """SIGINT, SIGTERM or SIGHUP; holds its number."""


class Interruptions:
    """Turns the first signal into Interrupted, but not while a process is begun and written down."""
    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self):
        self._is_held = False
        self._waiting = 0
        for number in self.SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, self._arrived)

    def _arrived(self, number, _):
        for one in self.SIGNALS:
            signal.signal(one, signal.SIG_IGN)  # the end is made once, and in full
        if not self._is_held:
            raise Interrupted(number)
        self._waiting = number

    @contextmanager
    def held(self):
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self._waiting:
            raise Interrupted(self._waiting)


# --------------------------------------------------------------------------------------------- what is printed

class Screen:
    """Narration, commands and their output; coloured on a terminal only."""

    def __init__(self):
        self.is_coloured = (sys.stdout.isatty() and "NO_COLOR" not in os.environ
                            and os.environ.get("TERM", "dumb") != "dumb")

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.is_coloured else text

    def say(self, text=""):
        print(text, flush=True)

    def heading(self, text):
        self.say("\n" + self.paint("1", f"== {text}"))

    def command(self, line):
        self.say("\n  " + self.paint("36", f"$ {line}"))

    def output(self, text, first=1000, last=0):
        lines = text.rstrip("\n").split("\n") if text.strip() else []
        left_out = len(lines) - first - last
        if left_out > 0:
            lines[first:len(lines) - last] = [self.paint("2", f"[{left_out} more lines]")]
        for line in lines:
            self.say(f"    {line}")

    def mark(self, is_good):
        return self.paint("32", "✓") if is_good else self.paint("1;31", "✗")


def quoted(argument):
    """The argument as one would type it in a shell."""
    if re.fullmatch(r"[A-Za-z0-9_@%+=:,./~-]+", argument):
        return argument
    name, equals, value = argument.partition("=")
    if not equals or not re.fullmatch(r"[a-z_]+", name):
        name, equals, value = "", "", argument
    return name + equals + "'" + value.replace("'", "'\\''") + "'"


# --------------------------------------------------------------------------------------------- processes

def start_ticks(pid):
    """When a process began, so that a number given anew is not taken for it; None if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def end_process(pid, ticks):
    """Ends a process that began at `ticks`, and waits for it; False if it had ended before."""
    if start_ticks(pid) != ticks:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        end = time.monotonic() + STOP_LIMIT_S
        while time.monotonic() < end:
            if start_ticks(pid) != ticks:
                return True
            time.sleep(0.02)
    raise Failed(f"process {pid} does not end")


@dataclass
class Service:
    """A process that stays: the hub or an agent."""
    name: str
    process: subprocess.Popen
    ticks: int
    log: Path


class Workspace:
    """The state folder: runs programs in it, and knows which processes it started."""

    def __init__(self, folder, screen, interruptions):
        self.folder = folder
        self.screen = screen
        self._interruptions = interruptions
        self.services = []
        self._running = set()
        self._lock = threading.Lock()
        self._is_closed = False
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("DAFTAR_")}
        self._environment["PATH"] = f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        (folder / "log").mkdir()
        self._write_marker()

    def run(self, command, expect=0):
        """Runs a command without showing it; returns its output."""
        with self._lock:
            if self._is_closed:
                raise Failed("stopped")
            process = subprocess.Popen(command, cwd=self.folder, env=self._environment, text=True, encoding="utf-8",
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self._running.add(process)
        try:
            output, _ = process.communicate(timeout=COMMAND_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            output += f"(ended after {COMMAND_LIMIT_S} s)"
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            with self._lock:
                self._running.discard(process)
        if process.returncode != expect:
            raise Failed(f"$ {' '.join(map(quoted, command))}\n{output.rstrip()}\n"
                         f"exit code {process.returncode}, expected {expect}")
        return output

    def show(self, *command, expect=0, first=1000, last=0):
        """Shows a command, runs it, shows its output."""
        self.screen.command(" ".join(map(quoted, command)))
        output = self.run(command, expect)
        self.screen.output(output, first, last)
        return output

    def read(self, *command):
        """The JSON that a command prints."""
        return json.loads(self.run([command[0], "--json", *command[1:]]))

    def start(self, name, command):
        """Shows and starts a process that stays."""
        self.screen.command(" ".join(map(quoted, command)) + " &")
        log = self.folder / "log" / f"{name}.log"
        with self._interruptions.held(), open(log, "ab") as to:
            # A session of its own: Ctrl-C reaches this script alone, which then ends it in order.
            process = subprocess.Popen(command, cwd=self.folder, env=self._environment, stdin=subprocess.DEVNULL,
                                       stdout=to, stderr=subprocess.STDOUT, start_new_session=True)
            service = Service(name, process, start_ticks(process.pid), log)
            self.services.append(service)
            self._write_marker()
        return service

    def await_log(self, service, pattern):
        """Waits until a service has written a line that matches; returns the last match."""
        end = time.monotonic() + STOP_LIMIT_S
        while time.monotonic() < end:
            found = list(re.finditer(pattern, service.log.read_text(encoding="utf-8"), re.MULTILINE))
            if found:
                return found[-1]
            if service.process.poll() is not None:
                break
            time.sleep(0.02)
        raise Failed(f"{service.name} did not start:\n{service.log.read_text(encoding='utf-8').rstrip()}")

    def stop(self, service):
        """Shows and does the end of a service."""
        self.screen.command(f"kill {service.process.pid}")
        self._end(service)
        self.services.remove(service)
        self._write_marker()

    def end_commands(self):
        """Ends the commands that other threads run, and lets none begin."""
        with self._lock:
            self._is_closed = True
            for process in self._running:
                process.terminate()

    def close(self):
        """Ends all that still runs."""
        self.end_commands()
        while self.services:
            self._end(self.services.pop())
        self._write_marker()

    def _end(self, service):
        service.process.terminate()
        try:
            service.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            service.process.kill()
            service.process.wait()

    def _write_marker(self):
        state = [{"name": one.name, "pid": one.process.pid, "start_ticks": one.ticks} for one in self.services]
        to = self.folder / (MARKER + ".new")
        to.write_text(json.dumps({"made_by": "deploy/demo", "processes": state}, indent=2) + "\n")
        to.replace(self.folder / MARKER)
