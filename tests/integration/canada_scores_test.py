#!/usr/bin/python3
"""A publisher's own progress values, statuses and scores (DAFTAR_TEST_DATA, canada-un-sdg) by the profile
progress-rate, from an imported register to `daftar score`."""

import collections
import csv
import os

import office
from office import LEDGER, Device, Hub

# KPIs whose published score is another than the mean of the published scores of their series. Three are means of
# groups of series, by words of their labels. 1.4.1 would be one if education had a third series at -5; of 4.5.1 no
# grouping of the published series gives the published score: both seem to count series that were not published.
OTHER_MEANS = {"16.3.1": ("Physical", "Sexual"), "4.a.1": ("computers", "Internet"), "9.c.1": ("5G", "HSPA", "Long-Term"),
               "1.4.1": None, "4.5.1": None}
STATUS = {"substantial_progress": "substantial", "moderate_progress": "moderate", "limited_progress": "limited",
          "deterioration": "deterioration", "target_achieved": "achieved"}


def mean_of(numbers):
    return sum(numbers) / len(numbers)


def read(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


class CanadaScoresTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        data = os.environ.get("DAFTAR_TEST_DATA", "")
        self.assertTrue(os.path.isdir(data), "DAFTAR_TEST_DATA must name the folder of the test data")
        folder = os.path.join(data, "canada-un-sdg")
        self.series = {(one["kpi_id"], one["series_label"]): one for one in read(os.path.join(folder, "targets.csv"))}
        published = read(os.path.join(folder, "official_progress.csv"))
        self.official = [one for one in published if one["series_label"]]
        self.of_kpi = {one["kpi_id"]: one for one in published if not one["series_label"] and one["score"]}
        self.hub = Hub(self)
        self.device = Device(self, self.hub, "a")
        self.device.sync()
        self.codes = {}

    def write(self, name, header, rows):
        path = os.path.join(self.folder, name)
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    def import_series(self):
        """One indicator for each published series below its KPI; where nothing was published nothing is measured."""
        kpis = sorted({one["kpi_id"] for one in self.official})
        indicators = [["C", "", "kpa", "Canada", "", ""]] + [[kpi, "C", "kpi", kpi, "", ""] for kpi in kpis]
        baselines, targets, measurements = [], [], []
        for number, one in enumerate(self.official):
            code = self.codes[one["kpi_id"], one["series_label"]] = f"{one['kpi_id']}/{number}"
            series = self.series[one["kpi_id"], one["series_label"]]
            indicators.append([code, one["kpi_id"], "subkpi", one["series_label"], series["direction"], series["limit"]])
            baselines.append([code, series["baseline_year"], series["baseline_value"], ""])
            if series["target_value"]:
                targets.append([code, series["target_year"], series["target_value"], ""])
            if one["score"]:
                measurements.append([code, one["current_year"], one["current_value"], ""])
        self.device.run("import",
                        self.write("indicators.csv", ["id", "parent_id", "level", "name_en", "direction", "highest"], indicators),
                        self.write("baselines.csv", ["indicator_id", "period", "value", "source"], baselines),
                        self.write("targets.csv", ["indicator_id", "period", "value", "rationale"], targets),
                        self.write("measurements.csv", ["indicator_id", "period", "value", "note"], measurements))

    def scores(self):
        tree = self.device.run("score", "--profile", "progress-rate", "--period", "2025", "--all").json
        found = {}

        def walk(node):
            found[node.get("code")] = node
            for part in node.get("parts", ()):
                walk(part)

        walk(tree)
        return found

    def test_published_scores(self):
        self.import_series()
        found = self.scores()
        values = statuses = 0
        for one in self.official:
            if not one["score"]:
                continue
            score = found[self.codes[one["kpi_id"], one["series_label"]]]
            name = f"{one['kpi_id']} {one['series_label']}"
            statuses += 1
            self.assertEqual(score["status"], STATUS[one["status"]], name)
            self.assertAlmostEqual(score["score"], float(one["score"]), delta=1e-6 * max(1, abs(float(one["score"]))), msg=name)
            if one["progress_value"]:
                values += 1
                wanted = float(one["progress_value"])
                self.assertAlmostEqual(score["achievement"], wanted, delta=1e-6 * max(abs(wanted), 1e-3), msg=name)
        self.assertEqual((values, statuses), (175, 184))
        self.said("175 progress values, 184 statuses and scores are the publisher's")

        self.check_kpis(found)

    def check_kpis(self, found):
        published = collections.defaultdict(list)
        for one in self.official:
            if one["score"]:
                published[one["kpi_id"]].append((one["series_label"], float(one["score"])))
        other = set()
        for kpi, one in self.of_kpi.items():
            mean = mean_of([score for _, score in published[kpi]])
            self.assertAlmostEqual(found[kpi]["score"], mean, delta=1e-6 * max(1, abs(mean)), msg=kpi)
            if abs(mean - float(one["score"])) > 1e-3 * max(1, abs(mean)):
                other.add(kpi)
        self.assertEqual(len(self.of_kpi), 116)
        self.assertEqual(other, set(OTHER_MEANS))
        for kpi, words in OTHER_MEANS.items():
            if words is not None:
                groups = [[score for label, score in published[kpi] if word in label] for word in words]
                self.assertEqual(sum(map(len, groups)), len(published[kpi]))
                self.assertAlmostEqual(mean_of([mean_of(group) for group in groups]), float(self.of_kpi[kpi]["score"]), places=6)
        self.said("111 of 116 KPI means are the publisher's; of " + ", ".join(sorted(other)) + " three are means of groups")


if __name__ == "__main__":
    office.main()
