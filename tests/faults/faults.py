"""What the tests of faults share: how many faults from which seed, and file systems of their own.

DAFTAR_SEED=n repeats a run's choices (not its timing). DAFTAR_LONG_MINUTES bounds a long run; one that did not come to
all its faults is not passed: it ends with exit code 75, and the next one goes on from its count, which is kept in
DAFTAR_LONG_STATE (a folder). A machine that cannot mount says NOT RUN: not_run() prints the line that tests/run repeats."""

import concurrent.futures
import fcntl
import glob
import os
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "integration"))
import office  # noqa: E402  (found by the line above)

USUAL_MINUTES = 8             # a usual run takes one; this bounds the sanitizers' builds on a slow machine
EXT4_IOC_SHUTDOWN = 0x8004587D
EXT4_GOING_FLAGS_NOLOGFLUSH = 2
MOUNT = re.compile(r"^\S+ (\S*/daftar-test-\S+/mount\.(\d+)\.\S+) ", re.MULTILINE)


class Campaign:
    """So many faults (an environment variable says how many), or what the minutes allow, counted over all threads.
    `share`: of the minutes, where a file has several. `seed`: of a usual run that is to be the same each time."""

    made = 0  # in this file: tests run in the order of their names

    def __init__(self, variable, usual, share=0.9, seed=None):
        self.wanted = int(os.environ.get(variable, usual))
        minutes = float(os.environ.get("DAFTAR_LONG_MINUTES", USUAL_MINUTES))
        self.end = time.monotonic() + 60 * minutes * share
        if seed is None or "DAFTAR_LONG_MINUTES" in os.environ:
            seed = random.SystemRandom().randrange(2**32)
        self.seed = int(os.environ.get("DAFTAR_SEED", seed))
        self.done = self.before = self.read_count(variable)
        self.begun = time.monotonic()
        self.lock = threading.Lock()

    def read_count(self, variable):
        """How many an earlier long run of this source came to."""
        folder = os.environ.get("DAFTAR_LONG_STATE")
        if not folder or not variable or "DAFTAR_LONG_MINUTES" not in os.environ:
            self.count_file = None
            return 0
        script = os.path.splitext(os.path.basename(sys.argv[0]))[0]
        name = f"{script}.{Campaign.made}.count"
        Campaign.made += 1
        self.count_file = os.path.join(folder, name)
        if not os.path.exists(self.count_file):
            return 0
        with open(self.count_file, encoding="ascii") as file:
            return int(file.read())

    def goes_on(self):
        return self.done < self.wanted and time.monotonic() < self.end

    def count(self):
        with self.lock:
            self.done += 1
            return self.done

    def random(self, *names):
        """A random source for one part of the run, the same for the same seed."""
        return random.Random("/".join(map(str, (self.seed, *names))))

    def said(self, what):
        if self.count_file:
            with open(self.count_file + ".new", "w", encoding="ascii") as file:
                file.write(str(self.done))
            os.replace(self.count_file + ".new", self.count_file)
        short = ""
        if self.done < self.wanted:
            short = f" (of {self.wanted}: the time was up)"
            if "DAFTAR_LONG_MINUTES" in os.environ:
                office.leave_unfinished()
        now = self.done - self.before
        return f"{self.done}{short} {what}; {now} of them in {time.monotonic() - self.begun:.0f} s, seed {self.seed}"

    def run(self, workers):
        """Runs each worker (a function) on a thread until it returns; the first failure stops all, and is raised."""
        with concurrent.futures.ThreadPoolExecutor(len(workers)) as pool:
            running = [pool.submit(worker) for worker in workers]
            concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_EXCEPTION)
            if any(one.done() and one.exception() for one in running):
                self.end = 0
            concurrent.futures.wait(running)
        for one in running:
            if one.exception():
                raise AssertionError(f"with DAFTAR_SEED={self.seed}, after {self.done}: {one.exception()}") \
                    from one.exception()


class Typical:
    """How long commands of a kind take when nothing disturbs them, on this machine under this load: where in its life
    one is killed."""

    def __init__(self, first_s, otherwise_s):
        self.seconds, self.otherwise_s = dict(first_s), otherwise_s

    def of(self, kind):
        return self.seconds.get(kind, self.otherwise_s)

    def note(self, kind, seconds, was_killed):
        """One that was killed says only that it takes longer; without that, too short a guess would stay for good."""
        old = self.of(kind)
        self.seconds[kind] = old * 1.05 if was_killed else old + 0.3 * (seconds - old)

    def delay(self, kind, chance):
        """Anywhere, and every other time around its end: that is where it commits."""
        return self.of(kind) * chance.choice((chance.uniform(0, 1.1), chance.uniform(0.75, 1.15)))


def run_until(program, words, delay_s, name="", env=None):
    """Runs a command, and kills it (-9) after the delay if it has not ended (None: never). Returns its exit code (-9 if
    it was killed), what it printed and what it said on standard error. Two at once on a folder have different names."""
    out_path, err_path = (f"{program.folder}.{name}{which}" for which in ("out", "err"))
    with open(out_path, "w+", encoding="utf-8") as out, open(err_path, "w+", encoding="utf-8") as err:
        process = subprocess.Popen(program.command(*words), stdout=out, stderr=err, stdin=subprocess.DEVNULL,
                                   env=office.environment(program.test.folder, env))
        try:
            process.wait(delay_s if delay_s is not None else 5 * office.DEADLINE_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            process.kill()
            process.wait()
        out.seek(0)
        err.seek(0)
        return process.returncode, out.read(), err.read()


def freeze(pid):
    """Stops all threads of a process; one in the middle of a disk's operation stops when it comes back from that."""
    os.kill(pid, signal.SIGSTOP)

    def states():
        for path in glob.glob(f"/proc/{pid}/task/*/stat"):
            with open(path, encoding="ascii", errors="replace") as file:
                yield file.read().rpartition(")")[2].split()[0]

    office.wait_until(lambda: set(states()) <= set("TDZ"), "the process stands still")


def remove_folders(*programs):
    """A long run would fill the disk with what it has done with."""
    for program in programs:
        shutil.rmtree(os.path.realpath(program.folder))


# ---- file systems

def not_run(what, why):
    # The first line keeps ctest from cutting the output, and the second out of its report.
    print(f"CTEST_FULL_OUTPUT\nNOT RUN: {what}: {why}", flush=True)
    if "DAFTAR_LONG_MINUTES" in os.environ:
        office.leave_unfinished()


def unmount_what_was_left():
    """Mounts of test processes that ended without unmounting."""
    with open("/proc/mounts", encoding="utf-8", errors="replace") as mounts:
        left = [(match.group(1), int(match.group(2))) for match in MOUNT.finditer(mounts.read())]
    for path, owner in left:
        if not os.path.exists(f"/proc/{owner}"):
            subprocess.run(["umount", "-l", path], check=False)
            shutil.rmtree(os.path.dirname(path), ignore_errors=True)


def why_no_mounts(kind):
    """Why file systems of this kind (ext4 or tmpfs) cannot be mounted here; "" if they can."""
    if os.geteuid() != 0:
        return "mounting takes root"
    if kind == "ext4" and not shutil.which("mkfs.ext4", path="/sbin:/usr/sbin:" + os.environ.get("PATH", "")):
        return "there is no mkfs.ext4"
    unmount_what_was_left()
    folder = os.path.join("/tmp", f"daftar-test-try.{os.getpid()}")
    path = os.path.join(folder, f"mount.{os.getpid()}.try")
    os.makedirs(path)
    try:
        if kind == "ext4":
            make_ext4(folder + "/image", 8 << 20)
        options = ["-o", "loop", folder + "/image"] if kind == "ext4" else ["-t", "tmpfs", "none"]
        done = subprocess.run(["mount", *options, path], capture_output=True, text=True)
        if done.returncode == 0:
            subprocess.run(["umount", path], check=True)
        return done.stderr.strip()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_ext4(image, size):
    with open(image, "wb") as file:
        file.truncate(size)
    subprocess.run(["/usr/sbin/mkfs.ext4" if os.path.exists("/usr/sbin/mkfs.ext4") else "mkfs.ext4", "-q", "-F", image],
                   check=True)


class Mount:
    """A file system that is mounted for one test, and unmounted when that ends."""

    def __init__(self, test, name):
        self.path = os.path.join(test.folder, f"mount.{os.getpid()}.{name}")
        os.mkdir(self.path)
        test.addCleanup(self.unmount_if_mounted)

    def mount(self, *options):
        subprocess.run(["mount", *options, self.path], check=True)

    def unmount(self):
        # A process that was killed just now may not have let go of its files.
        for _ in range(200):
            done = subprocess.run(["umount", self.path], capture_output=True, text=True)
            if done.returncode == 0:
                return
            time.sleep(0.01)
        raise AssertionError(f"umount: {done.stderr}")

    def unmount_if_mounted(self):
        if os.path.ismount(self.path):
            subprocess.run(["umount", "-l", self.path], check=False)


class Tmpfs(Mount):
    """A small disk in memory that can be full: of bytes, or of files."""

    def __init__(self, test, name, options):
        super().__init__(test, name)
        self.mount("-t", "tmpfs", "-o", options, "none")

    def fill(self):
        """Leaves no free page. Returns what to remove to make room."""
        path = os.path.join(self.path, "filler")
        with open(path, "wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    pass
        return path


class CutDisk(Mount):
    """An ext4 in a sparse file. cut() is a power cut: what was not synced to the disk is gone."""

    def __init__(self, test, name, size=512 << 20):
        super().__init__(test, name)
        self.image = os.path.join(test.folder, name + ".image")
        make_ext4(self.image, size)
        self.begin()

    def begin(self):
        self.mount("-o", "loop", self.image)

    def cut(self):
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", EXT4_GOING_FLAGS_NOLOGFLUSH))
        finally:
            os.close(descriptor)

    def restart(self):
        """After cut(), when no process uses the disk: power is back, the journal is replayed."""
        self.unmount()
        self.begin()


def read_only_again(path, is_read_only):
    subprocess.run(["mount", "-o", "remount," + ("ro" if is_read_only else "rw"), path], check=True)


class Preloaded:
    """While it lasts, programs start with these environment variables (LD_PRELOAD of a library that changes what the
    system does for them). The programs are those that are tested otherwise."""

    def __init__(self, test, name, variables):
        self.programs = {}
        settings = " ".join(f"{variable}={value}" for variable, value in variables.items())
        for program, path in office.PROGRAMS.items():
            self.programs[program] = test.write(f"{program}.{name}", f'#!/bin/sh\n{settings} exec {path} "$@"\n')
            os.chmod(self.programs[program], 0o755)

    def __enter__(self):
        self.real = dict(office.PROGRAMS)
        office.PROGRAMS.update(self.programs)

    def __exit__(self, *_):
        office.PROGRAMS.update(self.real)


def time_library():
    """libfaketime's library, for programs with threads; "" where it is missing."""
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    return found[0] if found else ""


def without_fsync(test):
    """Programs whose fsync does nothing: they acknowledge what a power cut takes away."""
    library = test.path("no_fsync.so")
    source = test.write("no_fsync.c", "int fsync(int descriptor) { (void)descriptor; return 0; }\n"
                                      "int fdatasync(int descriptor) { (void)descriptor; return 0; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    # The sanitizers' runtime wants to be first, but works behind one that replaces nothing of its own.
    return Preloaded(test, "without-fsync", {"LD_PRELOAD": library, "ASAN_OPTIONS": "verify_asan_link_order=0"})


def open_reader(path):
    """A connection that reads: while it is open, the log of this database is not emptied and removed."""
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM setting").fetchall()
    return reader
