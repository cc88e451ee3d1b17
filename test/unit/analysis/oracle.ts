/**
 * CPython as the judge of rule tests: runs a text under `python -X dev` and tells what it showed; checks syntax by
 * compiling. Which Pythons there are: LOOPSCOPE_PYTHONS (paths, separated as in PATH),
 * else those that `npm test` prepared in .venv, pyenv's and those on PATH.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** What `clean` programs never show. */
const TROUBLE =
  /ResourceWarning|RuntimeWarning|DeprecationWarning|RuntimeError|Traceback|Task was destroyed|was never (awaited|retrieved)|Exception ignored/;
const RUN_LIMIT_MS = 20_000;

/** Paths of Pythons by version, such as `3.12`. */
export function pythons(): ReadonlyMap<string, string> {
  known ??= findPythons();
  return known;
}
let known: ReadonlyMap<string, string> | undefined;

const VERSIONS = ['3.9', '3.10', '3.11', '3.12', '3.13', '3.14', '3.15'];

function findPythons(): Map<string, string> {
  const pyenv = join(homedir(), '.pyenv', 'versions');
  const candidates = [
    ...VERSIONS.map((version) => join(__dirname, '../../../.venv', version, 'bin', 'python')),
    ...(process.env['LOOPSCOPE_PYTHONS'] ?? '').split(delimiter).filter(Boolean),
    ...(existsSync(pyenv) ? readdirSync(pyenv).map((name) => join(pyenv, name, 'bin', 'python')) : []),
    ...VERSIONS.map((version) => `python${version}`),
    'python3',
    'python',
  ];
  const found = new Map<string, string>();
  for (const path of candidates) {
    if (path.includes('/') && !existsSync(path)) continue;
    const asked = spawnSync(path, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' });
    const version = asked.status === 0 ? asked.stdout.trim() : '';
    if (/^3\.\d+$/.test(version) && !found.has(version)) found.set(version, path);
  }
  return found;
}

/** The Python of a version, by default the newest one not after 3.13. @throws Error where there is none */
export function pythonOf(version?: string): { version: string; path: string } {
  const all = [...pythons()].sort(([a], [b]) => Number(a.slice(2)) - Number(b.slice(2)));
  const [name, path] =
    all.findLast(([each]) => (version === undefined ? Number(each.slice(2)) <= 13 : each === version)) ?? [];
  if (name === undefined || path === undefined) throw new Error(`no Python ${version ?? '3'} on this machine`);
  return { version: name, path };
}

/** Runs a text under `python -X dev`; resolves with all that it wrote to stderr. */
export async function runProgram(code: string, python: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'loopscope-rule-'));
  try {
    const file = join(folder, 'fixture.py');
    writeFileSync(file, code);
    const child = spawn(python, ['-X', 'dev', '-W', 'always', file], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_LIMIT_MS);
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    clearTimeout(timer);
    return status === null ? `${stderr}\nstopped after ${RUN_LIMIT_MS / 1000} s: the program does not end` : stderr;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is wrong with what a run showed: `shows` is a part of the text, or `clean`; '' when nothing is. */
export function judge(shows: string, stderr: string): string {
  if (shows === 'clean')
    return TROUBLE.test(stderr) || stderr.includes('does not end') ? `runs clean, it says, but:\n${stderr}` : '';
  return stderr.includes(shows)
    ? ''
    : `CPython was to show "${shows}", but showed:\n${stderr === '' ? '(nothing)' : stderr}`;
}

const COMPILE = `
import json, sys, ast
def check(text):
    try:
        compile(text, "block", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
json.dump([check(text) for text in json.load(sys.stdin)], sys.stdout)
`;

/** For each text what CPython's compiler says against it, or null. One process for all. */
export function compileAll(texts: readonly string[], python: string): (string | null)[] {
  const done = spawnSync(python, ['-W', 'ignore', '-c', COMPILE], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout) as (string | null)[];
}
