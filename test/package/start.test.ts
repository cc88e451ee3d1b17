// `npm start` where VS Code's own command is on the PATH: it opens the examples with the extension from this folder, and ends.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repository } from '../support/pythons';

describe('npm start with `code` on the PATH', function () {
  // The stand-in is a shell script.
  if (process.platform === 'win32') return;
  let folder: string;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'loopscope-code-'));
    const script = `#!/bin/sh\nprintf '%s\\n' "$@" >> "${folder}/arguments"\n`;
    fs.writeFileSync(path.join(folder, 'code'), script, { mode: 0o755 });
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  it('opens the examples with the extension of this folder', () => {
    const env = { ...process.env, PATH: [folder, process.env['PATH'] ?? ''].join(path.delimiter) };
    const ended = spawnSync(process.execPath, ['scripts/start.mjs'], {
      cwd: repository,
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(ended.status, 0, ended.stdout + ended.stderr);
    assert.match(ended.stdout, /^VS Code opens examples\.$/m);
    assert.match(ended.stdout, /^Press Ctrl\+F5 /m);
    assert.deepEqual(fs.readFileSync(path.join(folder, 'arguments'), 'utf8').trim().split('\n'), [
      '--version',
      '--new-window',
      `--extensionDevelopmentPath=${repository}`,
      path.join(repository, 'examples'),
    ]);
  });
});
