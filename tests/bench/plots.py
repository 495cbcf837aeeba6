#!/usr/bin/env python3
"""Draws results.jsonl as one HTML page with SVG in it: plots.py results.jsonl index.html. Needs matplotlib."""

import html, io, json, sys

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402 (the backend comes first)

OURS, OTHER = "#1f77b4", "#b0b0b0"


def svg(figure):
    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight")
    pyplot.close(figure)
    drawn = text.getvalue()
    return drawn[drawn.index("<svg") :]


def rates(figures):
    """Ours beside what it is measured against."""
    compared = [f for f in figures if "floor" in f and "per_s" in f["ours"]]
    if not compared:
        return None
    figure, axes = pyplot.subplots(figsize=(9, 0.6 * len(compared) + 1.2))
    for row, f in enumerate(reversed(compared)):
        axes.barh(row + 0.2, f["ours"]["per_s"], 0.38, color=OURS, label="ours" if row == 0 else None)
        axes.barh(row - 0.2, f["floor"]["per_s"], 0.38, color=OTHER, label="floor or peer" if row == 0 else None)
        axes.text(f["ours"]["per_s"], row + 0.2, f" {f['ratio']:.2f}", va="center", fontsize=8)
    axes.set_yticks(range(len(compared)), [f["figure"] for f in reversed(compared)], fontsize=8)
    axes.set_xlabel("a second; the number is the ratio")
    axes.legend(loc="lower right", fontsize=8)
    return svg(figure)


def growth(figures):
    """Rate and CPU of a command over the events stored."""
    points = next((f["points"] for f in figures if "points" in f), [])
    if len(points) < 2:
        return None
    figure, axes = pyplot.subplots(figsize=(9, 3.5))
    events = [p["events"] / 1e6 for p in points]
    axes.plot(events, [p["per_s"] for p in points], color=OURS, marker=".")
    axes.set(xlabel="stored events, millions", ylabel="commands/s", ylim=(0, None))
    right = axes.twinx()
    right.plot(events, [p["cpu_s_per_million"] for p in points], color="#d62728", linestyle="--")
    right.set_ylabel("CPU seconds a million (dashed)")
    right.set_ylim(0, None)
    return svg(figure)


def latency(figures):
    """The quantiles of each kind of latency, on a logarithmic scale."""
    measured = [f for f in figures if f["figure"].startswith("latency")]
    if not measured:
        return None
    figure, axes = pyplot.subplots(figsize=(9, 3.5))
    names = ["p50_ms", "p90_ms", "p99_ms", "max_ms"]
    for f in measured:
        axes.plot(names, [f["ours"].get(name) for name in names], marker="o", label=f["figure"])
    axes.set(ylabel="ms", yscale="log")
    axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize=7)
    return svg(figure)


def table(figures):
    rows = []
    for f in figures:
        values = ", ".join(f"{k} {v:,g}" for k, v in f["ours"].items() if isinstance(v, (int, float)))
        against = ", ".join(f"{k} {v:,g}" for k, v in f.get("floor", {}).items() if isinstance(v, (int, float)))
        cells = (f["figure"], values, against, f.get("ratio", ""), f.get("goal", ""), f["time"])
        rows.append("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{name}</th>" for name in ("figure", "ours", "floor or peer", "ratio", "goal", "measured at"))
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def main(results, page):
    latest = {}
    with open(results, encoding="utf-8") as file:
        for line in file:
            figure = json.loads(line)
            latest[figure["figure"]] = figure
    figures = list(latest.values())
    drawn = [
        ("Rates", rates(figures)),
        ("Over stored events", growth(figures)),
        ("Latency", latency(figures)),
        ("All figures", table(figures)),
    ]
    body = "".join(f"<h2>{title}</h2>{content}" for title, content in drawn if content)
    style = "body{font:14px sans-serif;max-width:1100px;margin:2em auto}td,th{font-size:12px;padding:2px 8px}"
    with open(page, "w", encoding="utf-8") as file:
        file.write(f"<!doctype html><meta charset=utf-8><title>Orderly: bench</title><style>{style}</style>")
        file.write(f"<h1>Orderly: bench</h1><p>{html.escape(figures[-1]['machine'])}</p>{body}")


if __name__ == "__main__":
    main(*sys.argv[1:])
