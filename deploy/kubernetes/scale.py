#!/usr/bin/env python3
"""What 1 thousand, 100 thousand and 10 million commands a second need, from the measured figures in README.md beside this.

scale.py            prints the tables that follow from it
scale.py --write    puts them into README.md
scale.py --check    ends with 1 where README.md has others
"""

import math, re, sys
from pathlib import Path

README = Path(__file__).resolve().with_name("README.md")
RATES = (1_000, 100_000, 10_000_000)
BEGIN, END = "<!-- made by scale.py from the table above -->", "<!-- /scale.py -->"
HEADROOM = 2  # what runs all day must not need more than half of what it has
POD_CORES, BROKER_CORES, COPIES = 2, 16, 3


def base_figures(text):
    """{name: number} of the rows | `name` | number | …"""
    return {
        name: float(number.replace(",", ""))
        for name, number in re.findall(r"^\| `(\w+)` \| ([\d.,]+) \|", text, re.M)
    }


def grouped(number):
    """Three digits are all that such a calculation knows."""
    if number >= 1_000:
        number = round(number, 2 - math.floor(math.log10(number)))
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.2g}"


def amount(size_bytes):
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size_bytes < 1_000:
            break
        size_bytes /= 1_000
    else:
        unit = "PB"
    return f"{size_bytes:.3g} {unit}"


def needs(rate, f):
    """What each part needs at this rate, as numbers."""
    day = 86_400
    write_cores = rate * f["write_cpu"] / 1e6 * HEADROOM
    broker_cores = rate * f["broker_cpu"] / 1e6 * COPIES * HEADROOM
    events_each = f["events_each"]
    return {
        "partitions": max(8, math.ceil(rate * HEADROOM / f["shard_rate"])),
        "write_pods": max(2, math.ceil(write_cores / POD_CORES)),
        "brokers": max(3, math.ceil(broker_cores / BROKER_CORES)),
        "network": rate * f["kafka_bytes"] * COPIES,
        "stores_day": rate * f["store_bytes"] * day,
        "kafka_kept": rate * f["kafka_bytes"] * COPIES * day * 14,
        "projector": rate * events_each / f["read_rate"],
    }


def table(f):
    columns = [needs(rate, f) for rate in RATES]
    rows = [
        ("partitions of each topic", lambda n: grouped(n["partitions"])),
        (f"write pods of {POD_CORES} cores", lambda n: grouped(n["write_pods"])),
        (f"brokers of {BROKER_CORES} cores, {COPIES} copies", lambda n: grouped(n["brokers"])),
        ("written by all brokers together", lambda n: amount(n["network"]) + "/s"),
        ("stores grow, all together, at most", lambda n: amount(n["stores_day"]) + " a day"),
        ("Kafka's disks after 14 days, 3 copies", lambda n: amount(n["kafka_kept"])),
        ("one read replica's projector is busy", lambda n: grouped(n["projector"] * 100) + " %"),
    ]
    lines = ["| at commands/s | " + " | ".join(f"{rate:,}" for rate in RATES) + " |", "|---|" + "---|" * len(RATES)]
    lines += [f"| {name} | " + " | ".join(cell(n) for n in columns) + " |" for name, cell in rows]
    limit = f["read_rate"] / f["events_each"] / HEADROOM
    lines += ["", f"A read replica's one projector keeps up with {grouped(limit)} commands/s at half load."]
    return "\n".join(lines)


def main():
    text = README.read_text()
    made = f"{BEGIN}\n{table(base_figures(text))}\n{END}"
    whole = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: made, text, flags=re.S)
    if sys.argv[1:] == ["--write"]:
        README.write_text(whole)
    elif sys.argv[1:] == ["--check"]:
        if whole != text or made not in text:
            sys.exit(
                "deploy/kubernetes/README.md has other figures than its own come to: run deploy/kubernetes/scale.py --write"
            )
    else:
        print(made)


if __name__ == "__main__":
    main()
