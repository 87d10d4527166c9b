#!/usr/bin/python3
"""The history of every value: log, diff, show and export as of a position and of a time."""

import csv
import datetime

import office
from office import Device, Hub, wait_until


def second_of(text):
    """"2026-11-22T10:00:00.123Z" as seconds."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def moment(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


class HistoryTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)
        self.a = Device(self, self.hub, "a")
        self.b = Device(self, self.hub, "b")
        self.a.sync()
        self.begin_register(self.a, ("1.1", "1.2"))
        self.a.sync()
        self.b.sync()

    def next_second(self):
        """Until the clock's second is a later one than that of all that was entered."""
        last = second_of(self.a.log("-n", 1)[0]["received"])
        now = wait_until(lambda: (lambda t: t if t >= int(last) + 2 else 0)(datetime.datetime.now().timestamp()),
                         "the next second")
        return moment(int(now) - 1)

    def year_of_work(self, with_times=False):
        """Three values of one cell, one entry each; returns the times between them."""
        table = self.write("figures.csv", "indicator_id,period,value,note\n1.2,2023,7,\n"
                                          '1.1,2024 H1,10,"first\nsurvey"\n1.1,2024 H2,11,\n')
        times = []
        self.a.run("import", table, "-m", "figures of the first half-year")
        self.a.sync()
        times.append(self.next_second() if with_times else None)
        self.b.sync()
        self.b.set("1.1@2024 H1", "value=12.5", message="counted again")
        self.b.sync()
        self.a.sync()
        times.append(self.next_second() if with_times else None)
        self.a.set("1.1@2024 H1", "value=", "note=no evidence", message="withdrawn")
        self.a.sync()
        self.b.sync()
        return times

    def test_log_has_value_author_source_line_and_times(self):
        self.year_of_work()
        self.b.set("1.1@2024 H1", "value=13", message="not sent yet")
        items = self.b.log("1.1@2024 H1", "value")
        self.assertEqual([(item["value"], item["state"]) for item in items],
                         [("10", "applied"), ("12.5", "applied"), (None, "applied"), ("13", "waiting")])
        self.assertEqual([(item["device"], item["author"], item["message"]) for item in items],
                         [(self.a.number, self.a.user, "figures of the first half-year"),
                          (self.b.number, self.b.user, "counted again"),
                          (self.a.number, self.a.user, "withdrawn"), (self.b.number, self.b.user, "not sent yet")])
        self.assertEqual((items[0]["source"], items[0]["line"]), ("figures.csv", 3))
        self.assertEqual(self.b.log("1.1@2024 H2", "value")[0]["line"], 5)
        self.assertEqual([item.get("position") for item in items], [2, 3, 4, None])
        for item in items[:3]:
            self.assertLessEqual(second_of(item["saved"]), second_of(item["received"]))
        self.assertNotIn("received", items[3])
        text = self.b.run("log", "1.1@2024 H1", as_json=False).out
        for expected in ("from figures.csv, line 3", "counted again", f"device {self.b.number}", "pending", "12.5"):
            self.assertIn(expected, text)
        newest = self.b.log("-n", 2)
        self.assertEqual([item["message"] for item in newest], ["not sent yet", "withdrawn"])
        whole = self.b.log()
        self.assertEqual([item.get("position") for item in whole], [None, 4, 3, 2, 1])
        self.assertEqual(whole[3]["source"], "figures.csv")
        self.said("log: value, author, device, message, source and line, times, outcome; pending work too")

    def test_show_and_diff_by_position_and_time(self):
        first, second = self.year_of_work(with_times=True)
        a = self.a
        for when, expected in ((2, "10"), (3, "12.5"), (4, None), (first, "10"), (second, "12.5")):
            self.assertEqual(a.value("1.1@2024 H1", "value", "--as-of", str(when)), expected, when)
        self.assertEqual(a.value("1.1@2024 H1", "note", "--as-of", first), "first\nsurvey")
        a.run("show", "1.1@2024 H1", "--as-of", "1", code=3, error="record.empty")
        a.run("show", "1.1@2024 H1", "--as-of", "2001-01-01", code=3, error="record.empty")
        self.assertIsNone(a.value("1.1@2024 H1", "value", "--as-of", "2999-01-01"))
        change = {"record": "1.1@2024 H1", "field": "value", "before": "10", "after": "12.5"}
        self.assertEqual(a.run("diff", 2, 3).json, [change])
        self.assertEqual(a.run("diff", first, second).json, [change])
        self.assertEqual(a.run("diff", 3, 3).json, [])
        to_now = a.run("diff", second).json
        self.assertEqual({(one["field"], one["before"], one["after"]) for one in to_now},
                         {("value", "12.5", None), ("note", "first\nsurvey", "no evidence")})
        a.set("1.2@2023", "value=8")
        self.assertIn({"record": "1.2@2023", "field": "value", "before": "7", "after": "8"}, a.run("diff", 4).json)
        self.assertEqual(a.run("diff", 4, 4).json, [])
        self.said("show --as-of and diff give the same by position and by time; diff FROM counts pending work")

    def test_times_that_log_prints_are_taken(self):
        self.year_of_work()
        received = self.a.log("1.1@2024 H1", "value")[1]["received"]
        self.assertEqual(self.a.value("1.1@2024 H1", "value", "--as-of", received), "12.5")
        today, later = (self.a.value("1.1@2024 H1", "value", "--as-of", text) for text in (received[:10], "2999-01-01"))
        self.assertEqual(today, later, "a day to its end")
        self.assertEqual(self.a.run("diff", received[:10], received[:10]).json, self.a.run("diff", 0, "2999-01-01").json, "days are meant whole")
        whole = received.split(".")[0]  # perhaps before the first value was received
        plain, zulu = (self.a.try_run("show", "1.1@2024 H1", "value", "--as-of", text) for text in (whole, whole + "Z"))
        self.assertEqual((plain.code, plain.out), (zulu.code, zulu.out))

    def exported(self, *options):
        folder = self.path("tables" + "-".join(options).replace(":", "."))
        rows = self.a.run("export", folder, *options).json.get("rows", {})
        tables = {}
        for name in rows:
            with open(f"{folder}/{name}", newline="", encoding="utf-8") as file:
                tables[name] = [tuple(row) for row in csv.reader(file)][1:]
            self.assertEqual(len(tables[name]), rows[name])
        return tables

    def test_export_as_of(self):
        first, second = self.year_of_work(with_times=True)
        at_first = {("1.1", "2024 H1", "10", "first\nsurvey"), ("1.1", "2024 H2", "11", ""), ("1.2", "2023", "7", "")}
        before, after = (("1.1", "2024 H1", value, "first\nsurvey") for value in ("10", "12.5"))
        at_second = at_first - {before} | {after}
        for option, expected in (("2", at_first), (first, at_first), ("3", at_second), (second, at_second)):
            tables = self.exported("--as-of", option)
            self.assertEqual(set(tables["measurements.csv"]), expected, option)
            self.assertEqual({row[0] for row in tables["indicators.csv"]}, {"1", "1.1", "1.2"})
        self.assertEqual(len(self.exported("--as-of", "1")["measurements.csv"]), 0)
        self.assertIn(("1.1", "2024 H1", "", "no evidence"), self.exported()["measurements.csv"])
        self.said("export --as-of by position and time; what is exported now has the withdrawn value")

    def test_an_export_of_an_earlier_moment_leaves_no_later_table(self):
        """The folder afterwards says what the register said then, whatever was exported there before."""
        self.year_of_work()
        self.a.run("export", self.path("same"))
        self.a.run("export", self.path("same"), "--as-of", "1", "--replace")
        done = self.a.run("import", self.path("same"), "--dry-run", "--again").json
        measured = [file for file in done["files"] if file["file"].endswith("measurements.csv")]
        rows = sum(sum(file["rows"].values()) for file in measured)
        self.assertEqual(rows, 0, "measurements.csv of another moment is still in the folder")

    def test_export_and_import_again_writes_nothing(self):
        self.year_of_work()
        self.a.run("export", self.path("tables"))
        done = self.a.run("import", self.path("tables"), "--again").json
        self.assertEqual((done["edits"], done["saved"]), (0, False), done)
        self.assertEqual(self.a.status()["waiting"], 0)

    def test_an_import_with_the_context_of_its_dry_run_shows_what_came_between(self):
        table = self.write("late.csv", "indicator_id,period,value,note\n1.1,2024,5,\n")
        context = self.a.run("import", table, "--dry-run").json["context"]
        self.b.set("1.1@2024", "value=6", message="in between")
        self.b.sync()
        self.a.sync()
        done = self.a.run("import", table, "--context", context).json
        self.assertEqual(done["edits"], 1)
        self.a.sync()
        self.b.sync()
        self.assert_equal_everywhere(self.hub, self.a, self.b)
        found = [(one["record"], one["current"], one["contenders"][0]["value"]) for one in self.b.conflicts()]
        self.assertEqual(found, [("1.1@2024", "6", "5")])
        again = self.a.run("import", table).json
        self.assertEqual((again["edits"], again["files"][0]["imported_before"]), (0, True))
        left_alone = self.a.run("import", table, "--again", code=4, error="import.none_taken").json
        self.assertEqual((left_alone["edits"], left_alone["files"][0]["rows"]["contended"]), (0, 1), left_alone)
        self.said("an import with the context of its dry run is contended by what came in between")


if __name__ == "__main__":
    office.main()
