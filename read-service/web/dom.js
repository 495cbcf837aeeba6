// Elements, made without ever parsing text as HTML: an id from a stranger is shown, never run.

/** h("td", {class: "id"}, "text", child): attributes that are null or false are left out; on* are listeners. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === false || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined).map(asNode));
  return element;
}
const asNode = (child) => (child instanceof Node ? child : document.createTextNode(String(child)));

export const link = (...path) => "#/" + path.map(encodeURIComponent).join("/");
export const number = (n) => Number(n).toLocaleString();
export const count = (n, noun) => `${number(n)} ${noun}${n === 1 ? "" : "s"}`;

export function money({currency, minor_units}) {
  try {
    const format = new Intl.NumberFormat(undefined, {style: "currency", currency});
    return format.format(minor_units / 10 ** format.resolvedOptions().maximumFractionDigits);
  } catch {
    return `${minor_units} ${currency}`; // a currency that the browser does not know
  }
}

const sameDay = new Intl.DateTimeFormat(undefined, {timeStyle: "medium"});
const otherDay = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "medium"});
export function time(rfc3339) {
  const date = new Date(rfc3339);
  const format = date.toDateString() === new Date().toDateString() ? sameDay : otherDay;
  return h("time", {datetime: rfc3339, title: rfc3339}, format.format(date));
}

export const tag = (status) => h("span", {class: `tag ${status}`}, status.replaceAll("_", " "));

/**
 * A table whose rows are kept while what they show stays the same, so that neither the focus nor the reader's place is
 * lost when it is brought up to date. columns: [{title, class?, show(item) -> node or text}].
 */
export class Table {
  constructor(caption, columns, key, empty) {
    Object.assign(this, {columns, key, rows: new Map(), shown: false});
    this.body = h("tbody");
    this.empty = h("p", {class: "muted"}, empty);
    const heads = columns.map((column) => h("th", {scope: "col", class: column.class}, column.title));
    this.table = h("table", {}, h("caption", {class: "hidden"}, caption), h("thead", {}, h("tr", {}, heads)), this.body);
    this.element = h("div", {}, h("div", {class: "scroll"}, this.table), this.empty);
  }

  show(items) {
    const rows = new Map();
    for (const item of items) rows.set(this.key(item), this.row(item));
    const focused = document.activeElement?.closest("tr")?.dataset.key;
    if (!sameNodes([...this.body.children], [...rows.values()].map((row) => row.element))) {
      const had_focus = this.body.contains(document.activeElement);
      this.body.replaceChildren(...[...rows.values()].map((row) => row.element));
      if (had_focus) rows.get(focused)?.element.querySelector("a")?.focus();
    }
    this.rows = rows;
    this.shown = true;
    this.table.hidden = items.length === 0;
    this.empty.hidden = items.length > 0;
  }

  row(item) {
    const key = this.key(item), text = JSON.stringify(item), old = this.rows.get(key);
    if (old?.text === text) return old;
    const cells = this.columns.map((column) => h("td", {class: column.class}, column.show(item)));
    return {text, element: h("tr", {"data-key": key, class: this.shown ? "fresh" : null}, cells)};
  }
}
const sameNodes = (a, b) => a.length === b.length && a.every((node, i) => node === b[i]);
