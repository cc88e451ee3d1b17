// start.mjs [FOLDER] [--port N]: Loopscope in a real VS Code, from a fresh clone: installs, builds, and opens the examples (or FOLDER) with the
// extension, so that Ctrl+F5 is the next key. VS Code is `code` where it is on the PATH, else the one from npm, whose address it prints.
import './lib/node-version.mjs';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startCodeServer } from './lib/code-server.mjs';
import { openGate } from './lib/gate.mjs';
import { bundleDebugpy } from './lib/debugpy.mjs';
import { ensureNodePackages } from './lib/node-packages.mjs';
import { localCache, root, shown } from './lib/paths.mjs';
import { findPythons } from './lib/pythons.mjs';
import { main, run, Stop } from './lib/run.mjs';
import { ensureHost } from './vscode-host.mjs';

const NEXT =
  'Press Ctrl+F5 (macOS: Control+F5) to run the first example, and open the Event Loop view in the activity bar.';

/** Runs `code`, which on Windows is a script. @param {string[]} args */
const code = (args) =>
  process.platform === 'win32'
    ? run(process.env['ComSpec'] ?? 'cmd.exe', ['/d', '/s', '/c', 'code', ...args], { quiet: true })
    : run('code', args, { quiet: true });

/** Opens VS Code by its own command. @param {string} folder @returns {Promise<boolean>} false: there is none that can be used */
async function openWithCode(folder) {
  if ((await code(['--version'])).code !== 0) return false;
  const opened = await code(['--new-window', `--extensionDevelopmentPath=${root}`, folder]);
  if (opened.code === 0) return true;
  console.log(`\`code\` is on the PATH but could not open a window:\n${opened.output.trim()}`);
  return false;
}

/** A VS Code from npm on a port of this machine; ends with Ctrl+C. @param {string} folder @param {number} port */
async function serve(folder, port) {
  const token = randomBytes(16).toString('hex');
  // The port first: where it is in use, nothing else needs to start.
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'loopscope-'));
  const remove = () => fs.rmSync(home, { recursive: true, force: true });
  process.on('exit', remove);
  const socket = path.join(home, 's');
  const gate = await openGate({ socket, token, port });
  const address = gate.address();
  const taken = typeof address === 'object' && address ? address.port : port;
  const host = await ensureHost();
  const vsix = path.join(localCache, 'start/loopscope.vsix');
  console.log('Packing the extension …');
  const packed = await run(process.execPath, [path.join(root, 'scripts/package.mjs'), '--out', vsix], {
    cwd: root,
    quiet: true,
  });
  if (packed.code !== 0) throw new Stop(packed.output.trim());
  const starting = startCodeServer({ host, home, socket, folder, isolated: false, development: false });
  process.off('exit', remove); // From here on the server's own end removes it: not before the server is dead, which writes there.
  const server = await starting;
  const installed = await server.cli(['--install-extension', vsix, '--force']);
  if (installed.code !== 0) {
    await server.stop();
    throw new Stop(`the extension could not be installed into VS Code:\n${installed.output}`);
  }
  console.log(`\nVS Code: http://127.0.0.1:${String(taken)}/?token=${token}\n${NEXT}\nCtrl+C here ends it.`);
  const ended = await server.ended;
  gate.close();
  await server.stop();
  throw new Stop(
    `VS Code's server ended by itself with code ${String(ended)}:\n${server.output().trimEnd().split('\n').slice(-5).join('\n')}`,
  );
}

await main(async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { port: { type: 'string' } } });
  const folder = path.resolve(positionals[0] ?? path.join(root, 'examples'));
  if (!fs.existsSync(folder)) throw new Stop(`there is no folder ${folder}.`);
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Stop(`${String(values.port)} is no port: give a number from 1 to 65535.`);
  await findPythons(); // Without one there is nothing to show.
  await ensureNodePackages(console.log);
  const built = await run(process.execPath, [path.join(root, 'esbuild.js')], { cwd: root, quiet: true });
  if (built.code !== 0) throw new Stop(`the extension could not be built:\n${built.output.trim()}`);
  await bundleDebugpy(console.log);
  if (values.port === undefined && (await openWithCode(folder))) {
    console.log(`VS Code opens ${shown(folder)}.\n${NEXT}`);
    return;
  }
  await serve(folder, port);
});
