// What could not be handled, and why; and one such record as it came.
import {get} from "./api.js";
import {h, link, number, Table, time} from "./dom.js";
import {PagedTable} from "./paged.js";

const origin = ({original}) => `${original.topic}/${original.partition ?? "?"}/${original.offset ?? "?"}`;
const columns = [
  {title: "Position", show: (letter) => h("a", {href: link("dead-letters", ...letter.position.split("/"))}, letter.position)},
  {title: "Time", show: (letter) => time(letter.time)},
  {title: "Reason", class: "id", show: (letter) => [h("strong", {}, letter.reason), h("br"), letter.detail]},
  {title: "Type", class: "optional", show: (letter) => letter.type},
  {title: "Command", class: "optional", show: (letter) => letter.command_id},
  {title: "Came as", class: "optional", show: origin},
];

export function deadLetters() {
  const table = new PagedTable(["dead-letters"], {},
    new Table("Dead letters, the newest first", columns, (letter) => letter.position, "Everything could be handled."));
  return {
    title: "Dead letters", wants: (type) => type === "dead-letters", refresh: () => table.refresh(),
    element: h("section", {class: "card"}, table.element),
  };
}

export function deadLetter({parts}) {
  const facts = h("dl", {}), payload = h("pre", {class: "scroll"});
  return {
    title: `Dead letter ${parts.join("/")}`, wants: () => false,
    async refresh() {
      const letter = await get(["dead-letters", ...parts]);
      const shown = {
        Time: time(letter.time), Reason: letter.reason, Detail: letter.detail, "Came as": origin(letter), Type: letter.type,
        Command: letter.command_id, Key: letter.key ?? "none", Bytes: number(letter.payload_bytes),
        Payload: letter.payload_encoding + (letter.payload_truncated ? ", cut" : ""),
      };
      facts.replaceChildren(...Object.entries(shown).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
      payload.textContent = letter.payload;
    },
    element: h("section", {class: "card"}, facts, payload),
  };
}
