"""Two runs of the same benchmarks, side by side."""

import figures

# A change that is less is not named one: runs of one build differ by some percent.
_NOTABLE = 0.05
# Figures that are better when small: times. All others are rates.
_TIMES = frozenset(("ns", "us", "ms", "s"))


def _change(old, new):
    """By what factor a row got better, and whether by ratios, which a faster machine does
    not move; None where there is nothing to divide by."""
    by_ratio = old.ratio is not None and new.ratio is not None
    before, after = (old.ratio, new.ratio) if by_ratio else (old.figure, new.figure)
    if not before or not after or (not by_ratio and old.unit != new.unit):
        return None, by_ratio
    smaller_is_better = new.at_most if by_ratio else new.unit in _TIMES
    return (before / after if smaller_is_better else after / before), by_ratio


def _shown(row, by_ratio):
    if row is None or row.error:
        return "failed" if row else "-"
    return f"{row.ratio:.4g}" if by_ratio else figures.quantity(row.figure, row.unit)


def _verdict(old, new, factor):
    words = []
    if factor is not None and abs(factor - 1) >= _NOTABLE:
        words.append("better" if factor > 1 else "WORSE")
    if old.met is not False and new.met is False:
        words.append("limit NO LONGER MET")
    if old.met is False and new.met is True:
        words.append("limit now met")
    return ", ".join(words)


def _line(key, old, new):
    name = " ".join(key)
    if old is None or new is None:
        side = "only in NEW" if old is None else "only in OLD"
        return (name, _shown(old, False), _shown(new, False), "-", side, "")
    factor, by_ratio = _change(old, new)
    change = "-" if factor is None else f"{100 * (factor - 1):+.1f} %"
    return (name, _shown(old, by_ratio), _shown(new, by_ratio), change,
            "ratio" if by_ratio else "figure", _verdict(old, new, factor))


def text(old_machine, new_machine, old_rows, new_rows):
    """Ratios where both have one, else figures; positive changes are for the better."""
    old = {(row.program, row.name): row for row in old_rows}
    new = {(row.program, row.name): row for row in new_rows}
    lines = [_line(key, old.get(key), new.get(key)) for key in [*old, *(new.keys() - old.keys())]]
    moved = [f"  {key}: {old_machine.get(key, '-')}  ->  {new_machine.get(key, '-')}\n"
             for key in dict.fromkeys([*old_machine, *new_machine])
             if old_machine.get(key) != new_machine.get(key)]
    differences = "machine, where it differs:\n" + "".join(moved) + "\n" if moved else ""
    return differences + figures.table(("benchmark", "OLD", "NEW", "better by", "", ""), lines)
