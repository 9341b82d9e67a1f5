// The browsers of this machine, controlled through one interface.
import { existsSync } from "node:fs";
import puppeteer from "puppeteer-core";

const BROWSERS = {
  Chromium: {
    browser: "chrome",
    places: [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"],
    advice: "apt-get install chromium, or set CHROMIUM to the path of one",
    // A container lacks what the sandbox needs.
    args: ["--no-sandbox"],
  },
  Firefox: {
    browser: "firefox",
    places: [process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox"],
    advice: "apt-get install firefox-esr, or set FIREFOX to the path of one",
    args: [],
  },
};

/**
 * Starts a browser without a window.
 *
 * @param {"Chromium" | "Firefox"} name
 * @param {object} [options]
 * @param {string} [options.downloads] folder that receives the files which pages save
 * @param {string[]} [options.args] further arguments of the browser
 * @param {Record<string, unknown>} [options.preferences] of Firefox
 */
export function launchBrowser(name, { downloads, args = [], preferences = {} } = {}) {
  const { browser, places, advice, args: needed } = BROWSERS[name];
  const executablePath = places.find((place) => place !== undefined && existsSync(place));
  if (executablePath === undefined) throw new Error(`no ${name} found: ${advice}`);
  return puppeteer.launch({
    browser,
    executablePath,
    args: [...needed, ...args],
    // Firefox takes the folder from its preferences, Chromium from the protocol.
    extraPrefsFirefox: {
      ...(downloads && { "browser.download.folderList": 2, "browser.download.dir": downloads }),
      ...preferences,
    },
    ...(downloads && { downloadBehavior: { policy: "allow", downloadPath: downloads } }),
  });
}
