// Finds the Pythons of this machine and prepares a virtual environment of each for the tests: .venv/3.9 … .venv/3.15, and .venv/tools.
// Uses Node's own modules only. Changes nothing outside the repository, but for CPython 3.14 and 3.15 in the shared cache in CI.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root, sharedCache } from './paths.mjs';
import { run, saysNoNetwork, Stop, tail } from './run.mjs';

const OLDEST = 9;
const NEWEST = 15;
const MINORS = Array.from({ length: NEWEST - OLDEST + 1 }, (_, index) => OLDEST + index);
const windows = process.platform === 'win32';

/**
 * @typedef {object} Python
 * @property {string} path the interpreter
 * @property {string} version such as `3.11.7`
 * @property {string} minor such as `3.11`
 * @property {boolean} canMakePip its venv brings pip
 */

/** Printed by a candidate: is it a CPython that we support, and what can it do? */
const PROBE = `
import json, sys, sysconfig
try:
    import ensurepip, venv
    pip = True
except ImportError:
    pip = False
try:
    import venv
    can = True
except ImportError:
    can = False
print(json.dumps([sys.executable, '%d.%d.%d' % sys.version_info[:3], sys.implementation.name,
    bool(sysconfig.get_config_var('Py_GIL_DISABLED')), sys.prefix != sys.base_prefix, can, pip]))
`;

/** Every file that may be a Python, best first; most do not exist. */
function candidates() {
  const names = [...MINORS.map((minor) => `python3.${String(minor)}`), 'python3', 'python'];
  const executable = (/** @type {string} */ folder) =>
    windows ? path.join(folder, 'python.exe') : path.join(folder, 'bin/python3');
  const inside = (/** @type {string} */ folder) => {
    try {
      return fs.readdirSync(folder).map((name) => executable(path.join(folder, name)));
    } catch {
      return [];
    }
  };
  const home = os.homedir();
  const pyenv = process.env['PYENV_ROOT'] ?? path.join(home, '.pyenv');
  const uv =
    process.env['UV_PYTHON_INSTALL_DIR'] ??
    (windows
      ? path.join(process.env['APPDATA'] ?? home, 'uv/python')
      : path.join(process.env['XDG_DATA_HOME'] ?? path.join(home, '.local/share'), 'uv/python'));
  const list = (process.env['LOOPSCOPE_PYTHONS'] ?? '').split(path.delimiter).filter(Boolean);
  const onPath = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => folder && !folder.includes(`${path.sep}shims`));
  return [
    ...list,
    ...inside(path.join(pyenv, windows ? 'pyenv-win/versions' : 'versions')),
    ...inside(uv),
    ...(windows ? inside(path.join(process.env['LOCALAPPDATA'] ?? home, 'Programs/Python')) : []),
    ...onPath.flatMap((folder) => names.map((name) => path.join(folder, windows ? `${name}.exe` : name))),
    ...newerPythons,
  ];
}

/** CPython 3.14 and 3.15 in the shared cache, where an earlier run brought them. */
const newerFolder = path.join(sharedCache, 'pythons');
const newerPythons = [14, 15].map((minor) => path.join(newerFolder, `usr/bin/python3.${String(minor)}`));

/**
 * Brings CPython 3.14 and 3.15 where they are missing, in CI, as root on Debian; does nothing elsewhere.
 * @param {Python[]} found @param {(line: string) => void} log
 */
export async function bringNewerPythons(found, log) {
  const missing = ['3.14', '3.15'].filter((minor) => !found.some((python) => python.minor === minor));
  const may =
    process.env['CI'] &&
    process.platform === 'linux' &&
    process.getuid?.() === 0 &&
    fs.existsSync('/etc/debian_version');
  if (missing.length === 0 || !may) return found;
  log(`Bringing CPython ${missing.join(' and ')} into ${newerFolder} (once, about 30 s) …`);
  const result = await run(path.join(root, 'scripts/newer-pythons.sh'), [newerFolder], { quiet: true });
  if (result.code !== 0) {
    if (saysNoNetwork(result.output))
      throw new Stop(
        'CPython 3.14 and 3.15 could not be fetched: connect to the network, or unset CI to test on the Pythons that are here.',
      );
    throw new Stop(`scripts/newer-pythons.sh failed:\n${tail(result.output)}`);
  }
  return findPythons();
}

/**
 * The Pythons of this machine that Loopscope supports, one of each minor version, oldest first. `LOOPSCOPE_PYTHONS` (paths, separated as
 * PATH is), pyenv, uv, the PATH and the shared cache are looked through in this order.
 * @returns {Promise<Python[]>}
 * @throws {Stop} when there is none
 */
export async function findPythons() {
  const files = [...new Set(candidates().filter((file) => fs.existsSync(file)))];
  const probed = await Promise.all(files.map(probe));
  /** @type {Map<string, Python>} */
  const byMinor = new Map();
  for (const python of probed) if (python && !byMinor.has(python.minor)) byMinor.set(python.minor, python);
  const found = [...byMinor.values()].sort((a, b) => minorOf(a) - minorOf(b));
  if (found.length > 0) return found;
  throw new Stop(
    'no Python was found: install CPython 3.9 or newer (https://python.org; Debian: apt-get install python3 python3-venv), or name one in LOOPSCOPE_PYTHONS.',
  );
}

/** @param {Python} python */
const minorOf = (python) => Number(python.minor.slice(2));

/** @param {string} file @returns {Promise<Python | undefined>} undefined: not a CPython that we can use */
async function probe(file) {
  const result = await run(file, ['-I', '-c', PROBE], { quiet: true, timeout: 20_000 });
  if (result.code !== 0) return undefined;
  try {
    /** @type {unknown} */
    const said = JSON.parse(result.stdout);
    const [executable, version, implementation, freeThreaded, isVenv, canVenv, canMakePip] =
      /** @type {[string, string, string, boolean, boolean, boolean, boolean]} */ (said);
    const minor = Number(version.split('.')[1]);
    const usable = implementation === 'cpython' && version.startsWith('3.') && minor >= OLDEST && minor <= NEWEST;
    if (!usable || freeThreaded || isVenv || !canVenv) return undefined;
    return { path: executable, version, minor: `3.${String(minor)}`, canMakePip };
  } catch {
    return undefined;
  }
}

/** The interpreter inside a virtual environment of the repository. @param {string} name such as `3.11` or `tools` */
export function venvPython(name) {
  return path.join(root, '.venv', name, windows ? 'Scripts/python.exe' : 'bin/python');
}

/**
 * Prepares `.venv/NAME` of each Python with test/requirements.txt, and `.venv/tools` with test/tools.txt. What is up to date is left
 * alone: a stamp names the Python and the hash of the list.
 * @param {Python[]} pythons @param {(line: string) => void} log
 * @param {Python[]} [all] those that may make `.venv/tools`: the newest may lack the pip for it
 */
export async function prepareVenvs(pythons, log, all = pythons) {
  await prepareTools(all, log);
  const waiting = [...pythons];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      await prepareVenv(next.minor, next, 'test/requirements.txt', log);
  };
  await Promise.all([worker(), worker()]);
}

/** Prepares `.venv/tools` with the newest Python that can: some lack the pip that venv brings. @param {Python[]} pythons @param {(line: string) => void} log */
async function prepareTools(pythons, log) {
  /** @type {unknown} */
  let reason;
  for (const python of pythons.filter((each) => each.canMakePip).reverse()) {
    try {
      await prepareVenv('tools', python, 'test/tools.txt', log);
      return;
    } catch (error) {
      if (!(error instanceof NoPip)) throw error;
      reason = error;
    }
  }
  const paths = pythons.map((python) => python.path).join(' and ');
  const why = reason instanceof Error ? `\n${reason.message}` : '';
  throw new Stop(
    `${paths} cannot make a virtual environment with pip: install it (Debian: apt-get install python3-venv).${why}`,
  );
}

/** This Python's venv brings no pip. */
class NoPip extends Stop {}

/** @param {string} name @param {Python} python @param {string} list @param {(line: string) => void} log */
async function prepareVenv(name, python, list, log) {
  const folder = path.join(root, '.venv', name);
  const stampFile = path.join(folder, '.stamp');
  const text = fs.readFileSync(path.join(root, list));
  const stamp = `${name === 'tools' ? '' : `${python.path} ${python.version} `}${createHash('sha256').update(text).digest('hex')}`;
  const current = fs.existsSync(stampFile) ? fs.readFileSync(stampFile, 'utf8') : '';
  if (current === stamp && fs.existsSync(venvPython(name))) return;
  log(`Preparing .venv/${name} (Python ${python.version}) …`);
  fs.rmSync(folder, { recursive: true, force: true });
  const withPip = name === 'tools' ? [] : ['--without-pip'];
  const made = await run(python.path, ['-m', 'venv', ...withPip, folder], { quiet: true });
  if (made.code !== 0) {
    fs.rmSync(folder, { recursive: true, force: true });
    const sentence = `${python.path} could not make a virtual environment in ${folder}:\n${tail(made.output)}`;
    throw name === 'tools' ? new NoPip(sentence) : new Stop(sentence);
  }
  const target = name === 'tools' ? [] : ['--python', venvPython(name)];
  const pip = ['-m', 'pip', '--disable-pip-version-check', ...target, 'install', '--quiet', '--only-binary', ':all:'];
  const installed = await run(venvPython('tools'), [...pip, '-r', list], { cwd: root, quiet: true });
  if (installed.code !== 0) {
    if (saysNoNetwork(installed.output)) {
      throw new Stop(
        'the Python packages of the tests could not be fetched: connect to the network (or point pip at a mirror) and run the command again.',
      );
    }
    throw new Stop(`pip could not install ${list} for Python ${python.version}:\n${tail(installed.output)}`);
  }
  fs.writeFileSync(stampFile, stamp);
}
