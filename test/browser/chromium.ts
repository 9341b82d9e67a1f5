import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/**
 * Starts the Chromium of this machine.
 *
 * @param args further command line arguments, in addition to those that a container needs
 */
export function launchChromium(...args: string[]): Promise<Browser> {
  const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = places.find((place) => place !== undefined && existsSync(place));
  if (executablePath === undefined) {
    throw new Error("no Chromium found: apt-get install chromium, or set CHROMIUM to the path of one");
  }
  return chromium.launch({ executablePath, args: ["--no-sandbox", ...args] });
}
