// Finds what an id is: an order, a customer, a product, a command.
import {find} from "./api.js";
import {h, link} from "./dom.js";

export function search({parts: [text]}) {
  const told = h("p", {role: "status"}, "Looking …");
  const show = (...path) => location.replace(link(...path)); // so that going back does not lead here again
  return {
    title: `Search for ${text}`, wants: () => false, element: h("section", {class: "card"}, told),
    async refresh() {
      const [order, allocations, customer, product, command] = await Promise.all([
        find(["orders", text]), find(["allocations", text]), find(["customers", text]), find(["products", text]),
        find(["commands", text]),
      ]);
      if (order || allocations) return show("orders", text);
      if (customer) return show("customers", text);
      if (product) return show("stock", text);
      told.textContent = command
        ? `Command ${text} (${command.type}): ${[command.status, command.code, command.message].filter(Boolean).join(", ")}`
        : `There is no order, customer, product or command ${text}.`;
    },
  };
}
