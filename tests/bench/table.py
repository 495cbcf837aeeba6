"""The table that the bench prints."""

DISTURBED_PERCENT = 10  # of the machine's CPU taken by others: the figures are marked
LATE_MS = 2  # the sender behind its schedule: likewise


def used_by(side, x):
    return (
        f"  {side} {x['cpu_s_per_million']:.2f} ({x['broker_cpu_s_per_million']:.2f})  {x['peak_mib']:.0f}  "
        f"{x['written_bytes_each']:.0f} ({x['broker_written_bytes_each']:.0f})"
    )


def used_each(side, x):
    """Of requests, which are short: microseconds of CPU for each."""
    return f"  {side} {x['cpu_us_each']:.1f} us each, p99 {x['p99_ms']:.2f} ms"


def verdict(figure):
    """The goal beside what was reached."""
    goal = figure.get("goal")
    if goal is None:
        return ""
    if isinstance(goal, dict):
        met = all(figure["ours"][name] <= most for name, most in goal.items())
        wanted = ", ".join(f"{name.removesuffix('_ms')} {most:g}" for name, most in goal.items())
        return f"goal {wanted}: {'met' if met else 'NOT met'}"
    at_most = figure.get("goal_is_most")
    met = figure["ratio"] <= goal if at_most else figure["ratio"] >= goal
    return f"goal {'<=' if at_most else '>='} {goal:g}: {'met' if met else 'NOT met'}"


def print_compared(f):
    ours, other = f["ours"], f["floor"]
    for name, key in ((f["figure"], "per_s"), ("  from the program's start", "from_start_per_s")):
        if key not in ours:
            continue
        tell = used_each if "cpu_us_each" in ours else used_by
        used = tell("ours", ours) + tell(f.get("against", "floor"), other) if key == "per_s" else ""
        end = used + "  " + verdict(f) if key == "per_s" else ""
        print(f"{name:<58}{ours[key]:>11,.0f}{other[key]:>11,.0f}{ours[key] / other[key]:>7.2f}{end}")
    disturbed = max(ours.get("others_cpu_percent", 0), other.get("others_cpu_percent", 0))
    if disturbed > DISTURBED_PERCENT:
        print(f"  DISTURBED: other programs took {disturbed:.0f} % of the machine")
    if "note" in f:
        print(f"  {f['note']}")


def print_plain(f):
    values = "   ".join(f"{name.removesuffix('_ms')} {value:,g}" for name, value in f["ours"].items())
    ratio = f"   ratio {f['ratio']:.2f}" if "ratio" in f else ""
    print(f"{f['figure']:<58} {values} {f['unit']}{ratio}   {verdict(f)}")
    if f.get("sender_late_p99_ms", 0) > LATE_MS:
        late, busy = f["sender_late_p99_ms"], f["machine_busy_percent"]
        print(f"  DISTURBED: the sender was {late:.1f} ms late at its p99, the machine {busy} % busy")
    if "note" in f:
        print(f"  {f['note']}")


def print_table(figures):
    columns = "  CPU s/M (broker)   peak MiB   written B each (broker)"
    print(f"\n{'':<58}{'ours':>11}{'floor':>11}{'ratio':>7}{columns}")
    for figure in figures:
        (print_compared if "floor" in figure else print_plain)(figure)
    print()
