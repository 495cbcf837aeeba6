// Which page is shown, and when it looks anew.
import {Problem} from "./api.js";
import {h, link} from "./dom.js";
import {coalesce, listen} from "./live.js";
import {overview} from "./overview.js";
import {order, orders} from "./orders.js";
import {search} from "./search.js";
import {product, stock} from "./stock.js";
import {deadLetter, deadLetters} from "./dead_letters.js";

// A page: {title, element, refresh() -> promise, wants(type)?, close()?}
const pages = [
  [/^$/, overview], [/^orders$/, orders], [/^orders\/(.+)$/, order], [/^customers\/(.+)$/, orders],
  [/^stock$/, stock], [/^stock\/(.+)$/, product], [/^dead-letters$/, deadLetters],
  [/^dead-letters\/(\d+)\/(\d+)$/, deadLetter], [/^search\/(.+)$/, search],
];
const main = document.getElementById("content");
const announcer = document.getElementById("announcer");
let page = null, first = true, refresh = null;

function announce(text) {
  announcer.textContent = text;
}

function decodes(path) {
  try {
    return decodeURIComponent(path) !== null;
  } catch {
    return false; // a stray % in an address typed by hand
  }
}

async function refreshPage(shown) {
  if (shown !== page) return;
  const trouble = main.querySelector("#trouble");
  try {
    await shown.refresh();
    trouble?.remove();
  } catch (problem) {
    if (shown !== page) return;
    const text = problem instanceof Problem ? problem.message : "The service cannot be reached.";
    if (trouble) trouble.textContent = text;
    else main.prepend(h("p", {id: "trouble", class: "card problem", role: "alert"}, text));
  }
}

function show() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [pattern, make] = pages.find(([one]) => one.test(path) && decodes(path)) ?? pages[0];
  page?.close?.();
  const parts = (path.match(pattern) ?? []).slice(1).map(decodeURIComponent);
  const shown = page = make({parts, path, query: new URLSearchParams(query), announce, go});
  refresh = coalesce(() => refreshPage(shown), 200);
  document.title = `${page.title} · Orderly`;
  main.replaceChildren(h("h1", {}, page.heading ?? page.title), page.element);
  for (const a of document.querySelectorAll("nav a")) {
    const here = a.getAttribute("href") === "#/" + path.split("/")[0];
    here ? a.setAttribute("aria-current", "page") : a.removeAttribute("aria-current");
  }
  if (!first) main.focus(); // a reader of the screen begins at the new page
  first = false;
  refresh();
}

function go(...path) {
  location.hash = link(...path);
}

document.getElementById("search").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  const text = document.getElementById("search-text").value.trim();
  if (text) go("search", text);
});
document.querySelector(".skip").addEventListener("click", (clicked) => {
  clicked.preventDefault(); // the address belongs to the pages
  main.focus();
});
window.addEventListener("hashchange", show);
show();

let told_connection = null;
listen(
  (type) => {
    if (type === null || (page.wants?.(type) ?? true)) refresh();
  },
  (connected) => {
    const pill = document.getElementById("connection");
    pill.className = `pill ${connected ? "live" : "down"}`;
    if (told_connection !== connected) pill.textContent = connected ? "live" : "reconnecting";
    if (told_connection === false && connected) refresh();
    told_connection = connected;
  },
);
