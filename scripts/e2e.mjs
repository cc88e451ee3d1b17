// e2e.mjs [--grep X] [--host | --window | --bench] [FILE …]: the end-to-end tests in a real VS Code. `*.test.ts` run inside the extension
// host, `*.ui.ts` drive a window as a person would; `*.bench.ts` (in the host) and `*.bench-ui.ts` measure. Bundles, starts, prints mocha's own reports; exit code 1 when a test failed or none ran.
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import esbuild from 'esbuild';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { localCache, root, shown } from './lib/paths.mjs';
import { main, run, Stop } from './lib/run.mjs';
import { ensureHost } from './vscode-host.mjs';

const suites = path.join(root, 'test/e2e');
const bundled = path.join(localCache, 'e2e');
const require = createRequire(import.meta.url);

/** The test files below a folder whose name ends so. @param {string} ending */
function find(ending) {
  return fs
    .readdirSync(suites, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(suites, name))
    .sort();
}

/**
 * VS Code's own download where it can be had and shown, else the stand-in that starts the one from npm.
 * `$LOOPSCOPE_VSCODE` decides otherwise: `download`, `npm`, or an executable's path.
 */
async function vscodeExecutable() {
  const choice = process.env['LOOPSCOPE_VSCODE'] ?? '';
  if (choice !== '' && choice !== 'npm' && choice !== 'download') return choice;
  const canShow = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
  if (choice === 'download' || (choice === '' && canShow && (await reachesDownloads()))) {
    return downloadAndUnzipVSCode({ cachePath: path.join(root, '.vscode-test') });
  }
  await ensureHost();
  return path.join(root, 'scripts/vscode-shim.mjs');
}

async function reachesDownloads() {
  try {
    return (
      await fetch('https://update.code.visualstudio.com/api/releases/stable', { signal: AbortSignal.timeout(5000) })
    ).ok;
  } catch {
    return false;
  }
}

/** Bundles each suite and the entry point that loads them, for the extension host. @param {string[]} files */
async function bundle(files) {
  fs.rmSync(bundled, { recursive: true, force: true });
  const entries = [...files, path.join(suites, 'host/run.ts')];
  await esbuild.build({
    entryPoints: Object.fromEntries(entries.map((file) => [path.relative(suites, file).replace(/\.ts$/, ''), file])),
    outdir: bundled,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    external: ['vscode', 'mocha'],
    supported: { 'dynamic-import': true },
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return files.map((file) => path.join(bundled, path.relative(suites, file).replace(/\.ts$/, '.cjs')));
}

/** The suites inside the extension host. @param {string[]} files @param {string | undefined} grep @returns {Promise<boolean>} all passed */
async function runInHost(files, grep) {
  const modules = await bundle(files);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ls-w-'));
  try {
    const code = await runTests({
      vscodeExecutablePath: await vscodeExecutable(),
      extensionDevelopmentPath: root,
      extensionTestsPath: path.join(bundled, 'host/run.cjs'),
      launchArgs: [folder],
      extensionTestsEnv: {
        LOOPSCOPE_ROOT: root,
        LOOPSCOPE_E2E_SUITES: modules.join(path.delimiter),
        LOOPSCOPE_E2E_MOCHA: require.resolve('mocha'),
        ...(grep ? { LOOPSCOPE_E2E_GREP: grep } : {}),
      },
    });
    return code === 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return false;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** The suites that drive a window. @param {string[]} files @param {string | undefined} grep @returns {Promise<boolean>} all passed */
async function runWindows(files, grep) {
  await ensureHost();
  const mocha = path.join(path.dirname(require.resolve('mocha/package.json')), 'bin/mocha.js');
  const args = [
    '--import=tsx',
    '--require',
    'test/e2e/hooks.ts',
    '--timeout',
    '90000',
    ...(grep ? ['--grep', grep] : []),
    ...files.map(shown),
  ];
  return (await run(process.execPath, [mocha, ...args], { cwd: root })).code === 0;
}

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      grep: { type: 'string' },
      host: { type: 'boolean' },
      window: { type: 'boolean' },
      bench: { type: 'boolean' },
    },
  });
  const chosen = positionals.map((file) => path.resolve(file));
  const wanted = (/** @type {string} */ ending) =>
    chosen.length > 0 ? chosen.filter((file) => file.endsWith(ending)) : find(ending);
  const inHost = values.window ? [] : wanted(values.bench ? '.bench.ts' : '.test.ts');
  const windows = values.host ? [] : wanted(values.bench ? '.bench-ui.ts' : '.ui.ts');
  if (inHost.length + windows.length === 0) {
    throw new Stop('no end-to-end test was chosen: name files that end in .test.ts or .ui.ts below test/e2e.');
  }
  const build = await run(process.execPath, [path.join(root, 'esbuild.js')], { cwd: root, quiet: true });
  if (build.code !== 0) throw new Stop(`the bundles could not be built:\n${build.output}`);
  const hostPassed = inHost.length === 0 || (await runInHost(inHost, values.grep));
  const windowsPassed = windows.length === 0 || (await runWindows(windows, values.grep));
  return hostPassed && windowsPassed ? 0 : 1;
});
