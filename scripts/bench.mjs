// bench.mjs [runtime] [receiving] [lint] [--quick | --tiny]: the benchmarks, all or some. Each prints a Markdown table; the figures of the
// first two are also written to .cache/bench/*.json. --quick: what fits into some minutes; --tiny: only that they run (npm test).
import './lib/node-version.mjs';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './lib/paths.mjs';
import { findPythons } from './lib/pythons.mjs';
import { main, run, Stop } from './lib/run.mjs';

const NAMES = ['runtime', 'receiving', 'lint'];
const MINORS = ['3.9', '3.11', '3.13', '3.14', '3.15'];
const TINY = ['--pairs', '1', '--seconds', '0.01', '--workload', 'echo', 'tree', '--subject'];
const TINY_SUBJECTS = ['control', 'adaptive', 'full'];
const QUICK = ['--pairs', '5', '--seconds', '0.3'];

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean' }, tiny: { type: 'boolean' }, python: { type: 'string', multiple: true } },
  });
  const unknown = positionals.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0)
    throw new Stop(`there is no benchmark ${unknown.join(', ')}: choose from ${NAMES.join(', ')}.`);
  const chosen = positionals.length > 0 ? positionals : NAMES;
  const cache = path.join(root, '.cache/bench');
  fs.mkdirSync(cache, { recursive: true });
  const cpus = os.cpus();
  console.log(
    `${cpus[0]?.model ?? 'unknown processor'} × ${String(cpus.length)}, ${String(Math.round(os.totalmem() / 2 ** 30))} GB, ` +
      `${os.type()} ${os.release()}, load ${(os.loadavg()[0] ?? 0).toFixed(1)}, Node ${process.versions.node}`,
  );
  let code = 0;
  const step = async (/** @type {string} */ command, /** @type {string[]} */ args) => {
    const result = await run(command, args, { cwd: root });
    if (result.code !== 0) code = 1;
  };
  if (chosen.includes('runtime')) {
    const wanted = values.python ?? (values.tiny ? undefined : MINORS);
    const found = await findPythons();
    const pythons = wanted ? found.filter(({ minor }) => wanted.includes(minor)) : found.slice(-1);
    const size = values.tiny ? [...TINY, ...TINY_SUBJECTS] : values.quick ? QUICK : [];
    const [first] = pythons;
    if (!first) throw new Stop('none of the Pythons that are measured is here.');
    const json = ['--json', path.join(cache, 'runtime.json')];
    await step(first.path, [
      'test/bench/runtime.py',
      ...size,
      ...json,
      '--python',
      ...pythons.map((each) => each.path),
    ]);
  }
  if (chosen.includes('receiving')) {
    const model = [
      '--expose-gc',
      '--import=tsx',
      'test/bench/model.ts',
      '--json-file',
      path.join(cache, 'receiving.json'),
    ];
    await step(process.execPath, [...model, ...(values.tiny ? ['--tiny'] : [])]);
  }
  if (chosen.includes('lint') && !values.tiny) await step(process.execPath, ['test/bench/lint.mjs']);
  return code;
});
