// Brings the debugpy that comes with the extension into dist/debugpy: the pure-Python wheel, pinned by version and hash in scripts/debugpy.txt,
// fetched by pip, with its licence. Without a network it says so in one sentence, and the build goes on without it.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { root, sharedCache } from './paths.mjs';
import { run } from './run.mjs';

const list = path.join(root, 'scripts', 'debugpy.txt');
const target = path.join(root, 'dist', 'debugpy');

/** Unpacks a wheel, which is a zip file, leaving out what only other tools read. */
const UNPACK = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])';

/** The pinned version and the hash of its wheel. */
function pinned() {
  const found = /^debugpy==(\S+) --hash=sha256:([0-9a-f]{64})$/m.exec(fs.readFileSync(list, 'utf8'));
  if (!found) throw new Error(`${list} does not pin debugpy by version and hash.`);
  return { version: String(found[1]), hash: String(found[2]) };
}

/**
 * Makes dist/debugpy, if it is not there already. False: it could not be fetched, and the reason has been said.
 * @param {(line: string) => void} log @param {string} [python] @returns {Promise<boolean>}
 */
export async function bundleDebugpy(log, python = process.platform === 'win32' ? 'python' : 'python3') {
  const { version, hash } = pinned();
  const stamp = path.join(root, 'dist', '.debugpy');
  if (fs.existsSync(target) && fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === hash) return true;
  const wheel = path.join(sharedCache, `debugpy-${version}-py2.py3-none-any.whl`);
  if (!fs.existsSync(wheel) || sha256(wheel) !== hash) {
    fs.mkdirSync(sharedCache, { recursive: true });
    const args = ['-m', 'pip', '--disable-pip-version-check', 'download', '--quiet', '--no-deps', '--require-hashes'];
    const where = ['--only-binary', ':all:', '--platform', 'any', '--dest', sharedCache];
    const got = await run(python, [...args, ...where, '-r', list], { quiet: true });
    if (got.code !== 0 || !fs.existsSync(wheel)) {
      log(
        `debugpy ${version} could not be fetched with ${python} -m pip: the build goes on without a debugger of its own.`,
      );
      return false;
    }
  }
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(target, { recursive: true });
  const unpacked = await run(python, ['-c', UNPACK, wheel, target], { quiet: true });
  if (unpacked.code !== 0) {
    fs.rmSync(target, { recursive: true, force: true });
    log(`${wheel} could not be unpacked: the build goes on without a debugger of its own.`);
    return false;
  }
  fs.writeFileSync(stamp, hash);
  return true;
}

/** @param {string} file */
function sha256(file) {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}
