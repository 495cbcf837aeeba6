// Throughput and lag of the last minutes, drawn by uPlot in the page's own colours.
import {get} from "./api.js";
import {h, number} from "./dom.js";

const tones = {
  "ordering.events": "--created", "allocation.events": "--shipped", "customer.events": "--paid",
  "command.results": "--cancelled", "dead-letters": "--bad",
};

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString(undefined, {timeStyle: "medium"});
const clock_width = 95; // pixels that such a time needs, with some room

export class Plots {
  constructor() {
    this.throughput = new Plot("Events per second");
    this.lag = new Plot("Lag");
    this.elements = [this.throughput.element, this.lag.element];
    this.colours = matchMedia("(prefers-color-scheme: dark)");
    this.recolour = () => [this.throughput, this.lag].forEach((plot) => plot.draw());
    this.colours.addEventListener("change", this.recolour);
    this.resized = new ResizeObserver(() => [this.throughput, this.lag].forEach((plot) => plot.fit()));
    this.elements.forEach((element) => this.resized.observe(element));
    this.timer = setInterval(() => this.refresh().catch(() => {}), 2000); // the page says when the service is away
    this.refresh().catch(() => {});
  }

  async refresh() {
    const series = await get(["admin", "throughput"]);
    const topics = Object.keys(series.events_per_second).filter((topic) => series.events_per_second[topic].some((n) => n > 0));
    const rates = topics.map((topic) => series.events_per_second[topic]);
    const last = (list) => list.at(-1) ?? 0;
    this.throughput.show([series.seconds, ...rates], topics.map((topic) => ({label: topic, tone: tones[topic]})),
      `${number(rates.reduce((sum, rate) => sum + last(rate), 0))} events in the last second`);
    this.lag.show([series.seconds, series.lag_messages, series.lag_seconds],
      [{label: "messages", tone: "--created"}, {label: "seconds", tone: "--warn", scale: "s"}],
      `${number(last(series.lag_messages))} messages, ${number(last(series.lag_seconds))} s behind`);
  }

  close() {
    clearInterval(this.timer);
    this.colours.removeEventListener("change", this.recolour);
    this.resized.disconnect();
    [this.throughput, this.lag].forEach((plot) => plot.plot?.destroy());
  }
}

class Plot {
  constructor(title) {
    this.title = title;
    this.canvas = h("div", {class: "plot", role: "img", "aria-label": title});
    this.text = h("p", {class: "muted"});
    this.element = h("section", {class: "card"}, h("h2", {}, title), this.canvas, this.text);
  }

  show(data, series, text) {
    this.text.textContent = text;
    this.canvas.setAttribute("aria-label", `${this.title}: ${text}`);
    const same = this.plot && JSON.stringify(series) === JSON.stringify(this.series);
    Object.assign(this, {data, series});
    same ? this.plot.setData(data) : this.draw();
  }

  draw() {
    if (!this.data) return;
    this.plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = {stroke: colour("--muted"), grid: {stroke: colour("--line"), width: 1}, ticks: {stroke: colour("--line")}};
    const scaled = this.series.some(({scale}) => scale);
    this.plot = new uPlot({
      width: this.canvas.clientWidth, height: 208, legend: {live: false}, padding: [null, clock_width / 2, null, null],
      cursor: {y: false, drag: {x: false, y: false}, points: {show: false}},
      scales: {y: {range: {min: {pad: 0, soft: 0, mode: 1}, max: {pad: 0.1, soft: 1, mode: 1}}},
        s: {range: {min: {pad: 0, soft: 0, mode: 1}, max: {pad: 0.1, soft: 1, mode: 1}}}},
      axes: [{...axis, space: clock_width, values: (_, seconds) => seconds.map(clock)}, {...axis, size: 56},
        ...(scaled ? [{...axis, scale: "s", side: 1, size: 40, grid: {show: false}}] : [])],
      series: [{}, ...this.series.map(({label, tone, scale}) => ({
        label, scale: scale ?? "y", stroke: colour(tone ?? "--link"), width: 2, points: {show: false}}))],
    }, this.data, this.canvas);
  }

  fit() {
    if (this.plot && this.plot.width !== this.canvas.clientWidth) {
      this.plot.setSize({width: this.canvas.clientWidth, height: 208});
    }
  }
}
