#!/usr/bin/python3
"""Wrong input of every command: exit code and message id, and nothing saved. And help, languages, damage."""

import os
import re
import shutil
import socket
import sqlite3

import office
from office import LEDGER, Device, Hub, Program

NOBODY = 65534

# -- wrong input of a folder that has one ledger: arguments, exit code, message id. {…} are files of the test.
WRONG = [
    # record, kind, field, period
    ("show 9.9", 3, "code.missing"),
    ("show kpa:9", 3, "code.missing"),
    ("show 1.1 nonsense", 3, "field.unknown"),
    ("show --kind nonsense", 3, "kind.unknown"),
    ("show 1.1@1066", 3, "record.empty"),
    ("show 1.1@someday", 2, "period.bad"),
    ("show 1.1@99", 2, "period.bad"),
    ("show 1.1@2024-13-01..2024-13-02", 2, "period.not_in_calendar"),
    ("show 1.1@2024/22", 2, "period.not_forward"),
    ("show #nonsense", 2, "record.name_bad"),
    ("show target:1.1", 2, "record.name_bad"),
    ("show 1.1 --as-of someday", 2, "moment.bad"),
    ("show 1.1 --as-of 2026-02-31T25:00", 2, "moment.bad"),
    ("show 1.1 --as-of 99", 3, "position.missing"),
    ("set 9.9 name_en=x", 3, "code.missing"),
    ("set 1.1 nonsense=x", 3, "field.unknown"),
    ("set 1.1@2024 value=twelve", 2, "measured.bad"),
    ("set 1.1@2024 value=1,5", 2, "measured.bad"),
    ("set 1.1@2024 value=" + "1" * 60, 8, "decimal.too_long"),
    ("set 1.1@2024 value=1 value=2", 2, "field.twice"),
    ("set 1.1@2024 value", 2, "assignment.bad"),
    ("set 1.1@2024 =1", 3, "field.unknown"),
    ("set 1.1 deleted=yes", 2, "delete.by_command"),
    ("set 1.1 parent=kpa:9", 3, "code.missing"),
    ("set baseline:1.1 period=someday", 2, "period.bad"),
    ("set new:nonsense code=1", 3, "kind.unknown"),
    ("set new:measurement value=1", 3, "kind.unknown"),
    ("set 1.1@2024 value=1 --context nonsense", 2, "context.bad"),
    ("set 1.1@2024 value=1 --context 99:99", 2, "context.future"),
    ("set 1.1 name_en=" + "x" * 70000, 8, None),
    ("set 1.1 name_en=x -m " + "m" * 5000, 8, None),
    ("delete 9.9", 3, "code.missing"),
    ("delete 1.1@1066", 3, "record.empty"),
    ("delete 1.1 --context 99:99", 2, "context.future"),
    ("log 9.9", 3, "code.missing"),
    ("log 1.1 nonsense", 3, "field.unknown"),
    ("log 1.1@1066", 3, "record.empty"),
    ("log 1.1@someday", 2, "period.bad"),
    ("diff someday", 2, "moment.bad"),
    ("diff 99", 3, "position.missing"),
    ("diff 1 0", 2, "diff.backward"),
    ("held --reapply 7", 3, "held.missing"),
    ("held --discard 7", 3, "held.missing"),
    ("resolve 1.1 name_en --keep", 3, "resolve.not_contended"),
    ("resolve 1.1 nonsense --keep", 3, "field.unknown"),
    ("resolve 9.9 name_en --keep", 3, "code.missing"),
    ("resolve 1.2 name_en", 2, "resolve.how"),
    ("resolve 1.2 name_en --keep --take 1", 2, "resolve.how"),
    ("resolve 1.2 name_en --take 2", 3, "resolve.no_choice"),
    ("export", 2, "export.what"),
    ("export {there} --entries {there}/x", 2, "export.what"),
    ("export --entries {there}/no/such/folder/x", 9, "file.io"),
    ("export {empty}", 9, "file.io"),
    ("export {there}/x --as-of 99", 3, "position.missing"),
    ("import {there}/none.csv", 3, "file.not_found"),
    ("import {there}", 3, "import.no_tables"),
    ("import /proc/self/mem", 9, "file.io"),
    ("import {columns}", 2, "table.unknown"),
    ("import {quote}", 2, "csv.bad"),
    ("import {empty}", 2, "table.unknown"),
    ("import {good} --context nonsense", 2, "context.bad"),
    ("import {good} --context 99:99", 2, "context.future"),
    ("import {good} {quote}", 2, "csv.bad"),
    ("--ledger administration/none show", 3, "ledger.missing"),
    ("--ledger administration/none import {good}", 3, "ledger.missing"),
    ("init", 13, "folder.exists"),
    ("init --token nonsense", 2, "token.bad"),
    ("init --token {token}A", 2, "token.bad"),
    ("init --token {slip}", 2, "token.bad"),
    ("init --token {token} --hub nonsense", 2, "hub.address_bad"),
    ("init --token {token} --sync nonsense", 2, "hub.address_bad"),
    ("init --token {token} --begin BAD", 2, "ledger.name_bad"),
    ("init --token {token}", 4, "certificate.other_hub"),
    ("init --again", 2, "init.needs_token"),
    ("init --again --token {token}", 4, "certificate.other_hub"),
    ("init --hub 127.0.0.1:1", 6, "enrolment.unreachable"),
    ("agent --at 25:00", 2, "time_of_day.bad"),
    ("agent --at noon", 2, "time_of_day.bad"),
]

# What every command says of a folder that is not there, or is in another state.
COMMANDS = ["show", "show 1.1", "set 1.1 name_en=x", "delete 1.1", "log", "diff 0", "sync", "status", "users", "held",
            "conflicts", "resolve 1.1 name_en --keep", "export {there}/x", "import {good}", "agent"]


class CommandLineTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)
        self.device = Device(self, self.hub, "office", address="127.0.0.1:1", begin=True)
        self.hub.stop()
        token = office.some_token()
        os.mkdir(self.path("there"))
        head = "indicator_id,period,value,note\n"
        self.files = {"there": self.path("there"), "empty": self.write("empty.csv", ""), "token": token,
                      "slip": ("B" if token[0] == "A" else "A") + token[1:],
                      "columns": self.write("columns.csv", "indicator_id,period,worth\n1.1,2024,1\n"),
                      "quote": self.write("quote.csv", head + '1.1,2024,1,"never closed\n'),
                      "good": self.write("good.csv", head + "1.1,2024,1,\n")}

    def words(self, line):
        return [word.format(**self.files) if "{" in word else word for word in line.split(" ")]

    def check(self, program, line, code, message):
        """One wrong command; returns what is wrong with how it ended."""
        result = program.try_run(*self.words(line))
        if result.code != code or (message is not None and result.error != message) or not result.error:
            return f"{line[:80]}: expected {code} {message}, got {result.code} {result.error} {result.err[:200]}"
        return None

    def assert_all(self, wrong):
        wrong = [one for one in wrong if one]
        self.assertFalse(wrong, f"{len(wrong)} are not as they should be:\n" + "\n".join(wrong))

    def test_wrong_input_is_named_and_saves_nothing(self):
        self.hub.serve()
        self.device = Device(self, self.hub, "wrong")
        self.device.sync()
        self.begin_register(self.device)
        self.device.sync()
        # 1.2 name_en disagrees: a save whose context had seen nothing.
        self.device.set("1.2", "name_en=Another name", "--context", "0:0")
        self.assertEqual(len(self.device.conflicts()), 1)
        before = self.device.run("status").json
        wrong = []
        for line, code, message in WRONG:
            wrong.append(self.check(self.device, line, code, message))
            after = self.device.run("status").json
            if after != before:
                wrong.append(f"{line[:80]}: changed the status from {before} to {after}")
                before = after
        self.assertEqual(os.listdir(self.files["there"]), [])
        self.assert_all(wrong)
        self.said(f"{len(WRONG)} wrong commands: exit code, message id, nothing saved")

    def test_every_command_without_a_folder_or_a_number(self):
        none, fresh, damaged, newer = (Program(self, "daftar", self.path(name))
                                       for name in ("none", "fresh", "damaged", "newer"))
        for _ in range(2):
            fresh.run("init", "--hub", "127.0.0.1:1", "--token", office.some_token(), code=6, error="enrolment.unreachable")
        fresh.run("init", code=2, error="init.needs_token")
        self.begin_register(self.device)
        for copied in (damaged, newer):
            shutil.copytree(self.device.folder, copied.folder)
        self.write("damaged/daftar.db", b"this is not a database" * 1000)
        with sqlite3.connect(self.path("newer/daftar.db")) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
        wrong = []
        for line in COMMANDS:
            wrong.append(self.check(none, line, 3, "folder.missing"))
            wrong.append(self.check(damaged, line, 7, "database.corrupt"))
            wrong.append(self.check(newer, line, 11, "folder.newer"))
            if line != "status":
                wrong.append(self.check(fresh, line, 3, "device.no_number"))
        wrong.append(self.check(none, "init", 2, "init.needs_token"))
        wrong.append(self.check(none, "init --token nonsense", 2, "token.bad"))
        wrong.append(self.check(newer, "init --again", 11, "folder.newer"))
        wrong.append("a failing init made a folder" if os.path.exists(none.folder) else None)
        self.assertEqual(fresh.run("status").json["ledgers"], [])
        self.assert_all(wrong)
        self.said(f"{len(COMMANDS)} commands: no folder, no number, damaged, made by a newer Daftar")

    def test_several_ledgers_must_be_named(self):
        self.hub.serve()
        two = Device(self, self.hub, "two", [LEDGER, "administration/roads", "national"], "127.0.0.1:1", begin=True)
        wrong = [self.check(two, line, 2, "ledger.ambiguous") for line in COMMANDS
                 if line not in ("sync", "status", "users", "agent")]
        self.assert_all(wrong)
        two.run("--ledger", "administration/roads", "set", "new:kpa", "code=1")
        self.assertEqual(two.status("administration/roads")["waiting"], 1)
        self.assertEqual(two.status(LEDGER)["waiting"], 0)

    def test_damage_inside_the_database_is_said(self):
        self.begin_register(self.device, [f"1.{n}" for n in range(1, 400)])
        self.device.run("status")
        path = os.path.join(self.device.folder, "daftar.db")
        with open(path, "r+b") as file:
            for offset in range(3 * 4096, os.path.getsize(path), 4096):
                file.seek(offset)
                file.write(b"\xff" * 2048)
        for line in ("show", "export {there}/x", "set 1.1 name_en=x"):
            result = self.device.try_run(*self.words(line))
            self.assertEqual((result.code, result.error), (7, "database.corrupt"), str(result))

    def test_a_folder_that_cannot_be_written(self):
        """Rights do not bind root: then the program is run as nobody."""
        self.begin_register(self.device)
        more = {}
        if os.geteuid() == 0:
            os.chmod(self.folder, 0o755)
            program = shutil.copy(office.PROGRAMS["daftar"], self.path("daftar"))
            os.chown(self.device.folder, NOBODY, NOBODY)
            for name in os.listdir(self.device.folder):
                os.chown(os.path.join(self.device.folder, name), NOBODY, NOBODY)
            more = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "executable": program}
        self.device.run("show", **more)
        for name in os.listdir(self.device.folder):
            os.chmod(os.path.join(self.device.folder, name), 0o400)
        os.chmod(self.device.folder, 0o500)
        self.addCleanup(os.chmod, self.device.folder, 0o700)
        result = self.device.try_run("set", "1.1", "name_en=x", **more)
        self.assertEqual((result.code, result.error), (9, "database.read_only"), str(result))
        none = Program(self, "daftar", os.path.join(self.device.folder, "inside"))
        result = none.try_run("init", "--token", office.some_token(), **more)
        self.assertEqual((result.code, result.error), (9, "file.io"), str(result))
        os.chmod(self.device.folder, 0o700)
        for name in os.listdir(self.device.folder):
            os.chmod(os.path.join(self.device.folder, name), 0o600)
        self.assertEqual(self.device.value("1.1", "name_en"), "Indicator 1.1")
        self.said("a folder without the right to write: 9 and what to do; nothing saved")

    def test_a_bad_table_row_is_refused_by_line_and_the_rest_is_taken(self):
        self.begin_register(self.device)
        table = self.write("rows.csv", "indicator_id,period,value,note\n1.1,2024,1,\n9.9,2024,1,\n1.1,someday,1,\n"
                           "1.1,2025,much,\n1.1,2026,1,,more\n1.2,2024,1,a\n1.2,2024,2,a\n1.3,2024,1,\n1.3,2024,1,\n"
                           '1.4,2024,1,"two\nlines"\n1.4,someday,1,\n')
        done = self.device.run("import", table).json
        self.assertEqual(done["files"][0]["rows"], {"new": 3, "changed": 0, "same": 1, "refused": 7, "contended": 0})
        self.assertEqual([(note["line"], note["reason"]["id"]) for note in done["notes"]],
                         [(3, "indicator.missing"), (4, "period.bad"), (5, "measured.bad"), (6, "row.too_long"),
                          (7, "row.twice"), (8, "row.twice"), (13, "period.bad")])
        self.assertEqual(self.device.value("1.4@2024", "note"), "two\nlines")

    def test_hub_commands(self):
        hub, wrong = self.hub, []
        for line, code, message in [
                ("init", 13, "hub.exists"), ("ledger add Bad_Name", 2, "ledger.name_bad"),
                (f"ledger add {LEDGER}", 13, "ledger.exists"), ("token --role auditor --ledger BAD", 2, "ledger.name_bad"),
                ("token --role minister", 2, "role.unknown"), ("token", 2, "token.needs_role"),
                ("certificate --root-key {there}/none", 3, "file.not_found"),
                ("certificate --root-key {empty}", 7, "key_file.bad"),
                ("device revoke 77", 3, "device.not_registered"),
                ("serve --listen nonsense", 2, "hub.listen_bad"),
                ("serve --listen 127.0.0.1:0 --enrol-listen nonsense", 2, "hub.listen_bad"),
                ("serve --listen 127.0.0.1:none", 2, "hub.listen_bad"), ("serve --listen 127.0.0.1", 2, "hub.listen_bad"),
                ("serve --listen 127.0.0.1:99999", 2, "hub.listen_bad"),
                ("ledger add //", 2, "ledger.name_bad"), ("ledger add administration/", 2, "ledger.name_bad"),
                ("token --role auditor --user 99", 3, "user.unknown")]:
            devices = hub.run("device", "list").json
            result = self.check(hub, line, code, message)
            wrong += [result, f"{line}: changed the devices" if hub.run("device", "list").json != devices else None]
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            wrong.append(self.check(hub, f"serve --listen 127.0.0.1:{port}", 6, "hub.port_taken"))
        hub.serve()
        wrong.append(self.check(hub, f"serve --listen {hub.address}", 13, "hub.running"))
        other = Program(self, "daftar-hub", self.path("other"))
        other.run("init")
        wrong.append(self.check(other, f"serve --listen {hub.address}", 6, "hub.port_taken"))
        hub.stop()
        none = Program(self, "daftar-hub", self.path("none"))
        for line in ("serve", "ledger list", f"ledger add {LEDGER}", "token --role auditor", "certificate", "device list",
                     "device revoke 1"):
            wrong.append(self.check(none, line, 3, "hub.missing"))
        self.assertFalse(os.path.exists(none.folder))
        wrong.append(self.check(Program(self, "daftar-hub", self.path("bad")), "init --name BAD!", 2, "hub.name_bad"))
        self.assertFalse(os.path.exists(self.path("bad")), "a failing init made a folder")
        database = next(name for name in os.listdir(hub.folder) if name.endswith(".db"))
        with sqlite3.connect(os.path.join(hub.folder, database)) as opened:
            opened.execute("PRAGMA user_version = 99")
        opened.close()
        wrong.append(self.check(hub, "serve --listen 127.0.0.1:0", 11, "folder.newer"))
        self.assert_all(wrong)
        self.said("the hub's wrong inputs: addresses, ports, keys, names, a newer folder")

    def test_a_revoked_device_and_a_stranger(self):
        hub, device = self.hub, self.device
        hub.serve()
        device.run("init", "--hub", hub.enrol_address)
        device.sync()
        self.begin_register(device)
        hub.run("device", "revoke", 1)
        self.assertEqual(device.sync(code=4, error="device.revoked").code, 4)
        self.assertEqual(device.status()["waiting"], 1)
        stranger = Device(self, hub, "stranger")
        with sqlite3.connect(os.path.join(hub.folder, "hub.db")) as database:
            database.execute("DELETE FROM device WHERE number = ?", (stranger.number,))
        database.close()
        stranger.run("sync", code=4, error="device.caller_unknown")
        self.assertIn("device.caller_unknown", hub.running.log(), "the operator sees who calls in vain")
        self.assertEqual(len(stranger.run("status").json["key"]), 44, "what the operator needs to register it")

    def test_nothing_is_written_under_an_id_that_no_record_has(self):
        self.begin_register(self.device)
        for name in ("#2.1", "#9.999", "kpa#1.77", "#2.1@2024"):
            value = "value=1" if "@" in name else "name_en=slip"
            self.device.run("set", name, value, code=3, error="record.empty")

    def test_how_a_value_was_typed_never_speaks_of_another_value(self):
        device = self.device
        self.begin_register(device)
        table = self.path("typed.csv")
        with open(table, "w") as file:
            file.write("indicator_id,period,value,note\n1.1,2024,19.0,\n")
        device.run("import", table)
        self.assertEqual(device.value("1.1@2024", "value_as_written"), "19.0")
        device.set("1.1@2024", "value=7")
        self.assertEqual(device.run("show", "1.1@2024", "value_as_written").json["value"], None)
        device.set("1.1@2024", "value=٤١٫٥")
        self.assertEqual((device.value("1.1@2024"), device.run("show", "1.1@2024", "value_as_written").json["value"]),
                         ("41.5", None))
        device.set("1.1@2024", "value=41.50")
        self.assertEqual([one.get("as_written") for one in device.log("1.1@2024")], ["19.0", None, None, "41.50"])
        self.assertEqual({one["field"] for one in device.log("1.1@2024")}, {"value"})
        device.set("1.1@2025 Q1 [provisional]", "value=1")
        self.assertEqual(device.value("1.1@2025 Q1", "period_as_written"), "2025 Q1 [provisional]")

    def test_a_code_of_two_records_is_no_name_for_an_import(self):
        device = self.device
        self.begin_register(device)
        for name in ("one", "two"):
            device.set("new:indicator", "code=50.1", f"name_en={name}", "parent=kpa:1")
        table = self.path("twice.csv")
        with open(table, "w") as file:
            file.write("indicator_id,period,value,note\n50.1,2024,1,\n")
        result = device.run("import", table, code=4, error="import.none_taken")
        self.assertEqual(result.json["notes"][0]["reason"]["id"], "code.twice")

    def test_an_export_does_not_write_over_what_is_there(self):
        self.begin_register(self.device)
        folder = self.path("tables")
        self.device.run("export", folder)
        self.device.run("export", folder, code=13, error="export.exists")
        self.device.run("export", folder, "--replace")

    def test_a_deleted_record_is_brought_back_as_help_says(self):
        self.begin_register(self.device)
        self.device.run("delete", "1.1", "-m", "counted twice")
        self.assertTrue(self.device.run("show", "1.1").json["deleted"])
        self.device.run("delete", "1.1", "--undo")
        self.assertEqual(self.device.value("1.1", "name_en"), "Indicator 1.1")

    def test_a_reference_reads_as_what_set_takes(self):
        self.begin_register(self.device)
        shown = self.device.value("1.1", "parent")
        self.device.set("1.2", f"parent={shown}")
        self.assertEqual((shown, self.device.value("1.2", "parent")), ("kpa:1", "kpa:1"))

    def test_help_teaches(self):
        for program in (self.device, self.hub):
            top = program.run("--help", as_json=False).out
            names = re.findall(r"^  ([a-z]+) +", top.split("Subcommands:")[1], re.M)
            self.assertGreaterEqual(len(names), 4)
            for name in names:
                text = program.run(name, "--help", as_json=False).out
                said = text.split("Usage:")[0].strip()
                self.assertGreater(len(said.split()), 3, f"{name} --help says too little: {said}")
                for sub in re.findall(r"^  ([a-z]+) {2,}", text.partition("Subcommands:")[2], re.M):
                    self.assertGreater(len(program.run(name, sub, "--help", as_json=False).out.split("Usage:")[0]), 10)
            if program is self.device:
                expected = ("init import show set delete log diff status sync conflicts resolve held export agent "
                            "audit receipt verify users score explain check profiles find series targets units share ministries passphrase")
                self.assertEqual(set(names), set(expected.split()))
        wrong = [self.check(self.device, line, 2, "command_line.bad") for line in (
            "set", "log -n 0", "resolve 1.1 name_en --take x", "resolve 1.1 name_en --take -1", "show --nonsense",
            "held --reapply -3", "held --reapply 1 --discard 2", "init --nonsense")]
        wrong += [self.check(self.hub, line, 2, "command_line.bad") for line in (
            "device", "device revoke -1", "device revoke 1000000001", "serve --restored --stop-waiting",
            "serve --restored --give-up national", "token --role auditor --user 1 --number 9223372036854775807", "token --role auditor --minutes 0")]
        for program in (self.device, self.hub):
            program.run(code=2, error="command_line.bad")
            self.assertIn("--nonsense", program.run("--nonsense", code=2, error="command_line.bad").err)
        wrong.append(self.check(self.device, "nonsense", 2, "command.unknown"))
        wrong.append(self.check(self.hub, "nonsense", 2, "command.unknown"))
        self.assert_all(wrong)
        self.said("--help of every command; a wrong command line says so with a message id and ends with 2")

    def test_french_and_arabic(self):
        none = Program(self, "daftar", self.path("none"))
        self.begin_register(self.device)
        wrong = []
        for line, arabic, french in [
                ("@show", "لا يوجد مجلد دفتر", "Il n'y a pas de dossier Daftar"),
                ("conflicts", "", "Aucun"), ("set 1.1 name_en=x", "", "Enregistré"),
                ("show 9.9", "لا يوجد سجل", "Il n'y a pas d'enregistrement"), ("sync", "لم يجب", "n'a pas répondu"),
                ("set 1.1@2024 value=x", "ليست قيمة مقيسة", "n'est pas une valeur mesurée"),
                ("import --dry-run {good}", "", "modifications")]:
            program = none if line[0] == "@" else self.device
            for language, expected in (("ar", arabic), ("fr_FR.UTF-8", french)):
                result = program.try_run(*self.words(line.lstrip("@")), as_json=False,
                                         env={"DAFTAR_LANGUAGE": language})
                text = result.out + result.err
                is_said = expected in text if expected else re.search("[\u0600-\u06ff]", text)
                if not is_said:
                    wrong.append(f"{language}: {line}: {text.strip()}")
        result = none.try_run("show", env={"DAFTAR_LANGUAGE": "ar"})
        self.assertEqual(result.error, "folder.missing")
        self.assertRegex(result.err, "[\u0600-\u06ff]")
        self.assert_all(wrong)
        self.said("French and Arabic by DAFTAR_LANGUAGE; ids stay")


if __name__ == "__main__":
    office.main()
