// Brings debugpy as the pure-Python wheel, pinned by version and hash, fetched by pip, with its licence: the one that comes with the
// extension (scripts/debugpy.txt) into dist/debugpy, and the oldest that the tests run on (test/debugpy-oldest.txt) into .venv. Without a
// network it says so in one sentence.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { root, sharedCache } from './paths.mjs';
import { run, Stop } from './run.mjs';

/** Unpacks a wheel, which is a zip file, leaving out what only other tools read. */
const UNPACK = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])';

/** The pinned version and the hash of its wheel. @param {string} list */
function pinned(list) {
  const found = /^debugpy==(\S+) --hash=sha256:([0-9a-f]{64})$/m.exec(fs.readFileSync(list, 'utf8'));
  if (!found) throw new Error(`${list} does not pin debugpy by version and hash.`);
  return { version: String(found[1]), hash: String(found[2]) };
}

/**
 * Makes dist/debugpy, if it is not there already. False: it could not be fetched, and the reason has been said.
 * @param {(line: string) => void} log @param {string} [python] @returns {Promise<boolean>}
 */
export async function bundleDebugpy(log, python = process.platform === 'win32' ? 'python' : 'python3') {
  const reason = await bring(path.join(root, 'scripts/debugpy.txt'), path.join(root, 'dist'), 'debugpy', python);
  if (reason) log(`${reason}: the build goes on without a debugger of its own.`);
  return !reason;
}

/**
 * Makes .venv/debugpy-oldest, if it is not there already.
 * @param {string} python @throws {Stop} if it cannot be fetched
 */
export async function bringOldestDebugpy(python) {
  const list = path.join(root, 'test/debugpy-oldest.txt');
  const reason = await bring(list, path.join(root, '.venv'), 'debugpy-oldest', python);
  if (reason) throw new Stop(`${reason}: connect to the network (or point pip at a mirror) and run the command again.`);
}

/**
 * Brings the pinned debugpy into a folder. The result says why not; '': it is there.
 * @param {string} list @param {string} folder @param {string} name @param {string} python
 */
async function bring(list, folder, name, python) {
  const { version, hash } = pinned(list);
  const target = path.join(folder, name);
  const stamp = path.join(folder, `.${name}`);
  if (fs.existsSync(target) && fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === hash) return '';
  const wheel = path.join(sharedCache, `debugpy-${version}-py2.py3-none-any.whl`);
  if (!fs.existsSync(wheel) || sha256(wheel) !== hash) {
    fs.mkdirSync(sharedCache, { recursive: true });
    const args = ['-m', 'pip', '--disable-pip-version-check', 'download', '--quiet', '--no-deps', '--require-hashes'];
    const where = ['--only-binary', ':all:', '--platform', 'any', '--dest', sharedCache];
    const got = await run(python, [...args, ...where, '-r', list], { quiet: true });
    if (got.code !== 0 || !fs.existsSync(wheel)) {
      return `debugpy ${version} could not be fetched with ${python} -m pip`;
    }
  }
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(target, { recursive: true });
  const unpacked = await run(python, ['-c', UNPACK, wheel, target], { quiet: true });
  if (unpacked.code !== 0) {
    fs.rmSync(target, { recursive: true, force: true });
    return `${wheel} could not be unpacked`;
  }
  fs.writeFileSync(stamp, hash);
  return '';
}

/** @param {string} file */
function sha256(file) {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}
