import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
];
const PLACES = [
  '/usr/bin',
  '/usr/local/bin',
  '/snap/bin',
  '/opt/google/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS',
  '/Applications/Chromium.app/Contents/MacOS',
];

/** A real Chromium of this machine: `CHROMIUM_PATH`, then the usual places. @throws Error with what to install */
function findChromium(): string {
  const told = process.env['CHROMIUM_PATH'];
  const folders = [...PLACES, ...(process.env['PATH'] ?? '').split(delimiter)];
  const candidates = [
    ...(told === undefined || told === '' ? [] : [told]),
    ...folders.flatMap((folder) => [...NAMES, 'Google Chrome', 'Chromium'].map((name) => join(folder, name))),
  ];
  const found = candidates.find(isExecutable);
  if (found === undefined) {
    throw new Error(
      'No Chromium was found: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.',
    );
  }
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts the browser with nothing that calls home. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
