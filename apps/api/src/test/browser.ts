import { existsSync } from 'node:fs';
import { type Browser, launch } from 'puppeteer-core';

/** Where distributions put it. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of this machine; undefined where there is none, unless the environment says that there must be one. */
export const chromium: string | undefined = PLACES.find((path) => existsSync(path));

if (chromium === undefined && process.env.HOLDFAST_REQUIRE_CHROMIUM) {
  throw new Error(`There is no Chromium at ${PLACES.join(', ')}`);
}

/** Opens a browser without a window. */
export function openBrowser(): Promise<Browser> {
  if (chromium === undefined) throw new Error('There is no Chromium on this machine');
  return launch({
    executablePath: chromium,
    // Without a sandbox, since tests may run as root, and see only pages of ours.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}
