#!/usr/bin/env python3
"""The dashboard in headless Chromium: it loads without a complaint, shows a new order within a second of its event, can be used
by keyboard and on a phone, in light and dark, shows what strangers sent as text, and comes back after the service was away.

    dashboard_test.py [--screenshots DIRECTORY]    takes pictures of a shop at work instead
"""
import random, sys, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "end_to_end"))
from browser import Browser
from shop import Shop
from system import System, until

HOSTILE = '<img src=x onerror="window.pwned=1">'
PAGES = ["#/", "#/orders", "#/orders/o1", "#/customers/alice", "#/stock", "#/stock/LAMP", "#/dead-letters"]


def fill(shop):
    lamp, chair = shop.stock("LAMP", 100), shop.stock("CHAIR", 4, "2031-01-01")
    shop.order("o1", "alice", [("LAMP", 3, 250), ("CHAIR", 5, 9_900)])
    shop.allocate("o1", "LAMP", 3, lamp)
    shop.run_out("o1", "CHAIR", 5)
    shop.order("o2", "alice", [("LAMP", 1, 250)])
    shop.allocate("o2", "LAMP", 1, lamp)
    shop.all_allocated("o2")
    shop.pay("o2")
    shop.allocate("o9", "CHAIR", 1, chair)
    shop.dead_letter("UNDECODABLE", "the value is no JSON at byte 3")
    shop.flush()


def text(page):
    return page.inner_text("#content")


def loads_and_shows(page):
    page.wait_for_selector("text=live")
    page.wait_for_selector("tr[data-key=o2]")
    shown = text(page)
    for expected in ("Orders by status", "created", "paid", "o1", "alice", "Events per second", "£502.50"):
        assert expected in shown, f"{expected} is not in {shown}"
    page.wait_for_selector(".u-legend")
    page.click("a:text-is('o1')")
    page.wait_for_selector("text=Order Created")
    shown = text(page)
    for expected in ("batch-001", "out of stock", "allocated", "Out Of Stock CHAIR", "caused by cause-1", "£99.00"):
        assert expected in shown, f"{expected} is not in {shown}"
    page.goto(page.url.split("#")[0] + "#/stock")
    page.wait_for_selector("text=All products")
    waiting = page.inner_text("section:has-text('Backorders') tbody")
    assert waiting.split() == ["CHAIR", "3", "1", "1", "5"], waiting
    page.goto(page.url.split("#")[0] + "#/dead-letters")
    page.wait_for_selector("text=the value is no JSON at byte 3")
    page.click("td a")
    page.wait_for_selector("text=allocation.commands/1/17")


def is_fresh(page, shop):
    """The time from an event's acknowledgement to its order on the page, ten times."""
    page.goto(page.url.split("#")[0] + "#/")
    page.wait_for_selector("tr[data-key=o2]")
    took = []
    for n in range(10):
        shop.order(f"fresh-{n}", "bob", [("LAMP", 1, 100)])
        shop.flush()
        since = time.monotonic()
        page.wait_for_selector(f"tr[data-key=fresh-{n}]")
        took.append(time.monotonic() - since)
    print("seconds from an event to its order on the page:", " ".join(f"{t:.3f}" for t in sorted(took)))
    assert max(took) < 1, "an order was shown too late"
    assert "New order fresh-9" == page.inner_text("#announcer")
    # The page of an order follows, too.
    page.click("text=fresh-9")
    page.wait_for_selector("dd:has-text('created')")
    shop.pay("fresh-9")
    shop.flush()
    page.wait_for_selector("dd:has-text('paid')", timeout=2_000)
    assert page.inner_text("#announcer") == "Order fresh-9 is now paid"


def focused(page):
    return page.evaluate("document.activeElement.innerText || document.activeElement.id")


def works_by_keyboard(browser, shop):
    page = browser.page()
    page.wait_for_selector("tbody tr")
    seen = []
    for _ in range(9):
        page.keyboard.press("Tab")
        seen.append(focused(page))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "solid3px", f"the focus on {seen[-1]} cannot be seen: {outline}"
        visible = page.evaluate("(({top, left, bottom}) => top >= 0 && left >= 0 && bottom <= innerHeight)(document.activeElement.getBoundingClientRect())")
        assert visible, f"{seen[-1]} has the focus out of sight"
    assert seen[:8] == ["Skip to content", "Orderly", "Overview", "Orders", "Stock", "Dead letters", "search-text", "Find"], seen
    page.keyboard.press("Home")
    page.focus(".skip")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.focus("#search-text")
    page.keyboard.type("o1")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Order o1')")
    assert page.evaluate("document.activeElement.id") == "content", "the focus did not follow to the new page"
    for asked, found in (("alice", "Customer alice"), ("LAMP", "Product LAMP"), ("o9", "Order o9")):
        page.fill("#search-text", asked)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"h1:has-text('{found}')")
    page.fill("#search-text", "nowhere")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=There is no order, customer, product or command nowhere.")
    # What has the focus keeps it while the table around it changes.
    page.goto(page.url.split("#")[0] + "#/orders")
    page.focus("tr[data-key=o2] a")
    shop.order("while-reading", "bob", [("LAMP", 1, 100)])
    shop.ship("o2")
    shop.flush()
    page.wait_for_selector("tr[data-key=while-reading]")
    page.wait_for_selector("tr[data-key=o2]:has-text('shipped')")
    assert focused(page) == "o2", f"the focus went to {focused(page)}"
    page.select_option("#status", "shipped")
    page.wait_for_url("**#/orders?status=shipped")
    page.wait_for_selector("tr[data-key=o2]")
    assert page.locator("tbody tr").count() == 1
    page.context.close()


CONTRAST = """() => {
  const rgb = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => { const [r, g, b] = rgb(colour).map((c) => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const behind = (element) => { for (; element; element = element.parentElement) { const colour = getComputedStyle(element).backgroundColor;
    if (rgb(colour)[3] !== 0) return colour; } return "rgb(255,255,255)"; };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !element.checkVisibility()) continue;
    if (element.closest(".hidden, .uplot, script, noscript, option")) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) poor.push(`${element.tagName} ${element.className} "${element.textContent.slice(0, 20)}" ${((a + .05) / (b + .05)).toFixed(2)}`);
  }
  return poor;
}"""


def fits_and_can_be_read(browser, width, height, dark, touch):
    page = browser.page(width, height, dark=dark, touch=touch)
    page.wait_for_selector("tbody tr")
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(c) for c in back[4:-1].split(",")) < 150) == dark, f"the page is {back}"
    for address in PAGES:
        page.goto(page.url.split("#")[0] + address)
        page.wait_for_selector("tbody tr")
        over = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        assert over <= 0, f"{address} is {over} pixels wider than a screen of {width}"
        poor = page.evaluate(CONTRAST)
        assert not poor, f"{address} has text that is hard to read: {poor}"
        if touch:
            small = page.evaluate("[...document.querySelectorAll('button, input, select')].filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 44).length")
            assert small == 0, f"{address}: {small} controls are too small for a finger"
    page.context.close()


def shows_hostile_text_as_text(page, shop):
    batch = shop.stock(HOSTILE, 5)
    shop.order(HOSTILE, HOSTILE, [(HOSTILE, 1, 100)])
    shop.allocate(HOSTILE, HOSTILE, 1, batch)
    shop.cancel(HOSTILE, HOSTILE)
    shop.order("../%2e%2e/%00?#&", "';--", [("a b/c", 1, 100)])
    shop.dead_letter(HOSTILE, HOSTILE, HOSTILE.encode())
    shop.flush()
    page.goto(page.url.split("#")[0] + "#/")
    page.wait_for_selector("tr:has-text('%2e%2e')")
    page.click("tr:has-text('%2e%2e') a >> nth=0")
    page.wait_for_selector("h1:has-text('Order ../%2e%2e/%00?#&')")
    page.wait_for_selector("td:has-text('a b/c')")
    page.goto(page.url.split("#")[0] + "#/")
    for step in ("td.id a", "dd a", "td.id a", "td.id a"):  # the order, its customer, the order again, its product
        row = page.locator(f"#content :is(tr, dl):has-text('onerror') {step}").first
        assert row.inner_text() == HOSTILE, row.inner_text()
        row.click()
        page.wait_for_selector("h1:has-text('onerror')")
        page.wait_for_selector("#content :is(tbody, dl) :text('onerror')")
    assert "Product" in page.inner_text("h1")
    page.goto(page.url.split("#")[0] + "#/dead-letters")
    page.wait_for_selector(f"strong:has-text('onerror')")
    assert page.evaluate("window.pwned") is None, "a stranger's text was run"
    assert page.locator("#content img").count() == 0


def comes_back(page, system, shop):
    page.goto(page.url.split("#")[0] + "#/")
    page.wait_for_selector("text=live")
    system.read.kill()
    page.wait_for_selector("text=reconnecting")
    shop.order("meanwhile", "carol", [("LAMP", 1, 100)])
    shop.flush()
    system.read.start()
    page.wait_for_selector("text=live", timeout=20_000)
    page.wait_for_selector("tr[data-key=meanwhile]")


def headers_are_strict(system):
    status, headers, _ = system.read.get("/")
    policy = headers["Content-Security-Policy"]
    assert status == 200 and "default-src 'none'" in policy and "unsafe" not in policy, policy
    status, headers, _ = system.read.get("/assets/app.js")
    assert headers["Content-Type"].startswith("text/javascript") and headers["X-Content-Type-Options"] == "nosniff"
    assert system.read.get("/assets/app.js", {"If-None-Match": headers["ETag"]})[0] == 304
    assert system.read.get("/assets/nothing.js")[0] == 404


def at_work(shop, seconds):
    """A shop's traffic, for the pictures; gives an order of three lines that has been shipped."""
    chance = random.Random(1)
    skus = ["WHITE HANGING HEART", "REGENCY CAKESTAND", "JUMBO BAG RED", "PARTY BUNTING", "LUNCH BAG", "SPOTTY TEAPOT"]
    batches = {sku: shop.stock(sku, 20 if i < 2 else 4_000) for i, sku in enumerate(skus)}
    left = {sku: 20 if i < 2 else 4_000 for i, sku in enumerate(skus)}
    open_orders, shipped, number, end = [], None, 581_000, time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(chance.randrange(1, 6)):
            number += 1
            order_id = str(number)
            lines = [(sku, chance.randrange(1, 8), chance.randrange(85, 1_295)) for sku in chance.sample(skus, chance.randrange(1, 4))]
            shop.order(order_id, str(chance.randrange(12_346, 18_287)), lines)
            for sku, quantity, _ in lines:
                if left[sku] >= quantity:
                    left[sku] -= quantity
                    shop.allocate(order_id, sku, quantity, batches[sku])
                else:
                    shop.run_out(order_id, sku, quantity)
            open_orders.append((order_id, all(left[sku] > 10 for sku, _, _ in lines), len(lines)))
        while len(open_orders) > 12:
            order_id, whole, size = open_orders.pop(chance.randrange(len(open_orders)))
            if chance.random() < 0.08:
                shop.cancel(order_id, "changed their mind")
                continue
            shop.pay(order_id)
            if whole:
                shop.all_allocated(order_id)
                shop.ship(order_id)
                shipped = order_id if size == 3 else shipped
        shop.flush()
        time.sleep(0.08 + 0.1 * chance.random())  # traffic, not waiting for anything
    return shipped


# name, width, height, dark, on a phone, address, what must be there first
PICTURES = [
    ("overview-light", 1200, 1010, False, False, "#/", ".u-legend"),
    ("overview-dark", 1200, 1010, True, False, "#/", ".u-legend"),
    ("order-light", 1200, 760, False, False, "#/orders/{order}", "text=Order Created"),
    ("order-dark-phone", 390, 844, True, True, "#/orders/{order}", "text=Order Created"),
    ("overview-light-phone", 390, 844, False, True, "#/", "tbody tr"),
    ("orders-light-phone", 390, 844, False, True, "#/orders", "tbody tr"),
    ("stock-dark", 1200, 760, True, False, "#/stock", "text=All products"),
    ("dead-letters-light", 1200, 420, False, False, "#/dead-letters", "tbody tr"),
]


def take_pictures(browser, shop, directory):
    directory.mkdir(parents=True, exist_ok=True)
    shop.dead_letter("UNDECODABLE", "the value is no JSON at byte 3")
    shop.dead_letter("PARKED", "waits behind a command that cannot be handled")
    order_id = at_work(shop, 100)
    for name, width, height, dark, touch, address, awaited in PICTURES:
        page = browser.page(width, height, dark=dark, touch=touch, path="/" + address.format(order=order_id))
        page.wait_for_selector(awaited)
        page.wait_for_selector("#connection.live")
        page.screenshot(path=directory / f"{name}.png")
        print(f"{directory / name}.png: {(directory / f'{name}.png').stat().st_size} bytes")
        page.context.close()


pictures = Path(sys.argv[sys.argv.index("--screenshots") + 1]) if "--screenshots" in sys.argv else None
with System(partitions=2) as system:
    system.read.start()
    until(system.read.is_ready, 30, "the read service is ready")
    shop = Shop(system)
    with Browser(system.read.url("")) as browser:
        if pictures:
            take_pictures(browser, shop, pictures)
            sys.exit(0)
        fill(shop)
        until(lambda: system.read.get("/orders/o2")[2].get("version") == 3, 20, "the views hold the shop")
        headers_are_strict(system)
        page = browser.page()
        loads_and_shows(page)
        is_fresh(page, shop)
        works_by_keyboard(browser, shop)
        for width, height, touch in ((1280, 900, False), (390, 844, True), (320, 568, True)):
            for dark in (False, True):
                fits_and_can_be_read(browser, width, height, dark, touch)
        shows_hostile_text_as_text(page, shop)
        assert not browser.complaints, f"the browser complains: {browser.complaints}"
        comes_back(page, system, shop)
        assert not browser.strangers, f"others were asked: {browser.strangers}"
print("the dashboard loads cleanly, is fresh, and works by keyboard, on a phone, in light and dark, and after an outage")
