// What a new user may lack: each ends the command with one sentence that says what to do, and with no stack.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repository } from '../../support/pythons';

function run(args: string[], env: NodeJS.ProcessEnv, cwd = repository) {
  const ended = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8', timeout: 60_000 });
  return { code: ended.status, output: ended.stdout + ended.stderr };
}

function assertSentence({ code, output }: ReturnType<typeof run>, sentence: RegExp) {
  assert.equal(code, 1, output);
  const said = output.split('\n').filter((line) => line.startsWith('loopscope: '));
  assert.equal(said.length, 1, output);
  assert.match(said[0]!, sentence);
  assert.doesNotMatch(output, /^\s+at /m);
}

describe('one sentence', () => {
  let empty: string;
  before(() => (empty = fs.mkdtempSync(path.join(os.tmpdir(), 'loopscope-empty-'))));
  after(() => fs.rmSync(empty, { recursive: true }));

  it('when Node is too old', () => {
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } });`;
    for (const script of ['test', 'start', 'check', 'package']) {
      const ended = run(['-e', `${old} import('./scripts/${script}.mjs')`], process.env);
      assertSentence(ended, /Node 18\.20\.4 is too old: install Node 20\.19 or newer/);
    }
  });

  it('when there is no Python', () => {
    const env = { PATH: empty, HOME: empty, LOOPSCOPE_CACHE: empty };
    for (const script of ['test', 'start']) {
      assertSentence(run([`scripts/${script}.mjs`], env), /no Python was found: install CPython 3\.9 or newer/);
    }
  });

  it('when there is no network', () => {
    // A fresh clone: the scripts and the lists of packages, but nothing installed.
    for (const name of ['scripts', 'examples', 'package.json', 'package-lock.json']) {
      fs.cpSync(path.join(repository, name), path.join(empty, name), { recursive: true });
    }
    const env = {
      ...process.env,
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_fetch_retries: '0',
      npm_config_cache: path.join(empty, 'npm'),
    };
    assertSentence(run(['scripts/start.mjs'], env, empty), /npm could not reach its registry: connect to the network/);
  });

  it('when a step or a Python is asked for that there is not', () => {
    assertSentence(
      run(['scripts/test.mjs', 'no-such-step'], process.env),
      /there is no step no-such-step: choose from check, build, unit/,
    );
    assertSentence(
      run(['scripts/test.mjs', 'runtime', '--python', '3.2'], process.env),
      /Python 3\.2 is not here: choose from 3\./,
    );
  });
});
