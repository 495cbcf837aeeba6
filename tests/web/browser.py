"""Headless Chromium for a test, installed if it may be, and watched: whatever a page complains of, and wherever it asks for
something but its own service, is kept.

    with Browser(base_url) as browser:
        page = browser.page(width=390, height=844, dark=True)
"""
import os, shutil, subprocess, sys

from system import skip


def run(*command, seconds):
    return subprocess.run(command, timeout=seconds, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def install_playwright():
    try:
        import playwright  # noqa: F401
    except ImportError:
        if sys.prefix == sys.base_prefix:
            skip("the Python package playwright is not installed, and this is no virtual environment to install it into")
        done = run(sys.executable, "-m", "pip", "install", "-q", "playwright==1.65.2", seconds=300)
        if done.returncode != 0:
            skip("playwright could not be installed: " + done.stdout.strip().splitlines()[-1])


def find_chromium():
    found = shutil.which("chromium")
    if found:
        return found
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get"):
        skip("there is no chromium, and no apt-get to install it with")
    done = run(*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", "install", "-y",
               "--no-install-recommends", "chromium", "fonts-dejavu-core", seconds=600)
    if done.returncode != 0 or not shutil.which("chromium"):
        skip("chromium could not be installed: " + (done.stdout.strip().splitlines() or ["no reason given"])[-1])
    return shutil.which("chromium")


class Browser:
    def __init__(self, base_url):
        self.base_url = base_url
        self.complaints, self.strangers = [], []

    def __enter__(self):
        install_playwright()
        executable = find_chromium()
        from playwright.sync_api import sync_playwright
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        return self

    def __exit__(self, *_):
        self.browser.close()
        self.playwright.stop()

    def note(self, message):
        looked_for = ("/orders/", "/allocations/", "/customers/", "/products/", "/commands/")
        path = message.location["url"].removeprefix(self.base_url)
        if "status of 404" in message.text and path.startswith(looked_for):
            return  # what an id is, is found by asking; Chromium notes each answer that there is no such thing
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} ({message.location})")

    def page(self, width=1280, height=900, dark=False, touch=False, path="/"):
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light",
                                           has_touch=touch, is_mobile=touch, locale="en-GB", reduced_motion="reduce")
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", self.note)
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        page.on("request", lambda r: None if r.url.startswith((self.base_url, "data:", "blob:")) else self.strangers.append(r.url))
        page.goto(self.base_url + path)
        return page
