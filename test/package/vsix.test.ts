// The packed extension: holds what it needs and nothing else, is small, and VS Code installs it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { startCodeServer } from '../../scripts/lib/code-server.mjs';
import { ensureHost } from '../../scripts/vscode-host.mjs';
import { repository } from '../support/pythons';
import { zipEntries, type ZipEntry } from './zip';

/** Read and compiled before the extension is active. */
const MAX_FIRST_BYTES = 120_000;
const MAX_BYTES = 2_000_000;

/** What may be in the package; every pattern must meet a file, too. */
const ALLOWED = [
  /^extension\.vsixmanifest$/,
  /^\[Content_Types\]\.xml$/,
  /^extension\/package\.json$/,
  /^extension\/(readme|changelog)\.md$/i,
  /^extension\/LICENSE\.txt$/i,
  /^extension\/dist\/(extension|lint-client|adapter|server(-main)?|loopscope(-main)?)\.js$/,
  /^extension\/dist\/(web-tree-sitter|tree-sitter-python)\.wasm$/,
  /^extension\/media\/[\w/-]+\.(png|svg|md)$/,
  /^extension\/syntaxes\/[\w.-]+\.json$/,
  /^extension\/src\/runtime\/[\w/]+\.py$/,
  /^extension\/dist\/debugpy\/debugpy\/[\w./-]+$/,
  /^extension\/dist\/debugpy\/debugpy-[\d.]+\.dist-info\/[\w./-]+$/,
  /^extension\/docs\/rules\/[\w-]+\.md$/,
];

describe('the packed extension', () => {
  const file = path.join(repository, '.cache/package/loopscope.vsix');
  let entries: ZipEntry[] = [];

  before(function () {
    this.timeout(120_000);
    fs.rmSync(file, { force: true });
    const packed = spawnSync(process.execPath, ['scripts/package.mjs', '--out', file], {
      cwd: repository,
      encoding: 'utf8',
    });
    assert.equal(packed.status, 0, packed.stdout + packed.stderr);
    entries = zipEntries(file);
  });

  it('holds only what the allow-list names', () => {
    const others = entries.filter(({ name }) => !ALLOWED.some((pattern) => pattern.test(name)));
    assert.deepEqual(others, []);
  });

  it('holds something of each kind', () => {
    const missing = ALLOWED.filter((pattern) => !entries.some(({ name }) => pattern.test(name)));
    assert.deepEqual(missing, []);
  });

  it('holds every bundle and every file of the runtime', () => {
    const names = new Set(entries.map(({ name }) => name));
    const runtime = fs
      .readdirSync(path.join(repository, 'src/runtime'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.py'))
      .map((name) => `src/runtime/${name}`);
    assert.ok(runtime.length > 0);
    const bundles = ['extension', 'lint-client', 'adapter', 'server', 'server-main', 'loopscope', 'loopscope-main'].map(
      (name) => `dist/${name}.js`,
    );
    assert.deepEqual(
      [...bundles, ...runtime].filter((name) => !names.has(`extension/${name}`)),
      [],
    );
  });

  it('loads little at its start: the language client is a bundle of its own', () => {
    const bytes = fs.statSync(path.join(repository, 'dist/extension.js')).size;
    assert.ok(bytes <= MAX_FIRST_BYTES, `${String(bytes)} bytes`);
  });

  it('is at most 2 MB without debugpy, which comes with its licence', () => {
    const debugpy = entries.filter(({ name }) => name.startsWith('extension/dist/debugpy/'));
    assert.ok(debugpy.some(({ name }) => /\/licenses?\/LICENSE$/i.test(name)));
    const bytes = fs.statSync(file).size - debugpy.reduce((sum, { packed }) => sum + packed, 0);
    assert.ok(bytes <= MAX_BYTES, `${String(bytes)} bytes`);
  });

  it('is installed by VS Code', async function () {
    this.timeout(60_000);
    const server = await startCodeServer({ host: await ensureHost() });
    try {
      const installed = await server.cli(['--install-extension', file]);
      assert.equal(installed.code, 0, installed.output);
      const listed = await server.cli(['--list-extensions', '--show-versions']);
      assert.match(listed.output, /^loopscope\.loopscope@\d+\.\d+\.\d+$/m);
    } finally {
      await server.stop();
    }
  });
});
