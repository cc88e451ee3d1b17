// conformance.mjs [cpython] [libraries] [--python 3.N …] [--debugpy]: CPython's own test_asyncio, and the suites of asyncio's libraries, with
// the runtime streaming everything and without, compared test by test. On all Pythons of this machine; an hour and more.
// --debugpy: CPython's suite, both times under the debugpy that comes with the extension.
import './lib/node-version.mjs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundleDebugpy } from './lib/debugpy.mjs';
import { root } from './lib/paths.mjs';
import { findPythons } from './lib/pythons.mjs';
import { main, run, Stop } from './lib/run.mjs';

const NAMES = ['cpython', 'libraries'];

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { python: { type: 'string', multiple: true }, debugpy: { type: 'boolean' } },
  });
  const unknown = positionals.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) throw new Stop(`there is no part ${unknown.join(', ')}: choose from ${NAMES.join(', ')}.`);
  const chosen = positionals.length > 0 ? positionals : values.debugpy ? ['cpython'] : NAMES;
  if (values.debugpy && chosen.includes('libraries')) throw new Stop('--debugpy is for the part cpython alone.');
  const pythons = (await findPythons()).filter(({ minor }) => values.python?.includes(minor) ?? true);
  if (pythons.length === 0) throw new Stop('no such Python is here.');
  if (values.debugpy && !(await bundleDebugpy(console.log))) return 1;
  /** @type {string[]} */
  const bad = [];
  for (const python of pythons)
    for (const name of chosen) {
      console.log(`\n${name}, CPython ${python.version}`);
      const script = path.join(root, 'scripts/conformance', `${name}.py`);
      const more = values.debugpy ? ['--debugpy', path.join(root, 'dist/debugpy')] : [];
      // The suites' packages are installed by the pip of the Python that runs the script: the newest may have none.
      const runner = python.canMakePip ? python : (pythons.find((each) => each.canMakePip) ?? python);
      const args = [script, '--python', python.path, '--json', path.join(root, '.cache/conformance.json'), ...more];
      const result = await run(runner.path, args, { cwd: root });
      if (result.code !== 0) bad.push(`${name} on ${python.minor}`);
    }
  console.log(bad.length === 0 ? '\nNo test differs.' : `\nDiffering, or not run: ${bad.join(', ')}.`);
  return bad.length === 0 ? 0 : 1;
});
