// Orders: the list, by status and customer, and one order with its lines, where they are allocated, and its history.
import {find, get} from "./api.js";
import {h, link, money, number, Table, tag, time} from "./dom.js";
import {orderColumns} from "./overview.js";
import {PagedTable} from "./paged.js";

const statuses = ["created", "paid", "shipped", "cancelled"];

export function orders({parts, path, query}) {
  const [customer] = parts;
  const status = query.get("status");
  const table = new PagedTable(["orders"], {customer_id: customer, status},
    new Table("Orders, the newest first", orderColumns, (order) => order.order_id, "There are no such orders."));
  const choice = h("select", {id: "status", onchange: () => {
    location.hash = `#/${path}` + (choice.value ? `?status=${choice.value}` : "");
  }}, h("option", {value: ""}, "every status"), statuses.map((one) => h("option", {selected: one === status}, one)));
  const facts = h("dl", {});
  return {
    title: customer === undefined ? "Orders" : `Customer ${customer}`,
    element: h("section", {class: "card"}, facts,
      h("div", {class: "controls"}, h("label", {for: "status"}, "Show"), choice), table.element),
    wants: (type) => type.startsWith("ordering."),
    async refresh() {
      const who = customer === undefined ? null : await find(["customers", customer]);
      if (who) facts.replaceChildren(...customerFacts(who));
      await table.refresh();
    },
  };
}

const fact = (name, ...value) => [h("dt", {}, name), h("dd", {}, ...value)];

const customerFacts = (customer) => [
  ...fact("Orders", number(customer.orders), customer.cancelled_orders > 0 ? `, ${number(customer.cancelled_orders)} cancelled` : ""),
  ...fact("Spend", customer.spend.map(money).join(", ") || "nothing"),
  ...fact("VIP", ...(customer.vip_since ? ["since ", time(customer.vip_since)] : ["not yet"])),
];

const lineColumns = [
  {title: "Sku", class: "id", show: (line) => h("a", {href: link("stock", line.sku)}, line.sku)},
  {title: "Quantity", class: "number", show: (line) => number(line.quantity)},
  {title: "Each", class: "number optional", show: (line) => (line.unit_price ? money(line.unit_price) : "")},
  {title: "Allocation", show: (line) => tag(line.allocation_status)},
  {title: "Batch", show: (line) => line.batch_ref ?? "–"},
];

export function order({parts: [order_id], announce}) {
  const facts = h("dl", {});
  const lines = new Table("The order's lines", lineColumns, (line) => line.sku, "There are no lines.");
  const history = h("ol", {class: "timeline"});
  let shown = null;

  async function refresh() {
    const found = await find(["orders", order_id]);
    if (!found) return showAllocations();
    facts.replaceChildren(...fact("Status", tag(found.status)),
      ...fact("Customer", h("a", {href: link("customers", found.customer_id)}, found.customer_id)),
      ...fact("Total", money(found.total)), ...fact("Created", time(found.created_at)),
      ...(found.cancel_reason ? fact("Cancelled because", found.cancel_reason) : []),
      ...(found.refund ? fact("Refund", money(found.refund)) : []));
    lines.show(found.lines);
    const {items, next_page_token: more} = await get(["orders", order_id, "history"], {limit: 200});
    history.replaceChildren(...items.map(historyItem), ...(more ? [h("li", {}, "and more: see the API")] : []));
    if (shown !== null && shown !== found.status) announce(`Order ${order_id} is now ${found.status}`);
    shown = found.status;
  }

  // Lines may be allocated for an order that this system has not been told of.
  async function showAllocations() {
    const allocations = await find(["allocations", order_id]);
    facts.replaceChildren(...fact("Order", allocations ? "not known here but by its allocations" : "there is none of this id"));
    lines.show((allocations ?? []).map((line) => ({...line, allocation_status: "allocated"})));
  }

  return {
    title: `Order ${order_id}`, refresh, wants: (type) => type !== "dead-letters",
    element: h("div", {class: "grid"},
      h("section", {class: "card"}, h("h2", {}, "The order"), facts),
      h("section", {class: "card"}, h("h2", {}, "Lines and allocations"), lines.element),
      h("section", {class: "card wide"}, h("h2", {}, "Timeline"), history)),
  };
}

function historyItem(event) {
  const what = [event.data?.sku, event.data?.batch_ref && `batch ${event.data.batch_ref}`, event.data?.reason];
  const detail = what.filter(Boolean).join(", ");
  const name = event.type.replace(/^.*\./, "").replace(/(?<=[a-z])(?=[A-Z])/g, " ");
  return h("li", {}, h("strong", {}, name), detail && ` ${detail}`, h("br"), time(event.time),
    h("span", {class: "muted"}, ` · ${event.stream} version ${event.version}`,
      event.causation_id ? ` · caused by ${event.causation_id}` : ""));
}
