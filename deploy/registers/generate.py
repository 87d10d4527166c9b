#!/usr/bin/env python3
"""Writes the illustrative demonstration registers: generate.py OUTPUT_DIR.

For each administration of registers.csv: OUTPUT_DIR/<slug>/{indicators,measurements,baselines,targets}.csv, in the
column layout that Daftar imports. The content is in the .txt files beside this script (README.md explains their
format); everything random is seeded by the administration and the indicator, so that every run writes the same bytes.
"""
import csv
import math
import random
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASE_YEAR, TARGET_YEARS = "2023", ("2025", "2026")
PERIODS = ("2024 H1", "2024 H2", "2025 H1", "2025 H2")
PILOT = ("economy-trade", "industry", "urban-planning", "revenue", "primary-education", "hydraulic-electric")
PILOT_KPIS, PILOT_SUBKPIS = 1246, 5453
MISSING_SHARE = 0.015
DRAFT_SHARE = 0.12
DIRECTIONS = {"+": "higher_better", "-": "lower_better", "b": "binary", ".": ""}
COLUMNS = {
    "indicators": "id,parent_id,level,name_en,name_ar,name_fr,unit,direction,source,custodian,group_id,status,geo_code,"
                  "unit_multiplier,definition_en,tags,scope",
    "measurements": "indicator_id,period,value,note",
    "baselines": "indicator_id,period,value,source",
    "targets": "indicator_id,period,value,rationale",
}


# ------------------------------------------------------------------------------------------------ content

@dataclass
class Unit:
    """A unit of measure: `rollup` says how parts make the whole (sum, mean, or flag for yes/no)."""
    code: str
    name: str
    rollup: str
    decimals: int
    lowest: float
    highest: float

    def scaled(self, value):
        """`value` as a whole number of the unit's last decimal, held within the unit's limits."""
        return round(min(max(value, self.lowest), self.highest) * 10 ** self.decimals)

    def text(self, scaled):
        """The exact decimal text of a scaled value."""
        return f"{scaled / 10 ** self.decimals:.{self.decimals}f}"


@dataclass
class Part:
    """One value of a breakdown, such as a governorate; `weight` 0 means: drawn."""
    en: str
    ar: str
    geo: str = ""
    weight: float = 0


@dataclass
class Breakdown:
    parts: list
    adds_up: bool = False  # the parts make the whole even where the unit is a mean, as the stages of a procedure


@dataclass
class Measure:
    """What is measured of a subject, or (without {s} in the names) one hand-written KPI."""
    priority: int
    unit: str
    direction: str
    base: str
    breakdown: str
    en: str
    ar: str
    source: str


@dataclass
class Kpi:
    measure: Measure
    en: str
    ar: str
    base: str
    breakdown: str


@dataclass
class Kpa:
    kind: str
    group: str
    en: str
    ar: str
    definition: str
    kpis: list = field(default_factory=list)


@dataclass
class Content:
    """Everything that the content files of one administration say."""
    code: str = ""
    name: str = ""
    units: dict = field(default_factory=dict)
    breakdowns: dict = field(default_factory=dict)
    families: dict = field(default_factory=dict)
    definitions: dict = field(default_factory=dict)
    missing: list = field(default_factory=list)
    kpas: list = field(default_factory=list)

    def read(self, path):
        """Adds a content file; see README.md for its lines."""
        family, used, default, source = {}, [], "-", ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                key, rest = re.match(r"(=|-|[\w+]+:)\s+(.*)", line).groups()
                cells = [cell.strip() for cell in rest.split(" | ")]
                cells = [cell.rstrip("|").strip() for cell in cells]
                if key == "administration:":
                    self.code, self.name = cells[0], cells[1]
                elif key == "unit:":
                    lowest, highest = float(cells[4]), float(cells[5] or "inf") if len(cells) > 5 else math.inf
                    self.units[cells[0]] = Unit(*cells[:3], int(cells[3]), lowest, highest)
                elif key == "definition:":
                    self.definitions[cells[0]] = cells[1]
                elif key == "missing:":
                    self.missing.append(cells[0])
                elif key in ("breakdown:", "breakdown+:"):
                    parts = [[text.strip() for text in cell.split(" = ")] for cell in cells[1:]]
                    parts = [Part(*part[:3], *map(float, part[3:])) for part in parts]
                    self.breakdowns[cells[0]] = Breakdown(parts, key == "breakdown+:")
                elif key == "family:":
                    source = cells[1]
                    family = self.families[cells[0]] = {}
                elif key == "kpa:":
                    kind, group = cells[0].split()
                    self.kpas.append(Kpa(kind, group, *cells[1:]))
                    source = "Administrative records"
                elif key == "source:":
                    source = cells[0]
                elif key == "use:":
                    name, only = re.fullmatch(r"(\w+)(?:\((.*)\))?", cells[0]).groups()
                    used = [self.families[name][code] for code in only.split(",")] if only else self.families[name].values()
                    default = cells[1] if len(cells) > 1 else "-"
                elif key == "-":
                    volume = cells[2] if len(cells) > 2 else ""
                    self.apply(used, cells[0], cells[1], volume, cells[3] if len(cells) > 3 else default)
                elif key == "=":
                    head = cells[0].split()
                    measure = Measure(int(head[4]) if len(head) > 4 else 1, *head[:4], *cells[1:3], source)
                    self.kpas[-1].kpis.append(Kpi(measure, measure.en, measure.ar, measure.base, measure.breakdown))
                else:  # a measure of a family
                    head = cells[0].split()
                    family[key[:-1]] = Measure(int(head[0]), *head[1:], *cells[1:3], source)
            except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                raise SystemExit(f"{path.name}:{number}: {error!r} in: {line}")

    def apply(self, measures, en, ar, volume, breakdown):
        """One KPI for each measure of a family, about one subject."""
        for measure in measures:
            base = measure.base
            if base.startswith("x"):
                base = str(float(volume) * float(base[1:]))
            name = measure.en.replace("{s}", en)
            of = breakdown if measure.breakdown == "*" else measure.breakdown
            self.kpas[-1].kpis.append(Kpi(measure, name, measure.ar.replace("{s}", ar), base, of))


def load(slug):
    """The sectoral areas of the administration, then the organisational ones that all share."""
    content = Content()
    content.read(HERE / "common.txt")
    shared, content.kpas = content.kpas, []
    content.read(HERE / f"{slug}.txt")
    content.kpas += shared
    return content


# ------------------------------------------------------------------------------------------------ how many

def least_telling_first(content, slug):
    """All KPIs, those with the lowest priority first; of these the organisational first; otherwise in a drawn order."""
    kpis = [(-kpi.measure.priority, kpa.kind, kpi) for kpa in content.kpas for kpi in kpa.kpis]
    random.Random(slug).shuffle(kpis)
    return [kpi for *_, kpi in sorted(kpis, key=lambda entry: entry[:2])]


def keep_kpis(content, slug, count):
    """Drops the least telling KPIs until `count` are left."""
    excess = sum(len(kpa.kpis) for kpa in content.kpas) - count
    assert excess >= 0, f"{slug}: {-excess} KPIs too few in the content"
    dropped = {id(kpi) for kpi in least_telling_first(content, slug)[:excess]}
    for kpa in content.kpas:
        kpa.kpis = [kpi for kpi in kpa.kpis if id(kpi) not in dropped]


def keep_subkpis(content, slug, count):
    """Takes whole breakdowns from the least telling KPIs until exactly `count` sub-KPIs are left."""
    broken_down = [kpi for kpi in least_telling_first(content, slug) if kpi.breakdown != "-"]
    sizes = [len(content.breakdowns[kpi.breakdown].parts) for kpi in broken_down]
    excess = sum(sizes) - count
    assert excess >= 0, f"{slug}: {-excess} sub-KPIs too few in the content"
    reached = {0: ()}  # sum of sizes -> the places that make it, found with the earliest KPIs
    for place, size in enumerate(sizes):
        if excess in reached:
            break
        for total in [total for total in reached if total + size <= excess]:
            reached.setdefault(total + size, reached[total] + (place,))
    for place in reached[excess]:
        broken_down[place].breakdown = "-"


# ------------------------------------------------------------------------------------------------ figures

@dataclass
class Figures:
    """Scaled values of one indicator: baseline, targets of TARGET_YEARS (or none), values of PERIODS."""
    base: int
    targets: list
    values: list


def rounded(value, base):
    """A target as an office would set it: as round as its distance from the baseline allows."""
    step = max(1, round(10 ** math.floor(math.log10(max(1, abs(value - base)))) / 2))
    return round(value / step) * step


def kpi_figures(kpi, unit, rng):
    """A baseline near the content's, targets on its right side, and half-years that approach them more or less."""
    low, _, high = kpi.base.partition("..")
    base = rng.uniform(float(low), float(high)) if high else float(low) * rng.uniform(0.93, 1.07)
    if unit.rollup == "flag":
        done = rng.randrange(len(PERIODS) + 1)
        return Figures(0, [1 for _ in TARGET_YEARS], [int(place >= done) for place in range(len(PERIODS))])
    direction = kpi.measure.direction
    if direction == "-":
        last = base * rng.uniform(0.55, 0.82)
    elif unit.highest < math.inf:
        last = base + min((unit.highest - base) * rng.uniform(0.15, 0.4), base * 0.7 + 4, 18)
    else:
        last = base * (1 + (rng.uniform(0.03, 0.12) if direction == "." else rng.uniform(0.1, 0.32)))
    sign = -1 if direction == "-" else 1
    scaled = unit.scaled(base)
    first = rounded(unit.scaled(base + 0.65 * (last - base)), scaled)
    first = first if sign * (first - scaled) > 0 else scaled + sign
    second = rounded(unit.scaled(last), scaled)
    second = second if sign * (second - first) >= 0 else first
    reach = rng.uniform(-0.6, 1.4) if direction == "." else rng.triangular(-0.3, 1.25, 0.9)
    limit = unit.highest * 10 ** unit.decimals
    values = []
    for step in range(1, len(PERIODS) + 1):
        share = reach * step / len(PERIODS) + rng.uniform(-0.07, 0.07)
        values.append(max(0, min(round(scaled + share * (first - scaled)), limit)))
    return Figures(scaled, [first, second], values)


def split(total, weights):
    """Whole parts of `total` in proportion to `weights`, by largest remainder: they add up exactly."""
    exact = [total * weight / sum(weights) for weight in weights]
    parts = [math.floor(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda place: parts[place] - exact[place])
    for place in by_remainder[:total - sum(parts)]:
        parts[place] += 1
    return parts


def part_figures(whole, unit, breakdown, rng):
    """The figures of the sub-KPIs: parts that add up to the KPI, or values spread around it."""
    count = len(breakdown.parts)
    columns = [whole.base, *whole.targets, *whole.values]
    if unit.rollup == "sum" or breakdown.adds_up:
        weights = [(part.weight or 10) * rng.uniform(0.7, 1.3) for part in breakdown.parts]
        early = 1 + len(TARGET_YEARS)
        rows = [split(value, weights if place < early else [weight * rng.uniform(0.96, 1.04) for weight in weights])
                for place, value in enumerate(columns)]
    else:
        spread = [rng.uniform(-0.24, 0.24) for _ in range(count)]
        spread = [value - sum(spread) / count for value in spread]
        limit = unit.highest * 10 ** unit.decimals
        rows = [[round(value + by * min(value, limit - value)) for by in spread] for value in columns]
    return [Figures(part[0], list(part[1:3]), list(part[3:])) for part in zip(*rows)]


def on_right_side(figures, direction):
    """Whether every target lies beyond the baseline in the good direction (either, where there is none)."""
    sign = -1 if direction == "-" else 1
    return all(sign * (target - figures.base) > 0 or direction == "." and target != figures.base
               for target in figures.targets)


# ------------------------------------------------------------------------------------------------ tables

class Register:
    """The four tables of one administration."""

    def __init__(self, slug, content):
        self.slug, self.content = slug, content
        self.tables = {table: [] for table in COLUMNS}
        for place, kpa in enumerate(content.kpas, 1):
            self.add_kpa(f"{content.code}-{place}", kpa)

    def add_indicator(self, code, parent, level, en, ar, **cells):
        names = COLUMNS["indicators"].split(",")
        row = dict.fromkeys(names, "") | dict(id=code, parent_id=parent, level=level, name_en=en, name_ar=ar,
                                              custodian=self.content.name) | cells
        self.tables["indicators"].append([row[name] for name in names])

    def add_kpa(self, code, kpa):
        tags = f"illustrative; {kpa.kind}"
        self.add_indicator(code, "", "kpa", kpa.en, kpa.ar, definition_en=kpa.definition, status="agreed", tags=tags,
                           scope=kpa.kind)
        for place, kpi in enumerate(kpa.kpis, 1):
            self.add_kpi(f"{code}.{place}", code, kpi, dict(group_id=kpa.group, tags=tags))

    def add_kpi(self, code, parent, kpi, cells):
        rng = random.Random(f"{self.slug}/{code}")
        measure, unit = kpi.measure, self.content.units[kpi.measure.unit]
        template = self.content.definitions.get(unit.code) or self.content.definitions[unit.rollup]
        cells |= dict(unit=unit.name, direction=DIRECTIONS[measure.direction], source=measure.source,
                      unit_multiplier="Units", status="draft" if rng.random() < DRAFT_SHARE else "agreed")
        definition = template.format(name=kpi.en, unit=unit.name, source=measure.source[0].lower() + measure.source[1:])
        self.add_indicator(code, parent, "kpi", kpi.en, kpi.ar, geo_code="LB", definition_en=definition, **cells)
        whole = kpi_figures(kpi, unit, rng)
        assert on_right_side(whole, measure.direction), (self.slug, code)
        self.add_figures(code, whole, unit, measure, rng)
        if kpi.breakdown == "-":
            return
        breakdown = self.content.breakdowns[kpi.breakdown]
        for place, (part, figures) in enumerate(zip(breakdown.parts, part_figures(whole, unit, breakdown, rng)), 1):
            child = f"{code}/{place:02}"
            self.add_indicator(child, code, "subkpi", f"{kpi.en} — {part.en}", f"{kpi.ar} — {part.ar}",
                               geo_code=part.geo or "LB", **cells)
            self.add_figures(child, figures, unit, measure, rng)

    def add_figures(self, code, figures, unit, measure, rng):
        """Rows of the other three tables; targets only where they lie on the right side of the baseline."""
        self.tables["baselines"].append([code, BASE_YEAR, unit.text(figures.base), f"illustrative; {measure.source}"])
        if on_right_side(figures, measure.direction):
            why = {"+": "improvement on 2023", "-": "reduction from 2023", "b": "to be in place",
                   ".": "planned volume, neither direction is better"}[measure.direction]
            for year, target in zip(TARGET_YEARS, figures.targets):
                self.tables["targets"].append([code, year, unit.text(target), f"illustrative; {why}"])
        for period, value in zip(PERIODS, figures.values):
            missing = rng.random() < MISSING_SHARE
            note = f"illustrative; {rng.choice(self.content.missing)}" if missing else "illustrative"
            self.tables["measurements"].append([code, period, "" if missing else unit.text(value), note])

    def count(self, level):
        return sum(row[2] == level for row in self.tables["indicators"])

    def check(self):
        """Asserts what an importer relies on."""
        levels, names = {}, set()
        above = {"kpa": None, "kpi": "kpa", "subkpi": "kpi"}
        for row in self.tables["indicators"]:
            code, parent, level, en, ar = row[:5]
            assert code not in levels, f"{code}: used twice"
            assert levels.get(parent) == above[level], f"{code}: parent {parent} is missing, late or of the wrong level"
            for scope, name in ((parent, en), (parent, ar)) + ((("", en), ("", ar)) if level == "kpi" else ()):
                assert name and "{" not in name and (scope, level, name) not in names, f"{code}: empty or repeated: {name}"
                names.add((scope, level, name))
            assert row[7] in DIRECTIONS.values() and "illustrative" in row[-2], code
            levels[code] = level
        bases = {code: float(value) for code, _, value, _ in self.tables["baselines"]}
        assert set(bases) == {code for code, level in levels.items() if level != "kpa"}
        facts = {row[0]: (row[6], row[7]) for row in self.tables["indicators"]}
        aimed = set()
        for code, _, value, note in self.tables["targets"] + self.tables["measurements"] + self.tables["baselines"]:
            assert "illustrative" in note and (value or ":" in note), code
            number = float(value or 0)
            assert 0 <= number <= (100 if facts[code][0] in ("%", "Score (0–100)") else math.inf), code
            assert facts[code][0] != "Number" or number.is_integer(), code
        for code, _, value, _ in self.tables["targets"]:
            aimed.add(code)
            gain = float(value) - bases[code]
            assert {"lower_better": gain < 0, "": gain != 0}.get(facts[code][1], gain > 0), f"{code}: target on the wrong side"
        assert all(code in aimed for code, level in levels.items() if level == "kpi")
        kpas = self.count("kpa")
        assert 8 <= kpas <= 14 and kpas == len({row[1] for row in self.tables["indicators"] if row[2] == "kpi"}), kpas

    def write(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for table, rows in self.tables.items():
            with open(folder / f"{table}.csv", "w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(COLUMNS[table].split(","))
                writer.writerows(rows)


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    with open(HERE / "registers.csv", encoding="utf-8", newline="") as file:
        wanted = list(csv.DictReader(file))
    pilot_kpis = pilot_subkpis = 0
    for row in wanted:
        slug, content = row["slug"], load(row["slug"])
        if row["kpis"]:
            keep_kpis(content, slug, int(row["kpis"]))
        if row["subkpis"]:
            keep_subkpis(content, slug, int(row["subkpis"]))
        register = Register(slug, content)
        register.check()
        kpis, subkpis = register.count("kpi"), register.count("subkpi")
        print(f"{slug}: {register.count('kpa')} KPAs, {kpis} KPIs, {subkpis} sub-KPIs")
        if slug in PILOT:
            pilot_kpis, pilot_subkpis = pilot_kpis + kpis, pilot_subkpis + subkpis
        register.write(Path(sys.argv[1]) / slug)
    assert (pilot_kpis, pilot_subkpis) == (PILOT_KPIS, PILOT_SUBKPIS), (pilot_kpis, pilot_subkpis)


if __name__ == "__main__":
    main()
