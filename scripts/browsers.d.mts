import type { Browser } from "puppeteer-core";

/** Starts a browser without a window. Files that pages save go into the folder `downloads`. */
export function launchBrowser(
  name: "Chromium" | "Firefox",
  options?: { downloads?: string; args?: string[]; preferences?: Record<string, unknown> },
): Promise<Browser>;
