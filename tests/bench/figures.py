"""The figures in results of benchmarks: a row each, against the limit that it has to meet.

A benchmark says with the counters `ratio` and `limit` how many times a peer's figure, or a
bound's, of the same run it reached and how many it has to, at least; with `at_most` in
place of `limit`, at most. Its label says of what that is a ratio. One more counter, named by
its unit, is the figure itself; without one it is bytes or items a second, or the time.
"""

import dataclasses
import re
import statistics

_OWN = ("ratio", "limit", "at_most")
# What Google Benchmark writes itself, and counters that are no figures.
_NOT_FIGURES = frozenset((
    "family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads",
    "iterations", "real_time", "cpu_time", "bytes_per_second", "items_per_second", *_OWN))

# What Google Benchmark adds to names.
_SETTINGS = re.compile(r"/(iterations:\d+|repeats:\d+|min_time:[\d.]+|manual_time|real_time|"
                       r"process_time)\b")


@dataclasses.dataclass(frozen=True)
class Row:
    program: str
    name: str
    figure: float
    unit: str
    ratio: float | None = None
    limit: float | None = None  # at least, unless at_most
    at_most: bool = False
    of: str = ""
    error: str = ""

    @property
    def met(self):
        """None where nothing is to be met."""
        if self.error:
            return False
        if self.ratio is None or self.limit is None:
            return None
        return self.ratio <= self.limit if self.at_most else self.ratio >= self.limit


def _figure(run):
    counters = [key for key, value in run.items()
                if key not in _NOT_FIGURES and isinstance(value, (int, float))
                and not isinstance(value, bool)]
    if counters:
        return run[counters[0]], counters[0]
    for key, unit in (("bytes_per_second", "B/s"), ("items_per_second", "1/s")):
        if key in run:
            return run[key], unit
    return run["real_time"], run["time_unit"]


def _row(program, name, runs):
    """Medians over repetitions of a benchmark."""
    errors = [run["error_message"] for run in runs if run.get("error_occurred")]
    if errors:
        return Row(program, name, 0, "", error=errors[0])
    figures, units = zip(*map(_figure, runs))
    medians = {key: statistics.median(run[key] for run in runs) for key in _OWN
               if all(key in run for run in runs)}
    return Row(program, name, statistics.median(figures), units[0], medians.get("ratio"),
               medians.get("limit", medians.get("at_most")), "at_most" in medians,
               runs[0].get("label", ""))


def rows(results):
    """In the order in which they were measured."""
    found = []
    for program, result in results["programs"].items():
        runs = {}
        for run in result["benchmarks"]:
            # Aggregates are made here, from the runs.
            if run.get("run_type", "iteration") == "iteration":
                name = _SETTINGS.sub("", run.get("run_name", run["name"]))
                runs.setdefault(name, []).append(run)
        found += [_row(program, name, those) for name, those in runs.items()]
    return found


def quantity(value, unit):
    """`value` in four digits with a prefix of the unit: 12340000000 B/s is 12.34 GB/s."""
    if unit in ("B/s", "1/s", "B", "bit/s", "FLOP/s"):
        for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
            if abs(value) >= factor:
                return f"{value / factor:.4g} {prefix}{unit}"
    return f"{value:.4g} {unit}".rstrip()


def _cells(row):
    if row.error:
        return (f"{row.program} {row.name}", "-", "-", "-", "FAILED", row.error)
    limit = "-"
    if row.limit is not None:
        limit = ("<= " if row.at_most else ">= ") + f"{row.limit:g}"
    ratio = "-" if row.ratio is None else f"{row.ratio:.4g}"
    return (f"{row.program} {row.name}", quantity(row.figure, row.unit), ratio, limit,
            {True: "met", False: "NOT MET", None: "-"}[row.met], row.of)


def table(head, lines):
    """The first column to the left, figures to the right, the last two to the left."""
    every = [head, *lines]
    widths = [max(len(line[column]) for line in every) for column in range(len(head))]
    text = ""
    for line in every:
        cells = [cell.rjust(width) for cell, width in zip(line, widths)]
        cells[0] = line[0].ljust(widths[0])
        cells[-2:] = [line[-2].ljust(widths[-2]), line[-1]]
        text += ("  " + "  ".join(cells)).rstrip() + "\n"
    return text


def _settings(results):
    """What the programs say of themselves: contexts of their own."""
    shared = {"date", "host_name", "executable", "num_cpus", "mhz_per_cpu",
              "cpu_scaling_enabled", "caches", "load_avg", "library_build_type"}
    lines = []
    for program, result in results["programs"].items():
        for key, value in result["context"].items():
            if key not in shared:
                lines.append(f"  {program} {key}: {value}\n")
    return "".join(lines)


def text(results, of_results):
    settings = _settings(results)
    judged = [row.met for row in of_results if row.met is not None]
    head = ("benchmark", "figure", "ratio", "limit", "", "ratio of")
    return ((settings + "\n" if settings else "") + table(head, list(map(_cells, of_results))) +
            f"\n  {sum(judged)} of {len(judged)} limits met\n")
