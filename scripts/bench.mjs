// bench.mjs [runtime] [receiving] [stepping] [window] [lint] [--quick | --tiny] [--resume]: the benchmarks, all or some. Each prints a Markdown
// table; the figures of the first three are also written to .cache/bench/*.json, or to the folder that --figures names, the runtime's as
// tables too (runtime.md). --quick: what fits into some minutes; --tiny: only that they run (npm test); --resume: the runtime's figures that
// are there are kept. --python, --workload and --subject choose among the runtime's.
import './lib/node-version.mjs';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './lib/paths.mjs';
import { findPythons, prepareVenvs, venvPython } from './lib/pythons.mjs';
import { main, run, Stop } from './lib/run.mjs';

const NAMES = ['runtime', 'receiving', 'stepping', 'window', 'lint'];
const MINORS = ['3.9', '3.11', '3.13', '3.14', '3.15'];
const TINY = ['--pairs', '1', '--seconds', '0.01', '--workload', 'echo', 'tree', '--subject'];
const TINY_SUBJECTS = ['control', 'adaptive', 'full'];
const QUICK = ['--pairs', '5', '--seconds', '0.3'];

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean' },
      tiny: { type: 'boolean' },
      resume: { type: 'boolean' },
      python: { type: 'string', multiple: true },
      workload: { type: 'string', multiple: true },
      subject: { type: 'string', multiple: true },
      figures: { type: 'string' },
    },
  });
  const unknown = positionals.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0)
    throw new Stop(`there is no benchmark ${unknown.join(', ')}: choose from ${NAMES.join(', ')}.`);
  const chosen = positionals.length > 0 ? positionals : NAMES;
  const cache = path.join(root, '.cache/bench');
  const figures = values.figures === undefined ? cache : path.resolve(values.figures);
  for (const folder of [cache, figures]) fs.mkdirSync(folder, { recursive: true });
  const cpus = os.cpus();
  console.log(
    `${cpus[0]?.model ?? 'unknown processor'} × ${String(cpus.length)}, ${String(Math.round(os.totalmem() / 2 ** 30))} GB, ` +
      `${os.type()} ${os.release()}, load ${(os.loadavg()[0] ?? 0).toFixed(1)}, Node ${process.versions.node}`,
  );
  // Compiled once, as where the extension is installed.
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '', PYTHONPYCACHEPREFIX: path.join(cache, 'pycache') };
  let code = 0;
  const step = async (/** @type {string} */ command, /** @type {string[]} */ args) => {
    const result = await run(command, args, { cwd: root, env });
    if (result.code !== 0) code = 1;
  };
  // The adapter that a view is open on, and the linter.
  if (!values.tiny) await step(process.execPath, ['esbuild.js']);
  if (chosen.includes('runtime')) {
    const wanted = values.python ?? (values.tiny ? undefined : MINORS);
    const found = await findPythons();
    const pythons = wanted ? found.filter(({ minor }) => wanted.includes(minor)) : found.slice(-1);
    const size = values.tiny ? [...TINY, ...TINY_SUBJECTS] : values.quick ? QUICK : [];
    const [first] = pythons;
    if (!first) throw new Stop('none of the Pythons that are measured is here.');
    const json = ['--json', path.join(figures, 'runtime.json'), ...(values.resume ? ['--resume'] : [])];
    const choice = [
      ...(values.workload ? ['--workload', ...values.workload] : []),
      ...(values.subject ? ['--subject', ...values.subject] : []),
    ];
    await step(first.path, [
      'test/bench/runtime.py',
      ...size,
      ...choice,
      ...json,
      '--python',
      ...pythons.map((each) => each.path),
    ]);
    await step(first.path, [
      'test/bench/tables.py',
      ...['json', 'md'].map((end) => path.join(figures, `runtime.${end}`)),
    ]);
  }
  if (chosen.includes('receiving')) {
    const streams = path.join(cache, 'streams');
    const workloads = values.tiny ? ['echo', 'tree'] : ['aiohttp_server', 'echo', 'tree', 'tree_io'];
    const python = (await findPythons()).findLast(({ minor }) => values.tiny || minor === '3.13');
    if (!python) throw new Stop('streams are recorded with Python 3.13, which is not here.');
    await step(python.path, [
      ...['test/bench/record_streams.py', '--seconds', values.tiny ? '0.01' : '3', streams],
      ...workloads,
    ]);
    await step(process.execPath, [
      ...['--expose-gc', '--import=tsx', 'test/bench/model.ts', '--json-file', path.join(figures, 'receiving.json')],
      ...(values.tiny ? ['--tiny'] : []),
      ...workloads.map((name) => path.join(streams, `${name}.bin`)),
    ]);
  }
  if (chosen.includes('stepping')) {
    const found = await findPythons();
    const wanted = values.python ?? (values.tiny ? ['3.12'] : MINORS);
    const pythons = found.filter(({ minor }) => wanted.includes(minor));
    if (pythons.length === 0) throw new Stop('none of the Pythons that are stepped is here.');
    await prepareVenvs(pythons, (line) => console.log(line), found);
    const size = values.tiny ? ['--steps', '2', '--stand', '0.1'] : values.quick ? ['--stand', '3'] : [];
    const paths = pythons.map(({ minor }) => venvPython(minor));
    const [first = ''] = paths;
    await step(first, [
      ...['test/bench/stepping.py', ...size, '--json', path.join(figures, 'stepping.json')],
      ...['--python', ...paths],
    ]);
  }
  if (chosen.includes('window') && !values.tiny) await step(process.execPath, ['scripts/e2e.mjs', '--bench']);
  if (chosen.includes('lint') && !values.tiny) await step(process.execPath, ['test/bench/lint.mjs']);
  return code;
});
