#!/usr/bin/python3
"""The real data of two countries (DAFTAR_TEST_DATA): every line is accounted for, and comes back as it was."""

import collections
import csv
import decimal
import json
import os
import re
import subprocess
import sys
import unicodedata

import office
from office import LEDGER, Device, Hub

CANADA = "administration/canada"
READER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "reader", "check_entries.py")
DIRECTIONS = {"": "", "higher_better": "higher", "lower_better": "lower", "binary": "yes_no"}
EXACT = decimal.Context(prec=200)
Row = collections.namedtuple("Row", "line indicator period value note")


def read_table(path):
    """The cells of each row by name, with the line on which the row begins."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, strict=True)
        header, rows, end = next(reader), [], reader.line_num
        for cells in reader:
            rows.append((end + 1, dict(zip(header, cells))))
            end = reader.line_num
    return rows


def read_measurements(path):
    return [Row(line, row["indicator_id"], row["period"], row["value"], row["note"]) for line, row in read_table(path)]


def number(text):
    return EXACT.create_decimal(text) if text else None


class NationalDataTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.data = os.environ.get("DAFTAR_TEST_DATA", "")
        self.assertTrue(os.path.isdir(self.data), "DAFTAR_TEST_DATA must name the folder of the test data")
        self.hub = Hub(self)
        self.a = Device(self, self.hub, "a", [LEDGER, CANADA])
        self.b = Device(self, self.hub, "b", [LEDGER, CANADA])
        self.a.sync()

    def import_twice(self, files, ledger):
        """Dry run, import, and the same once more in both ways. Returns the plan."""
        options = ("--ledger", ledger, "import")
        plan = self.a.run(*options, "--dry-run", *files).json
        self.assertFalse(plan["saved"])
        self.assertEqual(self.a.status(ledger)["waiting"], 0, "a dry run writes nothing")
        done = self.a.run(*options, *files, "--context", plan["context"], "-m", "national data").json
        self.assertTrue(done["saved"])
        for what in ("files", "notes", "edits", "changesets"):
            self.assertEqual(done[what], plan[what], f"{what}: the dry run said something else")
        before = self.a.status(ledger)
        self.assertEqual(before["waiting"], plan["changesets"])
        known = self.a.run(*options, *files).json
        self.assertEqual((known["edits"], known["saved"]), (0, False))
        self.assertTrue(all(file["imported_before"] for file in known["files"]))
        again = self.a.run(*options, "--again", *files).json
        self.assertEqual((again["edits"], again["saved"]), (0, False))
        for first, second in zip(plan["files"], again["files"]):
            expected = {**first["rows"], "new": 0, "same": first["rows"]["same"] + first["rows"]["new"]}
            self.assertEqual(second["rows"], expected)
        self.assertEqual(self.a.status(ledger), before)
        return plan

    def refused_lines(self, plan, name):
        """Line -> reason of the notes about a file; all of them refusals."""
        notes = [note for note in plan["notes"] if note["file"].endswith(name)]
        self.assertEqual({note["fate"] for note in notes} - {"refused"}, set())
        self.assertEqual(len({note["line"] for note in notes}), len(notes))
        return {note["line"]: note["reason"]["id"] for note in notes}

    def sync_and_join(self, ledger):
        self.a.sync()
        self.b.sync()
        return self.assert_equal_everywhere(self.hub, self.a, self.b, ledger=ledger)

    def assert_comes_back(self, device, ledger, rows, indicators, taken):
        """What `export` gives for the rows that were taken: the same texts, and equal numbers. (Texts are
        kept in NFC; the French names in the files are not.)"""
        folder = self.path("export-" + os.path.basename(device.folder))
        device.run("--ledger", ledger, "export", folder)
        exported = collections.Counter()
        values = {}
        for row in read_measurements(folder + "/measurements.csv"):
            exported[row.indicator, row.period, row.note] += 1
            values[row.indicator, row.period, row.note] = row.value
        expected = {}
        for row in rows:
            if row.line in taken:
                expected.setdefault((row.indicator, row.period, row.note), set()).add(number(row.value))
        self.assertEqual(set(exported), set(expected))
        self.assertEqual(max(exported.values()), 1)
        wrong = [(key, values[key], expected[key]) for key in expected if {number(values[key])} != expected[key]]
        self.assertEqual(wrong, [])
        back = {row["id"]: row for _, row in read_table(folder + "/indicators.csv")}
        self.assertEqual(set(back), {row["id"] for _, row in indicators})
        for _, row in indicators:
            kept = {name: unicodedata.normalize("NFC", text) for name, text in row.items()}
            kept["direction"] = DIRECTIONS[kept["direction"]]
            self.assertEqual({name: back[row["id"]][name] for name in row}, kept)

    def check_entries(self, ledger, at_hub):
        path = self.path("register.entries")
        self.b.run("--ledger", ledger, "export", "--entries", path)
        done = subprocess.run([sys.executable, READER, "--json", path], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout.splitlines()[-1]), at_hub)

    def test_united_kingdom(self):
        folder = os.path.join(self.data, "uk-sdg")
        plan = self.import_twice([folder], LEDGER)
        self.assertEqual([file["rows"] for file in plan["files"]],
                         [{"new": 22433, "changed": 0, "same": 0, "refused": 0, "contended": 0},
                          {"new": 170607, "changed": 0, "same": 2, "refused": 201, "contended": 0}])
        indicators = read_table(folder + "/indicators.csv")
        rows = read_measurements(folder + "/measurements.csv")
        self.assertEqual((len(indicators), len(rows)), (22433, 170810))
        refused = self.refused_lines(plan, "measurements.csv")
        self.assertEqual(self.refused_lines(plan, "indicators.csv"), {})

        # What may be refused, from the file alone: a sentence instead of a period, or a pair with different values.
        pairs = collections.defaultdict(list)
        for row in rows:
            pairs[row.indicator, row.period].append(row)
        expected = {row.line: "period.bad" for row in rows if not re.search("[0-9]", row.period)}
        for same_pair in pairs.values():
            if len({number(row.value) for row in same_pair}) > 1:
                expected.update({row.line: "row.twice" for row in same_pair})
        counts = collections.Counter(expected.values())
        self.assertEqual(refused, expected)
        self.assertEqual(counts, {"period.bad": 69, "row.twice": 132})
        self.said(f"UK: 22,433 + 170,810 rows; refused only {dict(counts)}, as the file itself shows; "
                  "imported again: nothing")

        at_hub = self.sync_and_join(LEDGER)
        taken = {row.line for row in rows} - set(refused)
        self.assert_comes_back(self.b, LEDGER, rows, indicators, taken)
        self.check_entries(LEDGER, at_hub)
        self.assert_nothing_new(self.a, self.b)
        self.said(f"UK: {len(taken)} rows come back from another device; the independent reader has the hub's root "
                  "and digest")

    def test_canada(self):
        folder = os.path.join(self.data, "canada-un-sdg")
        files = [os.path.join(folder, name) for name in ("indicators.csv", "measurements.csv")]
        plan = self.import_twice(files, CANADA)
        indicators, rows = read_table(files[0]), read_measurements(files[1])
        self.assertEqual((len(indicators), len(rows)), (17 + 168 + 9872, 58810))
        self.assertEqual(self.refused_lines(plan, "indicators.csv"), {})
        refused = self.refused_lines(plan, "measurements.csv")
        for file, total in zip(plan["files"], (len(indicators), len(rows))):
            self.assertEqual(sum(file["rows"].values()), total, file)
        # One row has no number: "Inf". No pair of indicator and period is there twice.
        no_number = {row.line for row in rows if row.value and not number(row.value).is_finite()}
        self.assertEqual([(row.indicator, row.period, row.value) for row in rows if row.line in no_number],
                         [("9.b.1/0010", "2023", "Inf")])
        self.assertEqual(refused, {line: "measured.bad" for line in no_number})
        self.assertEqual(len({(row.indicator, row.period) for row in rows}), len(rows))
        self.said(f"Canada: {[file['rows'] for file in plan['files']]}, refused {refused}")
        at_hub = self.sync_and_join(CANADA)
        self.assert_comes_back(self.b, CANADA, rows, indicators, {row.line for row in rows} - set(refused))
        self.check_entries(CANADA, at_hub)
        self.said("Canada: every line is accounted for and comes back")

    def test_units_and_names_of_the_united_kingdom(self):
        path = os.path.join(self.data, "uk-sdg", "indicators.csv")
        self.a.run("--ledger", LEDGER, "import", path)
        typed = collections.Counter(row["unit"] for _, row in read_table(path) if row["unit"])
        units = {one["unit"]: one["spellings"] for one in self.a.run("--ledger", LEDGER, "units").json["units"]}
        self.assertEqual(collections.Counter({spelling: count for one in units.values() for spelling, count in one.items()}),
                         typed, "every unit as it was typed")
        self.assertEqual(set(units["percent"]), {"Percentage (%)", "percentage (%)", "Percentage", "Percentage(%)"})
        same = sorted(sorted(one) for one in units.values() if len(one) > 1)
        self.assertEqual(same, sorted(sorted(one) for one in (
            ["Percentage (%)", "percentage (%)", "Percentage", "Percentage(%)"],
            ["GBP (£ thousands)", "GBP (thousands)"], ["GBP per capita", "GBP (£) per capita"],
            ["USD ($ Millions)", "USD ($ millions)"], ["Tonnes", "Metric tons"],
            ["Terajoules per million pounds (TJ/Â£ million)", "Terajoules per million pounds (TJ/£ million)"])), same)
        for words, code in ((("فقر",), "1"), (("فقـر",), "1"), (("pauvrete",), "1"), (("SANTE", "bien-être"), "3")):
            found = [one["code"] for one in self.a.run("--ledger", LEDGER, "find", *words, "--most", "300").json["shown"]]
            self.assertIn(code, found, words)
        near = [one for one in self.a.run("--ledger", LEDGER, "check", "--all").json["findings"] if one["check"] == "near_duplicate"]
        self.said(f"{len(typed)} spellings of {len(units)} units; {len(near)} names almost those of others; search in three languages")


if __name__ == "__main__":
    office.main()
