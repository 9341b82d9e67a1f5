import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/**
 * The Chromium of this machine.
 *
 * @param args of its command line, beside what a container needs
 */
export function launchChromium(...args: string[]): Promise<Browser> {
  const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = places.find((place) => place !== undefined && existsSync(place));
  if (executablePath === undefined) {
    throw new Error("no Chromium found: apt-get install chromium, or set CHROMIUM to the path of one");
  }
  return chromium.launch({ executablePath, args: ["--no-sandbox", ...args] });
}
