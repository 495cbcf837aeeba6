// A list of the API as a table that grows by pages, each looked at anew when something has happened.
import {get} from "./api.js";
import {h} from "./dom.js";

export class PagedTable {
  constructor(path, query, table) {
    Object.assign(this, {path, query, table, pages: 1});
    this.more = h("button", {type: "button", hidden: true, onclick: () => this.grow()}, "Show more");
    this.element = h("div", {}, table.element, this.more);
  }

  async refresh() {
    const items = [];
    let token = null;
    for (let page = 0; page < this.pages; ++page) {
      const answer = await get(this.path, {...this.query, limit: 50, page_token: token});
      items.push(...answer.items);
      token = answer.next_page_token;
      if (!token) break;
    }
    this.table.show(items);
    this.more.hidden = !token;
  }

  async grow() {
    ++this.pages;
    await this.refresh();
  }
}
