#!/usr/bin/env node
// Stands in for VS Code's executable where it cannot be downloaded: takes the arguments that @vscode/test-electron's runTests gives to
// VS Code, and runs the tests in the extension host of a real VS Code from npm, with a headless Chromium as its window.
// Exit code: 0 the tests' run() resolved; 1 it rejected or its module did not load; 2 VS Code did not start; 3 no verdict in time.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import util from 'node:util';
import { launchChromium } from './lib/chromium.mjs';
import { pageAddress, startCodeServer } from './lib/code-server.mjs';
import { Stop } from './lib/run.mjs';
import { ensureHost } from './vscode-host.mjs';

const timeoutMs = Number(process.env['LOOPSCOPE_E2E_TIMEOUT'] ?? 300) * 1000;
/** What the workbench itself logs and no test wrote. */
const NOISE =
  /^(Canceled: Canceled|Creation of workbench contribution|Resolv(ing|ed) connection token|Creating a socket|\[reconnection-grace-time\]|\[Service Worker\]|\[AgentHost|\[AccountPolicyGate\]|Updating additional builtin|Ignoring fetching additional builtin|Timed out waiting for authentication provider)/;

/** @param {string} name */
const argument = (name) =>
  process.argv
    .slice(2)
    .flatMap((text) => (text.startsWith(`--${name}=`) ? [path.resolve(text.slice(name.length + 3))] : []))[0];

/** @type {(() => Promise<void>)[]} what to undo, last first */
const undo = [];
let ending = false;

/** @param {number} code @param {string} [why] */
async function finish(code, why) {
  if (ending) return;
  ending = true;
  if (why) console.error(`vscode-shim: ${why}`);
  for (const step of undo.reverse()) await step().catch(() => {});
  process.exit(code);
}

async function start() {
  const extension = argument('extensionDevelopmentPath');
  const tests = argument('extensionTestsPath');
  const folder = process.argv.slice(2).find((text) => !text.startsWith('-'));
  if (!extension || !tests) return finish(2, 'give --extensionDevelopmentPath and --extensionTestsPath.');
  const empty = fs.mkdtempSync(path.join(os.tmpdir(), 'ls-w-'));
  undo.push(() => fs.promises.rm(empty, { recursive: true, force: true }));

  const server = await startCodeServer({ host: await ensureHost() });
  undo.push(server.stop);
  void server.ended.then((code) => finish(2, `VS Code's server ended with code ${String(code)}.`));
  const browser = await launchChromium();
  undo.push(() => browser.close());
  const page = await (await browser.newContext({ viewport: { width: 1400, height: 900 } })).newPage();
  page.on('crash', () => void finish(3, 'the window crashed.'));

  // The workbench calls these two when its window has them: the extension host's console, and its verdict.
  await page.exposeFunction('codeAutomationLog', (/** @type {string} */ type, /** @type {unknown} */ args) => {
    const text = util.format(.../** @type {unknown[]} */ ([]).concat(args));
    if (!NOISE.test(text)) (type === 'error' || type === 'warn' ? console.error : console.log)(text);
  });
  await page.exposeFunction('codeAutomationExit', (/** @type {number} */ code) => void finish(code === 0 ? 0 : 1));
  setTimeout(
    () => void finish(3, `no verdict after ${String(timeoutMs / 1000)} s (LOOPSCOPE_E2E_TIMEOUT).`),
    timeoutMs,
  );
  await page.goto(pageAddress(server, { folder: folder ? path.resolve(folder) : empty, extension, tests }), {
    waitUntil: 'domcontentloaded',
  });
}

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
  process.on(signal, () => void finish(130, `got ${signal}.`));
await start().catch((/** @type {unknown} */ error) =>
  finish(2, error instanceof Stop ? error.message : util.inspect(error)),
);
