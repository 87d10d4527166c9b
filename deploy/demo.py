#!/usr/bin/env python3
"""The demonstration itself; deploy/demo calls it when the programs are built.

Every command that it shows is run as shown, from the state folder, and what stands below it is that command's output.
Long output is cut, and says so. It starts a hub and, at the end, agents; it keeps their numbers in demo.json, and ends
only processes that are written there and began when it says.
"""
import argparse
import csv
import json
import os
import re
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from demo_stage import end_process, Failed, Interrupted, Interruptions, MARKER, PROGRAMS, quoted, Screen, Workspace

HERE = Path(__file__).resolve().parent
HUB_NAME = "hub.demo"
PILOT = ("economy-trade", "industry", "urban-planning", "revenue", "primary-education", "hydraulic-electric")
LOADERS_AT_ONCE = 2
HUB_UNREACHABLE = 6  # daftar's exit codes
NOT_FOUND = 3
ARABIC_DIGITS = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")


# --------------------------------------------------------------------------------------------- what is edited

@dataclass
class Kpi:
    """An indicator to edit: its newest measurement, and the period after that."""
    code: str
    name: str
    period: str
    value: str
    next_period: str

    def times(self, factor):
        """A value near the newest one, with as many decimals and surely another."""
        decimals = len(self.value.partition(".")[2])
        step = 10 ** -decimals
        changed = round(float(self.value) * factor, decimals)
        if changed == float(self.value):
            changed -= step if factor < 1 else -step
        return f"{changed:.{decimals}f}"


def next_period(period):
    year, half = int(period[:4]), period[4:].strip()
    if not half:
        return str(year + 1)
    return f"{year} H2" if half == "H1" else f"{year + 1} H1"


def arabic_period(period):
    year = period[:4].translate(ARABIC_DIGITS)
    return {"": f"سنة {year}", "H1": f"النصف الأول من {year}", "H2": f"النصف الثاني من {year}"}[period[4:].strip()]


def read_table(path):
    with open(path, newline="", encoding="utf-8-sig") as table:
        yield from csv.DictReader(table)


def choose_kpis(tables):
    """Four indicators with plain values in years or half-years; of different areas if possible, the third with decimals."""
    measured = {}
    for row in read_table(tables / "measurements.csv"):
        measured.setdefault(row["indicator_id"], []).append((row["period"], row["value"]))
    plain = []
    for row in sorted(read_table(tables / "indicators.csv"), key=lambda row: row["level"] != "kpi"):
        values = sorted(measured.get(row["id"], []))
        periods = [period for period, _ in values]
        if (row["level"] != "kpa" and re.fullmatch(r"[\w./-]+", row["id"])
                and len(values) >= 2 and len(set(periods)) == len(periods)
                and all(re.fullmatch(r"\d{4}( H[12])?", period) for period in periods)
                and len({len(period) for period in periods}) == 1
                and re.fullmatch(r"[1-9]\d{2,5}|[1-9]\d{1,5}\.\d{1,2}", values[-1][1])):
            period, value = values[-1]
            plain.append((row["parent_id"], Kpi(row["id"], row["name_en"], period, value, next_period(period))))
    first_of_areas = list({area: kpi for area, kpi in reversed(plain)}.values())[::-1]
    with_decimals = [kpi for _, kpi in plain if "." in kpi.value]
    rest = first_of_areas + [kpi for _, kpi in plain]
    chosen = []
    for place in range(4):
        wanted = with_decimals + rest if place == 2 else rest
        chosen += [kpi for kpi in wanted if kpi.code not in {one.code for one in chosen}][:1]
    if len(chosen) < 4:
        raise Failed(f"{tables}: the demo needs four indicators with plain values in years or half-years")
    return chosen


# --------------------------------------------------------------------------------------------- the story

@dataclass
class Cast:
    """Who takes part: device names are the names of their folders."""
    ledger: str
    tables: Path
    desks: tuple       # two at work, one that joins late
    others: dict       # device → its ledger
    title: str
    said: tuple        # messages: of the import, of a correction


class Demo:
    def __init__(self, work, cast):
        self.work = work
        self.cast = cast
        self.screen = work.screen
        self.hub = None
        self.address = ""
        self.devices = []
        self.timings = []
        self.stage = ""

    def run(self):
        stages = [
            ("A hub, its ledgers and devices", self.set_up),
            ("Loading the registers" if self.cast.others else "Loading the tables", self.load),
            ("The line is down, and work goes on", self.work_offline),
            ("The line is back", self.meet),
            ("One value, two answers", self.settle),
            ("What the figures are worth", self.score),
            ("A late joiner, and Central Inspection", self.join),
            ("Is it all the same everywhere?", self.compare),
        ]
        for number, (title, stage) in enumerate(stages, 1):
            self.stage = f"{number}. {title}"
            self.screen.heading(self.stage)
            began = time.monotonic()
            stage()
            self.timings.append((title, time.monotonic() - began))
        self.screen.heading("Seconds")
        for title, seconds in self.timings:
            self.screen.say(f"  {title:<40}{seconds:6.1f}")
        self.screen.say(f"  {'together':<40}{sum(seconds for _, seconds in self.timings):6.1f}")

    def daftar(self, device, *arguments, **how):
        return self.work.show("daftar", "--folder", device, *arguments, **how)

    def in_ledger(self, device, *arguments, **how):
        """For a device that holds several ledgers."""
        return self.daftar(device, "--ledger", self.cast.ledger, *arguments, **how)

    # ---- 1

    def set_up(self):
        say = self.screen.say
        first = self.cast.desks[0]
        say("The hub puts every ledger into one order. It listens on a free port of this machine.")
        self.work.show("daftar-hub", "init", "--name", HUB_NAME)
        self.start_hub("127.0.0.1:0")
        say("\nA ledger is one administration's register.")
        self.work.show("daftar-hub", "ledger", "add", self.cast.ledger)
        others = list(dict.fromkeys(self.cast.others.values()))
        for ledger in others:
            self.work.run(["daftar-hub", "ledger", "add", ledger])
        if others:
            say(f"\nThe other {len(others)} likewise.")
        say("\nThe hub's operator hands out a token; with it a device makes its key and gets a number and a certificate.")
        self.enrol(first, "focal-point", "--ledger", self.cast.ledger, shown=True)
        say("\nThe other devices likewise:")
        self.enrol(self.cast.desks[1], "data-officer", "--ledger", self.cast.ledger)
        for device, ledger in self.cast.others.items():
            self.enrol(device, "focal-point", "--ledger", ledger)
        self.enrol("inspection", "ci-inspector", "--all-ledgers")
        self.work.show("daftar-hub", "device", "list")

    def start_hub(self, listen, *options):
        self.hub = self.work.start("hub", ["daftar-hub", "serve", "--listen", listen, *options])
        line = self.work.await_log(self.hub, r"^listening on (\S+); devices enrol at (\S+)$")
        self.screen.output(line[0])
        self.address, self.enrol_address = line[1], line[2]

    def stop_hub(self):
        self.work.stop(self.hub)
        self.hub.log.rename(self.hub.log.with_suffix(".before.log"))

    def enrol(self, device, role, *grants, shown=False):
        """A folder, a key, a number and a certificate; shown in full for one device."""
        options = ["token", "--role", role, "--label", device, *grants]
        if shown:
            text = self.work.show("daftar-hub", *options)
            # What it says to type lacks the address: its hub may listen anywhere.
            found = re.search(r"daftar init .*--token (\S+)", text)
            if not found:
                raise Failed("daftar-hub token did not print the device's command")
            self.daftar(device, "init", "--hub", self.enrol_address, "--token", found[1])
        else:
            token = self.work.read("daftar-hub", *options)["token"]
            self.work.run(["daftar", "--folder", device, "init", "--hub", self.enrol_address, "--token", token])
        self.devices.append(device)

    # ---- 2

    def load(self):
        cast, say = self.cast, self.screen.say
        first, second = cast.desks[:2]
        say(cast.title)
        if cast.others:
            self.work.show(sys.executable, str(HERE / "registers" / "generate.py"), "registers", first=2, last=1)
        say("\nThe first sync tells a device which ledgers are its own. Then the tables go in, and off to the hub.")
        self.daftar(first, "sync")
        files = [str(cast.tables)]
        if not cast.others:
            files = [str(cast.tables / f"{name}.csv") for name in ("indicators", "measurements")]
        self.daftar(first, "import", *files, "-m", cast.said[0], first=5, last=2)
        if not cast.others:
            say("\nRows that cannot be taken are named by line and reason; the others are saved.")
        self.daftar(first, "sync")
        if cast.others:
            self.load_others()
        say(f"\nA colleague in the same office, {second}, and Central Inspection fetch what they may read:")
        self.daftar(second, "sync")
        self.daftar("inspection", "sync")
        self.count()

    def load_others(self):
        """Each register by its own device, which then stops."""
        began = time.monotonic()

        def load_one(device):
            self.work.run(["daftar", "--folder", device, "sync"])
            self.work.run(["daftar", "--folder", device, "import", f"registers/{device}", "-m", self.cast.said[0]])
            self.work.run(["daftar", "--folder", device, "sync"])

        pool = ThreadPoolExecutor(LOADERS_AT_ONCE)
        try:
            for done in [pool.submit(load_one, device) for device in self.cast.others]:
                done.result()
        except Interrupted:
            self.work.end_commands()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        self.screen.say(f"\nThe other {len(self.cast.others)} are loaded the same way, each by a device of its own,"
                        f" {LOADERS_AT_ONCE} at a time ({time.monotonic() - began:.1f} s).\nBut for industry's, these devices then stop.")

    def count(self):
        """How much Central Inspection now holds, by ledger."""
        say = self.screen.say
        say(f"\n  {'what Central Inspection received':<33}{'KPAs':>6}{'KPIs':>8}{'sub-KPIs':>10}{'measurements':>14}")
        pilot, whole = [0, 0], [0, 0, 0, 0]
        ledgers = [one for one in self.status("inspection") if one != "national"]  # which is no register
        for ledger in ledgers:
            at = ["daftar", "--folder", "inspection", "--ledger", ledger]
            records = self.work.read(*at, "show")["records"]
            indicators = self.work.read(*at, "show", "--kind", "indicator")
            kpis = sum(one["fields"]["parent"]["value"].startswith("kpa:") for one in indicators)
            numbers = [records["kpa"], kpis, len(indicators) - kpis, records["measurement"]]
            name = ledger.removeprefix("administration/")
            say(f"  {name:<33}{numbers[0]:>6,}{numbers[1]:>8,}{numbers[2]:>10,}{numbers[3]:>14,}")
            whole = [a + b for a, b in zip(whole, numbers)]
            if ledger.partition("/")[2] in PILOT:
                pilot = [pilot[0] + kpis, pilot[1] + numbers[2]]
        if len(ledgers) > 1:
            say(f"  {f'all {len(ledgers)}':<33}{whole[0]:>6,}{whole[1]:>8,}{whole[2]:>10,}{whole[3]:>14,}")
            say(f"  of these, the six of the pilot: {pilot[0]:,} KPIs and {pilot[1]:,} sub-KPIs")

    # ---- 3

    def work_offline(self):
        cast, say = self.cast, self.screen.say
        first, second = cast.desks[:2]
        disputed, one, two, agreed = self.kpis = choose_kpis(self.work.folder / cast.tables)
        self.cell = f"{disputed.code}@{disputed.period}"
        self.size_before = self.status(first)[cast.ledger]["size"]
        say("The hub stops; the offices have no line. (The figures below are made up for this demo.)")
        self.stop_hub()

        say(f"\n{first} corrects a figure, and enters two for the next period:")
        self.named(disputed)
        self.daftar(first, "set", self.cell, f"value={disputed.times(0.98)}", "-m", cast.said[1])
        self.named(one)
        self.daftar(first, "set", f"{one.code}@{one.next_period}", f"value={one.times(0.97)}",
                    "note=by phone, the papers follow", "-m", f"first figures of {one.next_period}")
        self.named(agreed)
        self.daftar(first, "set", f"{agreed.code}@{agreed.next_period}", f"value={agreed.times(0.98)}",
                    "-m", f"first figures of {agreed.next_period}")

        say(f"\n{second} has not seen that. It corrects the same first figure to another value, enters a figure of its\n"
            f"own, and one that {first} entered too, the same. It types in Arabic:")
        self.daftar(second, "set", self.cell, f"value={disputed.times(0.99).translate(ARABIC_DIGITS)}",
                    "-m", "تصحيح بعد مراجعة السجل")
        self.named(two)
        self.daftar(second, "set", f"{two.code}@{two.next_period}", f"value={two.times(0.96).translate(ARABIC_DIGITS)}",
                    "-m", arabic_period(two.next_period))
        self.daftar(second, "set", f"{agreed.code}@{agreed.next_period}",
                    f"value={agreed.times(0.98).translate(ARABIC_DIGITS)}",
                    "-m", arabic_period(agreed.next_period))

        say("\nA sync now finds no hub (exit code 6), and keeps the work:")
        self.daftar(first, "sync", expect=HUB_UNREACHABLE)
        self.daftar(second, "sync", expect=HUB_UNREACHABLE)
        self.daftar(second, "status")
        for device in (first, second):
            if self.status(device)[cast.ledger]["waiting"] != 3:
                raise Failed(f"{device} should have three changesets waiting")

    def named(self, kpi):
        self.screen.say(f"\n  # {kpi.code}: {kpi.name}")

    # ---- 4

    def meet(self):
        first, second = self.cast.desks[:2]
        self.screen.say("The hub starts again, where it was. Both devices send what they have and fetch what is new.")
        self.start_hub(self.address, "--enrol-listen", self.enrol_address)
        self.daftar(first, "sync")
        self.daftar(second, "sync")
        self.daftar(first, "sync")
        self.screen.say(f"\nThe register's newest changesets, as {first} now has them: who, on which device, why.")
        self.daftar(first, "log", "-n", "6")

    # ---- 5

    def settle(self):
        first, second = self.cast.desks[:2]
        say = self.screen.say
        say("Neither had seen the other's correction. Nothing was overwritten and nothing decided: both values stand.\n"
            "What they entered alike is no conflict.")
        self.daftar(first, "conflicts")
        if len(self.work.read("daftar", "--folder", first, "conflicts")) != 1:
            raise Failed("there should be exactly one contended value")
        say(f"\nThey look at the papers; {second} was right. Settling is one more version, with its reason.")
        self.daftar(first, "resolve", self.cell, "value", "--take", "1", "-m", "checked on paper")
        self.daftar(first, "sync")
        self.daftar(second, "sync")
        self.daftar(second, "conflicts")
        say(f"\nEvery version of that value, as {second} has it: the first, both corrections, the decision.")
        self.daftar(second, "log", self.cell, "value")

    # ---- 6

    def score(self):
        first = self.cast.desks[0]
        say = self.screen.say
        say("Scores against the targets, computed on the device: with how much of what was expected is there, and the\n"
            "figure in which what is overdue counts as nothing done. (By illustrative figures.)")
        period = ("--period", self.kpis[0].period)
        self.daftar(first, "score", *period, first=18)
        say("\nEvery figure opens, down to who entered what:")
        self.daftar(first, "explain", self.kpis[0].code, *period, first=12)
        say("\nAll periods of that indicator, and where its targets lie against what it has done so far:")
        self.daftar(first, "series", self.kpis[0].code, first=12)
        self.daftar(first, "targets", self.kpis[0].code, first=6)
        say("\nWhat somebody should look at before it is reported; each is mended, or justified:")
        self.daftar(first, "check", self.kpis[0].code, first=8)
        scored = self.work.read("daftar", "--folder", first, "score", *period)
        if scored["score"] is None:
            raise Failed(f"there should be a score for {period[1]}, not {scored['reason']}")

    # ---- 7

    def join(self):
        cast, say = self.cast, self.screen.say
        late = cast.desks[2]
        say(f"{late} is new in the office. One sync brings the register with its whole history, checked against\n"
            "the root that the hub has signed.")
        self.enrol(late, "data-officer", "--ledger", cast.ledger)
        self.daftar(late, "sync")
        self.daftar(late, "show", self.cell)
        say("\nCentral Inspection holds every ledger. What has changed in this one since it was loaded?")
        self.daftar("inspection", "sync")
        self.in_ledger("inspection", "diff", str(self.size_before))
        if "industry" in cast.others:
            say("\nAnother administration's device has its own register and no other (exit code 3):")
            self.daftar("industry", "sync")
            self.in_ledger("industry", "show", expect=NOT_FOUND)

    # ---- 8

    def status(self, device):
        return {one["ledger"]: one for one in self.work.read("daftar", "--folder", device, "status")["ledgers"]}

    def compare(self):
        say, mark = self.screen.say, self.screen.mark
        say("The root is a hash over all entries in their order, the state digest one over every value that they lead\n"
            f"to. Each holder works out both itself. ({mark(True)} size, root and digest equal to the hub's in full; 16 "
            "digits shown.)\n")
        at_hub = {one["ledger"]: one for one in self.work.read("daftar-hub", "ledger", "list")}
        held = {device: self.status(device) for device in self.devices}

        def facts(one):
            return one["size"], one["root"], one["digest"]

        say(f"  {'administration/':<23}{'size':>5}  {'root':<16}  {'state digest':<16}  held alike by")
        are_equal = True
        for ledger, hub in at_hub.items():
            holders, differing = [f"hub {mark(True)}"], []
            for device in sorted(held, key=lambda name: name != "inspection"):
                if ledger not in held[device]:
                    continue
                is_equal = facts(held[device][ledger]) == facts(hub)
                holders.append(f"{device} {mark(is_equal)}")
                if not is_equal:
                    differing.append(device)
            least = 2 if ledger == "national" else 3
            are_equal = are_equal and not differing and len(holders) >= least and ledger in held["inspection"]
            say(f"  {ledger.removeprefix('administration/'):<23}{hub['size']:>5}  {hub['root'][:16]}  {hub['digest'][:16]}"
                f"  {'  '.join(holders)}")
            for device in differing:
                one = held[device][ledger]
                say(f"    {device:<21}{one['size']:>5}  {one['root'][:16]}  {one['digest'][:16]}  not the hub's")
        open_work = [device for device, ledgers in held.items()
                     for one in ledgers.values() if one["waiting"] or one["held"] or one["contended"]]
        if not are_equal or open_work:
            raise Failed("the holders of a ledger differ" if not are_equal
                         else f"work is left on {', '.join(open_work)}")
        copies = sum(len(ledgers) for ledgers in held.values())
        what = "The ledger is" if len(at_hub) == 1 else f"All {len(at_hub)} ledgers are"
        say(f"\n{what} the same at the hub and in all {copies} copies; nothing is waiting, refused or contended.\n"
            "A sync with nothing new costs one short call:")
        self.daftar(self.cast.desks[0], "sync")
        say("\nCentral Inspection need not take the hub's word: it replays its ledgers from their first entry.")
        self.daftar("inspection", "audit", first=600)
        say("\nIt could also judge who might write each entry, by the ledger national, where the hub says who is who:")
        self.daftar("inspection", "users", first=6)
        say("\nAnd a receipt proves one value to whoever knows the hub's key:")
        self.in_ledger("inspection", "receipt", self.cell, "value", "--out", "value.tlog-proof")
        self.daftar("inspection", "verify", "value.tlog-proof")

    # ---- afterwards

    def stay(self):
        """Leaves agents beside the hub, and says what to try."""
        cast, say = self.cast, self.screen.say
        first, second = cast.desks[:2]
        self.screen.heading("It stays running")
        say("The hub runs on; three devices get an agent, which syncs every night by itself.")
        for device in (first, second, "inspection"):
            agent = self.work.start(f"agent-{device}", ["daftar", "--folder", device, "agent", "--at", "02:00"])
            self.screen.output(self.work.await_log(agent, r"^.*agent\.started.*$")[0])
        kpi = self.kpis[1]
        cell = quoted(f"{kpi.code}@{kpi.next_period}")
        say("\nTo try next, in any terminal:\n")
        for line in (f"cd {quoted(str(self.work.folder))}",
                     f"export PATH={quoted(str(PROGRAMS))}:$PATH",
                     f"daftar --folder {first} show {quoted(kpi.code)}",
                     f"daftar --folder {first} set {cell} value={kpi.times(0.9)} -m 'a try'",
                     f"daftar --folder {first} sync",
                     f"daftar --folder {second} sync",
                     f"daftar --folder {second} log {cell} value",
                     f"daftar --folder {second} export tables",
                     f"daftar --folder {second} score --all",
                     f"daftar --folder inspection --ledger {cast.ledger} show",
                     "daftar-hub ledger list",
                     "daftar set --help"):
            say(f"  {line}")
        say("\nTo stop it all and remove the folder:\n")
        say(f"  {quoted(str(HERE / 'demo'))} --stop {quoted(str(self.work.folder))}")


def registers_cast():
    slugs = [row["slug"] for row in read_table(HERE / "registers" / "registers.csv")]
    return Cast(ledger="administration/economy-trade", tables=Path("registers/economy-trade"),
                desks=("trade-1", "trade-2", "trade-3"),
                others={slug: f"administration/{slug}" for slug in slugs if slug != "economy-trade"},
                title=f"The registers of {len(slugs)} administrations are generated. All their figures are illustrative:\n"
                      "they say nothing about Lebanon.",
                said=("illustrative register", "counted twice in two districts"))


def data_cast(data):
    slug = re.sub(r"[^a-z0-9]+", "-", data.name.lower()).strip("-") or "data"
    return Cast(ledger=f"administration/{slug}", tables=data,
                desks=("office-1", "office-2", "office-3"), others={},
                title=f"The tables of {data}, as they are.",
                said=(f"tables of {data.name}", "revised by the source"))


# --------------------------------------------------------------------------------------------- beginning and end

def new_folder():
    """The state folder: new, or empty and named in DAFTAR_DEMO_FOLDER."""
    named = os.environ.get("DAFTAR_DEMO_FOLDER")
    if not named:
        return Path(tempfile.mkdtemp(prefix="daftar-demo."))
    folder = Path(named).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"DAFTAR_DEMO_FOLDER, {folder}, is not empty. Name a new folder, or stop what runs there:"
                              f" deploy/demo --stop {quoted(str(folder))}")
    return folder


def stop(folder, screen):
    """Ends what an earlier run left running, and removes its folder."""
    try:
        state = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        processes = [(one["name"], one["pid"], one["start_ticks"]) for one in state["processes"]]
        if state["made_by"] != "deploy/demo":
            raise ValueError(state["made_by"])
    except (OSError, ValueError, TypeError, KeyError):
        complain(f"deploy/demo: {folder} is not the folder of a demo: it has no good {MARKER}. Nothing was stopped.")
        return 2
    for name, pid, ticks in reversed(processes):
        is_ended = end_process(pid, ticks)
        screen.say(f"{name} (process {pid}): {'stopped' if is_ended else 'had ended already'}")
    shutil.rmtree(folder)
    screen.say(f"Removed {folder}.")
    return 0


def run(arguments, screen):
    try:
        folder = new_folder()
    except OSError as error:
        complain(f"deploy/demo: {error}")
        return 2
    work, demo, code, is_done = None, None, 1, False
    try:
        work = Workspace(folder, screen, Interruptions())
        screen.say(f"State folder: {folder}")
        if not arguments.once:
            screen.say("Commands are shown as typed there, with the programs on the PATH.")
        demo = Demo(work, data_cast(arguments.data.resolve()) if arguments.data else registers_cast())
        demo.run()
        if not arguments.once:
            demo.stay()
        code, is_done = 0, True
    except Interrupted as interrupted:
        code = 128 + interrupted.args[0]
        complain("\ndeploy/demo: interrupted")
    except BrokenPipeError:  # whoever read the output has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (Failed, OSError, ValueError, KeyError) as error:
        complain(f"\ndeploy/demo: FAILED{f' in stage {demo.stage}' if demo else ''}\n"
                 f"{error if isinstance(error, (Failed, OSError)) else repr(error)}")
        log = folder / "log" / "hub.log"
        if log.exists():
            complain("The hub's last lines:\n" + "\n".join(log.read_text(encoding="utf-8").splitlines()[-10:]))
    finally:
        if work and not (is_done and not arguments.once):
            work.close()
        if arguments.once:
            shutil.rmtree(folder, ignore_errors=True)
            if is_done:
                screen.say("\nStopped the hub and removed the state folder.")
        elif not is_done:
            complain(f"All that this run started is stopped. Its state is left in {folder}; to remove it:\n"
                     f"  {quoted(str(HERE / 'demo'))} --stop {quoted(str(folder))}")
    return code


def complain(text):
    print(text, file=sys.stderr, flush=True)


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stderr.reconfigure(encoding="utf-8")
    parser = argparse.ArgumentParser(prog="deploy/demo")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--stop", type=Path)
    arguments = parser.parse_args()
    screen = Screen()
    if not arguments.stop:
        return run(arguments, screen)
    try:
        return stop(arguments.stop.absolute(), screen)
    except (Failed, OSError) as error:
        complain(f"deploy/demo: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
