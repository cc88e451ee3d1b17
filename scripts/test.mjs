// test.mjs [STEP …] [--python 3.12]: all tests, from a fresh clone: installs what they need, runs every step also after one failed, and ends
// with each runner's counts. Steps can be chosen by name; `--list` names them. Exit code 1 when anything failed.
import './lib/node-version.mjs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runChecks } from './lib/checks.mjs';
import { mochaCounts, mochaFailures, pytestCounts, pytestFailures } from './lib/counts.mjs';
import { bringOldestDebugpy, bundleDebugpy } from './lib/debugpy.mjs';
import { ensureNodePackages } from './lib/node-packages.mjs';
import { root } from './lib/paths.mjs';
import { bringNewerPythons, findPythons, prepareVenvs, venvPython } from './lib/pythons.mjs';
import { main, run, Stop } from './lib/run.mjs';
import { failures, runSteps, summary } from './lib/schedule.mjs';
import { ensureHost } from './vscode-host.mjs';

/** @typedef {import('./lib/schedule.mjs').Step} Step */
/** @typedef {import('./lib/pythons.mjs').Python} Python */

const NAMES = ['check', 'build', 'unit', 'wire', 'runtime', 'dap', 'package', 'e2e'];
/** Steps that only prepare: chosen alone, they run no test. */
const PREPARE = ['pythons', 'host'];

/** What every test sees: a prepared Python first on the PATH, and all of them by name. @param {Python[]} pythons */
function testEnvironment(pythons) {
  const usual = pythons.find((python) => python.minor === '3.12') ?? pythons.at(-1);
  const first = usual ? path.dirname(venvPython(usual.minor)) : '';
  return {
    ...process.env,
    PATH: [first, process.env['PATH'] ?? ''].join(path.delimiter),
    LOOPSCOPE_PYTHONS: pythons.map((python) => venvPython(python.minor)).join(path.delimiter),
    LOOPSCOPE_ROOT: root,
    NO_COLOR: '1', // Their output is read.
  };
}

/**
 * A step that starts a program of its own and reads its counts.
 * @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} env
 * @param {(output: string) => import('./lib/counts.mjs').Counts} read
 * @param {(output: string) => string} [readFailures]
 * @returns {Step['run']}
 */
const program = (command, args, env, read, readFailures) => async (print) => {
  const result = await run(command, args, { cwd: root, env, print });
  const counts = read(result.output);
  // A runner that ended badly with no failed test: its own words are above.
  if (result.code !== 0 && counts.failed === 0) return { counts, problem: `it ended with code ${String(result.code)}` };
  return counts.failed > 0 && readFailures ? { counts, failures: readFailures(result.output) } : { counts };
};

/** @param {Python[]} pythons @returns {Step[]} */
function allSteps(pythons) {
  const env = testEnvironment(pythons);
  const node = (/** @type {string[]} */ ...args) => program(process.execPath, args, env, mochaCounts, mochaFailures);
  const mocha = (/** @type {string} */ folder) =>
    node('node_modules/mocha/bin/mocha.js', '--import=tsx', '--forbid-only', `test/${folder}/**/*.test.ts`);
  return [
    {
      name: 'check',
      run: async (print) => ({ counts: await runChecks(print) }),
    },
    {
      name: 'build',
      run: program(process.execPath, ['esbuild.js'], env, (output) => ({
        passed: [...output.matchAll(/^ {2}dist\/[\w.-]+\.js /gm)].length,
        failed: 0,
        skipped: 0,
      })),
    },
    { name: 'unit', after: ['build'], run: mocha('unit') },
    { name: 'wire', after: ['build'], run: mocha('wire') },
    ...pythons.map((python) => ({
      name: `runtime ${python.minor}`,
      run: program(venvPython(python.minor), ['-m', 'pytest', '-rfE'], env, pytestCounts, pytestFailures),
    })),
    { name: 'dap', after: ['build'], run: mocha('dap') },
    // It builds dist/ anew, which the tests before it use.
    { name: 'package', after: ['build', 'unit', 'wire', 'dap'], run: mocha('package') },
    { name: 'e2e', after: ['build', 'package'], alone: true, run: node('scripts/e2e.mjs') },
  ];
}

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { python: { type: 'string', multiple: true }, list: { type: 'boolean' } },
  });
  if (values.list) {
    console.log([...NAMES, ...PREPARE].join('\n'));
    return;
  }
  const unknown = positionals.filter((name) => ![...NAMES, ...PREPARE].includes(name));
  if (unknown.length > 0)
    throw new Stop(`there is no step ${unknown.join(', ')}: choose from ${[...NAMES, ...PREPARE].join(', ')}.`);
  const chosen = positionals.length > 0 ? positionals : NAMES;
  const begin = performance.now();

  const log = (/** @type {string} */ line) => console.log(line);
  const found = await bringNewerPythons(await findPythons(), log);
  const pythons = values.python ? found.filter((python) => values.python?.includes(python.minor)) : found;
  if (pythons.length === 0)
    throw new Stop(
      `Python ${String(values.python)} is not here: choose from ${found.map((python) => python.minor).join(', ')}.`,
    );
  console.log(`Node ${process.versions.node}; Python ${pythons.map((python) => python.version).join(', ')}`);
  await ensureNodePackages(log);
  const needHost = chosen.some((name) => ['package', 'e2e', 'host'].includes(name));
  await Promise.all([prepareVenvs(pythons, log, found), needHost ? ensureHost({ log }) : undefined]);
  if (chosen.some((name) => ['runtime', 'dap'].includes(name))) await bringOldestDebugpy(venvPython('tools'));
  if (chosen.some((name) => ['dap', 'e2e'].includes(name))) await bundleDebugpy(log, venvPython('tools'));

  const steps = allSteps(pythons).filter((step) => chosen.includes(step.name.split(' ')[0] ?? ''));
  if (steps.length === 0) return 0;
  const ends = await runSteps(steps, {
    jobs: Math.min(4, os.availableParallelism()),
    write: (text) => process.stdout.write(text),
  });
  process.stdout.write(failures(ends));
  console.log(`\n──── summary ${'─'.repeat(64)}\n${summary(ends, (performance.now() - begin) / 1000)}`);
  return ends.some((end) => end.failed) ? 1 : 0;
});
