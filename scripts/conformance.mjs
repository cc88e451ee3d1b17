// conformance.mjs [cpython] [libraries] [--python 3.N …]: CPython's own test_asyncio, and the suites of asyncio's libraries, with the
// runtime streaming everything and without, compared test by test. On all Pythons of this machine; an hour and more.
import './lib/node-version.mjs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './lib/paths.mjs';
import { findPythons } from './lib/pythons.mjs';
import { main, run, Stop } from './lib/run.mjs';

const NAMES = ['cpython', 'libraries'];

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { python: { type: 'string', multiple: true } },
  });
  const unknown = positionals.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) throw new Stop(`there is no part ${unknown.join(', ')}: choose from ${NAMES.join(', ')}.`);
  const chosen = positionals.length > 0 ? positionals : NAMES;
  const pythons = (await findPythons()).filter(({ minor }) => values.python?.includes(minor) ?? true);
  if (pythons.length === 0) throw new Stop('no such Python is here.');
  /** @type {string[]} */
  const bad = [];
  for (const python of pythons)
    for (const name of chosen) {
      console.log(`\n${name}, CPython ${python.version}`);
      const script = path.join(root, 'scripts/conformance', `${name}.py`);
      const json = name === 'libraries' ? ['--json', path.join(root, '.cache/conformance.json')] : [];
      const result = await run(python.path, [script, '--python', python.path, ...json], { cwd: root });
      if (result.code !== 0) bad.push(`${name} on ${python.minor}`);
    }
  console.log(bad.length === 0 ? '\nNo test differs.' : `\nDiffering, or not run: ${bad.join(', ')}.`);
  return bad.length === 0 ? 0 : 1;
});
