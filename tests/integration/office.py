"""What the end-to-end tests share: real processes of daftar and daftar-hub in a temporary folder.

A test file ends with office.main(); its first argument is the folder of the programs. Nothing waits for a
fixed time: wait_until polls a condition up to a deadline. Only processes that were started here are ended."""

import base64
import csv
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

LEDGER = "administration/industry"
DEADLINE_S = 120          # for one condition or command; the sanitizers' builds are slow
POLL_S = 0.005
UNFINISHED = []           # not empty: leave_unfinished() was called
UNFINISHED_CODE = 75      # CMakeLists.txt and tests/run know it as a skipped test
PROGRAMS = {}             # "daftar" and "daftar-hub" by path, set by main()


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """Polls until the condition is true, and returns what it gave."""
    end = time.monotonic() + deadline_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"within {deadline_s} s this did not come: {what}")
        time.sleep(POLL_S)


def environment(home, extra=None):
    """The test's own environment, without what would steer Daftar or its language."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("DAFTAR_", "LC_")) and name not in ("LANG", "LANGUAGE")}
    return {**kept, "HOME": home, "DAFTAR_LANGUAGE": "en", **(extra or {})}


def folder_bytes(folder):
    total = 0
    for name in os.listdir(folder):
        try:
            total += os.stat(os.path.join(folder, name)).st_size
        except FileNotFoundError:
            pass
    return total


class Result:
    """A command that has ended: exit code, output, and what of it is JSON."""

    def __init__(self, arguments, done):
        self.arguments, self.code, self.out, self.err = arguments, done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def error(self):
        """The message id of a failure, from {"error": {"id": …}} on standard error; "" if there is none."""
        try:
            return json.loads(self.err)["error"]["id"]
        except (ValueError, KeyError, TypeError):
            return ""

    def __str__(self):
        words = " ".join(self.arguments)
        return f"{words}\n  exit {self.code}\n  stdout: {self.out[-2000:]}\n  stderr: {self.err[-2000:]}"


class Program:
    """One of the two programs with its folder."""

    def __init__(self, test, name, folder):
        self.test, self.name, self.folder = test, name, folder

    def command(self, *arguments, as_json=True):
        options = ["--folder", self.folder] + (["--json"] if as_json else [])
        return [PROGRAMS[self.name], *options, *map(str, arguments)]

    def try_run(self, *arguments, as_json=True, env=None, **more):
        command = self.command(*arguments, as_json=as_json)
        more.setdefault("timeout", 5 * DEADLINE_S)
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env=environment(self.test.folder, env), **more)
        return Result([self.name, *map(str, arguments)], done)

    def run(self, *arguments, code=0, error=None, **more):
        """Runs a command that must end with this exit code (and message id)."""
        result = self.try_run(*arguments, **more)
        self.test.assertEqual(result.code, code, str(result))
        if error is not None:
            self.test.assertEqual(result.error, error, str(result))
        return result

    def start(self, *arguments):
        """Starts a command in the background; its output goes to files beside the folder."""
        return Running(self.test, self.name, self.command(*arguments), self.folder)


class Running:
    """A process in the background."""
    count = 0

    def __init__(self, test, name, command, beside):
        Running.count += 1
        self.test = test
        self.out_path, self.err_path = (f"{beside}.{name}.{Running.count}.{which}" for which in ("out", "err"))
        with open(self.out_path, "w") as out, open(self.err_path, "w") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL,
                                            env=environment(test.folder))
        test.addCleanup(self.kill)

    def out(self):
        with open(self.out_path) as file:
            return file.read()

    def log(self):
        with open(self.err_path) as file:
            return file.read()

    def is_running(self):
        return self.process.poll() is None

    def wait(self, deadline_s=DEADLINE_S):
        return self.process.wait(deadline_s)

    def kill(self):
        """kill -9, if it still runs."""
        if self.is_running():
            self.process.kill()
        self.process.wait()

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, deadline_s=DEADLINE_S):
        """SIGTERM; returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(deadline_s)


class Hub(Program):
    def __init__(self, test, name="hub", start=True):
        super().__init__(test, "daftar-hub", os.path.join(test.folder, name))
        self.address = self.enrol_address = "127.0.0.1:0"
        self.running = None
        self.key = self.run("init", "--name", "hub.test").json["key"]
        self.run("ledger", "add", LEDGER)
        if start:
            self.serve()

    def serve(self, *options):
        """Starts the hub, after the first time on the port that it had."""
        def begin():
            self.running = self.start("serve", "--listen", self.address, "--enrol-listen", self.enrol_address, *options)
            wait_until(lambda: "\n" in self.running.out() or not self.running.is_running(), "the hub listens")
            if self.running.is_running():
                return True
            self.test.assertIn("hub.port_taken", self.running.log())
            return False

        wait_until(begin, f"the hub gets {self.address}")
        first = self.running.out().splitlines()[0]
        found = re.fullmatch(r"listening on (\S+); devices enrol at (\S+)", first)
        self.test.assertTrue(found, first)
        self.address, self.enrol_address = found.groups()

    def stop(self):
        self.test.assertEqual(self.running.stop(), 0, self.running.log())

    def kill(self):
        self.running.kill()

    def token(self, *options):
        options += () if "--role" in options else ("--role", "focal-point")
        return self.run("token", *options).json["token"]

    def ledger(self, name=LEDGER):
        found = [one for one in self.run("ledger", "list").json if one["ledger"] == name]
        self.test.assertEqual(len(found), 1, found)
        return found[0]


class Device(Program):
    """A folder of `daftar` that is enrolled (for all ledgers if none is named), unless `hub` is None."""

    def __init__(self, test, hub, name, ledgers=(LEDGER,), address=None, begin=False):
        super().__init__(test, "daftar", os.path.join(test.folder, name))
        if hub is not None:
            self.enrol(hub, ledgers, address, begin)

    def enrol(self, hub, ledgers=(LEDGER,), address=None, begin=False, user=None, again=False, role=None, **expected):
        """daftar-hub token and daftar init --token: returns what init printed."""
        options = [word for ledger in ledgers for word in ("--ledger", ledger)] or ["--all-ledgers"]
        options += ["--role", role or ("focal-point" if ledgers else "ci-inspector")]
        options += ["--user", user] if user else []
        words = ["--hub", hub.enrol_address, "--token", hub.token(*options)]
        words += ["--sync", address] if address else []
        words += [word for ledger in ledgers for word in ("--begin", ledger)] if begin else []
        words += ["--again"] if again else []
        done = self.run("init", *words, **expected)
        if done.code == 0:
            self.number, self.user = done.json["device"], done.json["user"]
        return done

    def sync(self, **expected):
        return self.run("sync", **expected)

    def status(self, ledger=LEDGER):
        found = [one for one in self.run("status").json["ledgers"] if one["ledger"] == ledger]
        self.test.assertEqual(len(found), 1, found)
        return found[0]

    def set(self, record, *assignments, message="", **expected):
        words = ["-m", message] if message else []
        return self.run("set", record, *assignments, *words, **expected).json

    def value(self, record, field="value", *options):
        return self.run("show", record, field, *options).json["value"]

    def log(self, *arguments):
        return self.run("log", *arguments).json

    def conflicts(self):
        return self.run("conflicts").json

    def copy(self, name):
        """This folder copied while nothing runs on it (cp -a)."""
        copied = Device(self.test, None, name)
        copied.number, copied.user = self.number, self.user
        copy_folder(self.folder, copied.folder)
        return copied


def some_token():
    """A whole token that no hub has made."""
    body = os.urandom(28)
    return base64.b32encode(body + hashlib.sha256(body).digest()[:2]).decode()


def copy_folder(source, target):
    subprocess.run(["cp", "-a", source, target], check=True)


class Proxy:
    """A line between a device and the hub that breaks after `most` bytes towards the hub; with `stalls`, nothing more
    arrives at the hub then, but its answers do, until go_down(). `pause_s`: before each 4 kB towards the hub."""

    def __init__(self, test, hub):
        host, port = hub.address.rsplit(":", 1)
        self.target, self.most, self.passed, self.cuts = (host, int(port)), None, 0, 0
        self.stalls, self.pause_s, self.is_down = False, 0, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        test.addCleanup(self.listener.close)
        test.addCleanup(self.go_down)
        threading.Thread(target=self.accept, daemon=True).start()

    def go_down(self):
        self.is_down.set()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            try:
                far = socket.create_connection(self.target)
            except OSError:
                near.close()
                continue
            for source, sink, is_up in ((near, far, True), (far, near, False)):
                threading.Thread(target=self.pass_on, args=(source, sink, is_up), daemon=True).start()

    def pass_on(self, source, sink, is_up):
        try:
            while data := source.recv(4096):
                if is_up:
                    time.sleep(self.pause_s)
                    self.passed += len(data)
                    if self.most is not None and self.passed > self.most:
                        self.cuts += 1
                        if self.stalls:
                            self.is_down.wait()
                        break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        source.close()


class OfficeTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="daftar-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def said(self, text):
        print(f"    {text}", flush=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def write_table(self, name, rows):
        with open(self.path(name), "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        return self.path(name)

    def write_notes(self, name, codes, years, note_bytes):
        """A table of measurements whose notes are of that size and cannot be compressed by much. Returns its path
        and its rows."""
        chance = random.Random(7)
        rows = [(code, str(year), str(chance.randrange(10**12)), chance.randbytes(note_bytes // 2).hex())
                for code in codes for year in years]
        return self.write_table(name, [("indicator_id", "period", "value", "note"), *rows]), rows

    def write_indicators(self, codes, name="indicators.csv"):
        """A key performance area 1 with these indicators."""
        rows = [("id", "parent_id", "level", "name_en"), ("1", "", "kpa", "Factories")]
        return self.write_table(name, rows + [(code, "1", "kpi", "Indicator " + code) for code in codes])

    def begin_register(self, device, codes=("1.1", "1.2", "1.3", "1.4")):
        done = device.run("import", self.write_indicators(codes), "-m", "the first indicators").json
        self.assertTrue(done["saved"])
        return done

    def assert_equal_everywhere(self, hub, *devices, ledger=LEDGER):
        """Size, root and digest are those of the hub on every device, and none has work left to send."""
        at_hub = hub.ledger(ledger)
        for device in devices:
            here = device.status(ledger)
            self.assertEqual([here[what] for what in ("size", "root", "digest")],
                             [at_hub[what] for what in ("size", "root", "digest")], device.folder)
            self.assertEqual([here[what] for what in ("waiting", "entered", "held", "forked")], [0, 0, 0, 0],
                             device.folder)
        return at_hub

    def assert_nothing_new(self, *devices):
        for device in devices:
            again = device.sync().json
            self.assertTrue(again["unchanged"], again)
            self.assertEqual((again["pushed"], again["pulled"]), (0, 0), again)


def leave_unfinished():
    """What ran held, but not all of it has run: the program then ends with a code that is no success."""
    UNFINISHED.append(True)


def main():
    if len(sys.argv) < 2 or not os.path.isdir(sys.argv[1]):
        sys.exit(f"usage: {sys.argv[0]} FOLDER-OF-THE-PROGRAMS [TEST…]")
    folder = os.path.abspath(sys.argv.pop(1))
    for name in ("daftar", "daftar-hub"):
        PROGRAMS[name] = os.path.join(folder, name)
        if not os.access(PROGRAMS[name], os.X_OK):
            sys.exit(f"there is no program {PROGRAMS[name]}: build it first")
    outcome = unittest.main(module="__main__", verbosity=2, exit=False).result
    sys.exit(1 if not outcome.wasSuccessful() or outcome.testsRun == 0 else UNFINISHED_CODE if UNFINISHED else 0)
