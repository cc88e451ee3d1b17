// The Pythons that tests start programs with. Finds what `npm test` prepared; installs nothing.
import fs from 'node:fs';
import path from 'node:path';

/** The repository's root folder; bundled suites are told it. */
export const repository = process.env['LOOPSCOPE_ROOT'] ?? path.resolve(__dirname, '../..');

/** One Python with the packages of test/requirements.txt. */
export interface TestPython {
  /** Such as `3.11`. */
  version: string;
  /** The interpreter's path. */
  path: string;
}

/**
 * The prepared Pythons, oldest first: the virtual environments `.venv/3.N` of the repository.
 * @throws when there is none, with the command that makes them
 */
export function testPythons(): TestPython[] {
  const folder = path.join(repository, '.venv');
  const inside = process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python';
  const versions = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => /^3\.\d+$/.test(name)) : [];
  const found = versions
    .map((version) => ({ version, path: path.join(folder, version, inside) }))
    .filter((python) => fs.existsSync(python.path))
    .sort((a, b) => minor(a.version) - minor(b.version));
  if (found.length === 0) throw new Error('No Python is prepared for the tests: run `npm test -- pythons` first.');
  return found;
}

/** The one for tests that need only one: 3.12 where it is there, else the newest. */
export function testPython(): TestPython {
  const all = testPythons();
  const chosen = all.find((python) => python.version === '3.12') ?? all.at(-1);
  if (!chosen) throw new Error('unreachable: testPythons() is never empty');
  return chosen;
}

function minor(version: string): number {
  return Number(version.split('.')[1]);
}
