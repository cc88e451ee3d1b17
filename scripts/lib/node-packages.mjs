// Installs the repository's Node packages where they are missing or out of date, as package-lock.json names them. Runs none of their scripts.
import fs from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';
import { npm, saysNoNetwork, Stop, tail } from './run.mjs';

/** @typedef {{ packages: Record<string, { version?: string, optional?: boolean, devOptional?: boolean }> }} Lock */

/** Whether node_modules holds what package-lock.json names; packages for other platforms may be missing. */
function isInstalled() {
  const read = (/** @type {string} */ file) => {
    /** @type {unknown} */
    const lock = JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'));
    return /** @type {Lock} */ (lock).packages;
  };
  try {
    const installed = read('node_modules/.package-lock.json');
    return Object.entries(read('package-lock.json')).every(([name, wanted]) => {
      if (name === '') return true;
      const found = installed[name];
      return found ? found.version === wanted.version : Boolean(wanted.optional ?? wanted.devOptional);
    });
  } catch {
    return false;
  }
}

/**
 * Makes node_modules what package-lock.json says.
 * @param {(line: string) => void} log
 * @throws {Stop} when npm failed
 */
export async function ensureNodePackages(log) {
  if (isInstalled()) return;
  log('Installing the Node packages (npm ci) …');
  const result = await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    quiet: true,
  });
  if (result.code === 0) return;
  if (saysNoNetwork(result.output)) {
    throw new Stop(
      'npm could not reach its registry: connect to the network (or set npm’s `registry` to a mirror) and run the command again.',
    );
  }
  throw new Stop(`npm ci failed:\n${tail(result.output)}`);
}
