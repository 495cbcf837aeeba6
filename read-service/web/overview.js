// The first page: orders by status, what is going on, the newest orders, what waits for stock, and whether
// all is well.
import {get} from "./api.js";
import {h, link, money, number, Table, tag, time} from "./dom.js";
import {Plots} from "./plots.js";
import {productColumns} from "./stock.js";

export const orderColumns = [
  {title: "Order", class: "id", show: (order) => h("a", {href: link("orders", order.order_id)}, order.order_id)},
  {title: "Customer", class: "id optional", show: (o) => h("a", {href: link("customers", o.customer_id)}, o.customer_id)},
  {title: "Status", show: (order) => tag(order.status)},
  {title: "Total", class: "number", show: (order) => money(order.total)},
  {title: "Created", class: "optional", show: (order) => time(order.created_at)},
];

export function overview({announce}) {
  const counts = h("ul", {class: "counts"}), bar = h("div", {class: "bar", "aria-hidden": "true"});
  const latest = new Table("The newest orders", orderColumns, (order) => order.order_id, "There are no orders yet.");
  const waiting = new Table("Products that lines wait for", productColumns, (one) => one.sku, "No line waits for stock.");
  const trouble = h("ul", {});
  const health = h("section", {class: "card wide problem", hidden: true}, h("h2", {}, "Not all is well"), trouble);
  const plots = new Plots();
  let newest = null;

  async function refresh() {
    const [summary, orders, backorders, ready] = await Promise.all([
      get(["order-counts"]), get(["orders"], {limit: 10}), get(["products"], {stock: "backordered", limit: 10}), readiness(),
    ]);
    counts.replaceChildren(...summary.items.map(({status, orders: n}) =>
      h("li", {class: status}, h("a", {href: `#/orders?status=${status}`}, h("strong", {}, number(n)), status))));
    bar.replaceChildren(...summary.items.map(({status, orders: n}) => {
      const part = h("span", {class: status});
      part.style.flexGrow = n;
      return part;
    }));
    latest.show(orders.items);
    waiting.show(backorders.items);
    trouble.replaceChildren(...ready.map((part) => h("li", {}, `${part.name}: ${part.reason}`)));
    health.hidden = ready.length === 0;
    const first = orders.items[0]?.order_id;
    if (newest !== null && first !== undefined && first !== newest) announce(`New order ${first}`);
    newest = first ?? "";
  }

  return {
    title: "Overview", refresh, close: () => plots.close(), wants: (type) => type !== "dead-letters",
    element: h("div", {class: "grid"}, health,
      h("section", {class: "card wide"}, h("h2", {}, "Orders by status"), counts, bar),
      plots.elements,
      h("section", {class: "card"}, h("h2", {}, "Newest orders"), latest.element),
      h("section", {class: "card"}, h("h2", {}, "Backorders"), waiting.element)),
  };
}

/** The parts that are not ready, as /readyz tells them. */
async function readiness() {
  const response = await fetch("/readyz");
  const {parts} = await response.json();
  return parts.filter((part) => !part.ready);
}
