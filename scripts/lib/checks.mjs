// The checks that need no program to run: types, lint, format, layers, and the length of files. `npm run check` and the first step of
// `npm test` are this list.
import fs from 'node:fs';
import path from 'node:path';
import { root, shown } from './paths.mjs';
import { venvPython } from './pythons.mjs';
import { run } from './run.mjs';

const MAX_LINES = 600;
const SOURCE = /\.(ts|mts|js|mjs|cjs|py|sh)$/;
/** Not written by hand, or data of tests. */
const NOT_SOURCE = /^(node_modules|dist|\.git|\.cache|\.venv[^/]*|\.vscode-test|\.hypothesis|test\/corpus|test\/wire)$/;

/** @typedef {{ name: string, run: (print: (text: string) => void) => Promise<boolean> }} Check */

/** @param {string} name @param {string} file below node_modules @param {string[]} args @returns {Check} */
const nodeTool = (name, file, args) => ({
  name,
  run: tool(process.execPath, [path.join(root, 'node_modules', file), ...args]),
});

/** @param {string} command @param {string[]} args */
const tool = (command, args) => async (/** @type {(text: string) => void} */ print) =>
  (await run(command, args, { cwd: root, print })).code === 0;

const ruff = (/** @type {string[]} */ args) => tool(venvPython('tools'), ['-m', 'ruff', ...args]);

/** @type {Check[]} */
export const CHECKS = [
  nodeTool('types: tsc', 'typescript/bin/tsc', ['-p', '.', '--noEmit']),
  nodeTool('lint: eslint', 'eslint/bin/eslint.js', ['--max-warnings', '0', 'src', 'test', 'scripts']),
  nodeTool('format: prettier', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
  nodeTool('layers: dependency-cruiser', 'dependency-cruiser/bin/dependency-cruise.mjs', [
    ...['src', 'test', '--config', '.dependency-cruiser.cjs', '--output-type', 'err'],
  ]),
  nodeTool('types: pyright', 'pyright/index.js', ['--warnings', '--pythonpath', venvPython('tools')]),
  { name: 'lint: ruff check', run: ruff(['check', '--no-cache', '--quiet', '--output-format', 'concise', '.']) },
  { name: 'format: ruff format', run: ruff(['format', '--no-cache', '--check', '--quiet', '.']) },
  { name: `no file over ${String(MAX_LINES)} lines`, run: (print) => Promise.resolve(checkLengths(print)) },
];

/** @param {(text: string) => void} print */
function checkLengths(print) {
  const tooLong = sources(root)
    .map((file) => ({ file, lines: fs.readFileSync(file, 'utf8').trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MAX_LINES);
  for (const { file, lines } of tooLong)
    print(`${shown(file)}: ${String(lines)} lines, more than ${String(MAX_LINES)}: divide it.\n`);
  return tooLong.length === 0;
}

/** All source files below a folder. @param {string} folder @returns {string[]} */
function sources(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (NOT_SOURCE.test(path.relative(root, file).split(path.sep).join('/'))) return [];
    if (entry.isDirectory()) return sources(file);
    return entry.isFile() && SOURCE.test(entry.name) ? [file] : [];
  });
}

/**
 * Runs all checks, one after the other, also after one failed.
 * @param {(text: string) => void} print
 * @returns {Promise<import('./counts.mjs').Counts>}
 */
export async function runChecks(print) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const check of CHECKS) {
    let output = '';
    const passed = await check.run((text) => (output += text));
    print(`  ${passed ? '✔' : '✘'} ${check.name}\n`);
    if (!passed) print(output.trimEnd() + '\n');
    counts[passed ? 'passed' : 'failed'] += 1;
  }
  return counts;
}
