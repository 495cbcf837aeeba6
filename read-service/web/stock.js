// Stock: the products that lines wait for and those that run out, and one product with its batches.
import {find} from "./api.js";
import {h, link, number, Table} from "./dom.js";
import {PagedTable} from "./paged.js";

/** How much of the stock is still there, as a bar; the figures stand beside it. */
function share({available, allocated}) {
  const bar = h("div", {class: "share", "aria-hidden": "true"}, h("span", {class: available > 10 ? "allocated" : "out_of_stock"}));
  bar.firstChild.style.width = `${(100 * available) / Math.max(1, available + allocated)}%`;
  return bar;
}

export const productColumns = [
  {title: "Sku", class: "id", show: (product) => [h("a", {href: link("stock", product.sku)}, product.sku), share(product)]},
  {title: "Available", class: "number", show: (product) => number(product.available)},
  {title: "Allocated", class: "number optional", show: (product) => number(product.allocated)},
  {title: "Lines waiting", class: "number optional", show: (product) => number(product.backordered_lines)},
  {title: "Pieces waiting", class: "number", show: (product) => number(product.backordered_quantity)},
];
const wants = (type) => type.startsWith("allocation.");
const products = (caption, stock, empty) => new PagedTable(["products"], {stock},
  new Table(caption, productColumns, (product) => product.sku, empty));

export function stock() {
  const waiting = products("Products that lines wait for", "backordered", "No line waits for stock.");
  const low = products("Products with ten or fewer left", "low", "No product runs out.");
  const all = products("All products", null, "There are no products yet.");
  return {
    title: "Stock", wants,
    refresh: () => Promise.all([waiting.refresh(), low.refresh(), all.refresh()]),
    element: h("div", {class: "grid"},
      h("section", {class: "card"}, h("h2", {}, "Backorders"), waiting.element),
      h("section", {class: "card"}, h("h2", {}, "Ten or fewer left"), low.element),
      h("section", {class: "card wide"}, h("h2", {}, "All products"), all.element)),
  };
}

const batchColumns = [
  {title: "Batch", class: "id", show: (batch) => batch.batch_ref},
  {title: "Quantity", class: "number", show: (batch) => number(batch.quantity)},
  {title: "Available", class: "number", show: (batch) => number(batch.available)},
  {title: "Arrives", show: (batch) => batch.eta ?? "in the warehouse"},
];

export function product({parts: [sku]}) {
  const totals = new Table("The product", productColumns, (one) => one.sku, "There is no such product.");
  const batches = new PagedTable(["batches"], {sku},
    new Table("Its batches", batchColumns, (batch) => batch.batch_ref, "There are no batches."));
  const lines = new PagedTable(["allocations"], {sku}, new Table("Lines allocated", [
    {title: "Order", class: "id", show: (line) => h("a", {href: link("orders", line.order_id)}, line.order_id)},
    {title: "Quantity", class: "number", show: (line) => number(line.quantity)},
    {title: "Batch", show: (line) => line.batch_ref},
  ], (line) => line.order_id, "No line is allocated."));
  return {
    title: `Product ${sku}`, wants,
    async refresh() {
      const found = await find(["products", sku]);
      totals.show(found ? [found] : []);
      await Promise.all([batches.refresh(), lines.refresh()]);
    },
    element: h("div", {class: "grid"},
      h("section", {class: "card wide"}, h("h2", {}, "Totals"), totals.element),
      h("section", {class: "card"}, h("h2", {}, "Batches"), batches.element),
      h("section", {class: "card"}, h("h2", {}, "Allocated to"), lines.element)),
  };
}
