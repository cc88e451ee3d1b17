// The browser that is VS Code's window in the tests: finds a Chromium on this machine and starts it without a screen.
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { Stop } from './run.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'];
const MAC = ['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);

/** The browser's executable: `$CHROMIUM`, else the first on the PATH. @throws {Stop} when there is none */
export function findChromium() {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).concat('/usr/bin', '/snap/bin');
  const found = [
    process.env['CHROMIUM'] ?? '',
    ...folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name))),
    ...MAC,
  ];
  const executable = found.find((file) => file !== '' && fs.existsSync(file));
  if (executable) return executable;
  throw new Stop(
    'the end-to-end tests need Chromium: install it (Debian: apt-get install chromium), or name a Chromium or Chrome in CHROMIUM.',
  );
}

/** A headless browser. */
export function launchChromium() {
  return chromium.launch({
    executablePath: findChromium(),
    headless: true,
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
