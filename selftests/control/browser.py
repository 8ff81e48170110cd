# SPDX-License-Identifier: GPL-2.0
"""Chromium at the web page of the control server, by its driver."""

import shutil
import tempfile

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

# A machine under load may take its time; what is waited for comes in a moment otherwise.
PATIENCE = 90


class Browser:
    def __init__(self, url, any_certificate=False):
        self.url = url
        self.dir = tempfile.mkdtemp()
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--no-first-run", "--disable-background-networking", "--disable-extensions",
                         "--window-size=1280,900", f"--user-data-dir={self.dir}",
                         # Whoever is not this machine does not exist.
                         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"):
            options.add_argument(argument)
        options.accept_insecure_certs = any_certificate
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
        self.driver.set_page_load_timeout(PATIENCE)
        self.driver.set_script_timeout(PATIENCE)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.dir, ignore_errors=True)

    def wait(self, condition, what):
        """Waits until condition() is true, and returns what it gave."""
        try:
            return WebDriverWait(self.driver, PATIENCE, 0.1, [StaleElementReferenceException]).until(
                lambda _: condition())
        except TimeoutException:
            raise AssertionError(f"not within {PATIENCE} s: {what}; shown: {self.text('body')[:400]!r}; "
                                 f"said: {self.messages()}") from None

    def messages(self):
        """What the browser complained about since the last time."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]

    def open(self, page="", name="nodes"):
        # Another # alone would load nothing.
        self.driver.get("about:blank")
        self.driver.get(f"{self.url}/admin/#{page}")
        self.wait(lambda: self.find(f"#content[data-page='{name}']"), f"the page {name}")

    def go(self, page):
        """Another page of the same document."""
        self.run("location.hash = arguments[0]", page)
        name = page.split("/")[0]
        self.wait(lambda: self.find(f"#content[data-page='{name}'] h1"), f"the page {name}")

    def sign_in(self, key):
        self.wait(lambda: self.find("#sign-in input"), "the form").send_keys(key)
        self.find("#sign-in button").click()

    def find(self, selector):
        found = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return found[0] if found else None

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector="main"):
        element = self.find(selector)
        return element.text if element else ""

    def shows(self, text, selector="main"):
        """Waits until the text is in an element."""
        self.wait(lambda: text in self.text(selector), f"{text!r} in {selector}")

    def button(self, label, within="main"):
        """The button with this label, once it is there."""
        def look():
            return next((button for button in self.all(f"{within} button, {within} a.button")
                         if button.text == label and button.is_displayed() and button.is_enabled()), None)
        return self.wait(look, f"the button {label!r} in {within}")

    def press(self, label, within="main"):
        """A refresh may replace the button between looking and pressing."""
        def press():
            self.button(label, within).click()
            return True
        self.wait(press, f"pressing {label!r}")

    def fill(self, selector, text):
        element = self.wait(lambda: self.find(selector), selector)
        element.clear()
        element.send_keys(text)

    def make_user(self, name):
        """On the page of users."""
        self.press("New user")
        self.fill("dialog input", name)
        self.press("Create", "dialog")
        self.shows(name, "#users")

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def fetch(self, method, path, headers=None, body=None):
        """A request by a script in the page; (status, text)."""
        return tuple(self.driver.execute_async_script(
            "const done = arguments[4]; fetch(arguments[1], {method: arguments[0], headers: arguments[2] || {}, "
            "body: arguments[3] ?? undefined}).then(async (r) => done([r.status, await r.text()]), "
            "(e) => done([0, String(e)]))", method, path, headers, body))

    def look(self, width, height, dark=False):
        """Sets size and colours."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def picture(self, path):
        self.driver.save_screenshot(str(path))
