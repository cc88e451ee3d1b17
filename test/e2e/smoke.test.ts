// Inside the extension host: this VS Code has loaded the extension under development, and of it only what was needed.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as vscode from 'vscode';
import { repository } from '../support/pythons';
import { until } from './views/program';

/** The names of our bundles that this process has loaded. */
function loaded(): string[] {
  const dist = path.join(repository, 'dist') + path.sep;
  return Object.keys(createRequire(__filename).cache)
    .filter((file) => file.startsWith(dist))
    .map((file) => path.basename(file));
}

const extension = vscode.extensions.getExtension('loopscope.loopscope');
const first: { wasActive?: boolean | undefined; loaded?: string[] } = {};

// Outside every suite, in the file that is loaded first: the other suites' hooks need the extension too.
before(async () => {
  first.wasActive = extension?.isActive;
  const begin = performance.now();
  await extension?.activate();
  // For the record: how long depends on the machine and on what else it does.
  console.log(`activation took ${(performance.now() - begin).toFixed(1)} ms`);
  first.loaded = loaded();
});

describe('extension host', () => {
  it('loads the extension from the repository, and its language client with the first Python document', async () => {
    assert.equal(extension?.isActive, true, 'VS Code knows the extension');
    assert.deepEqual(first, { wasActive: false, loaded: ['extension.js'] });
    // A file: an untitled text would be asked about by every later start of a program, which saves what is open.
    await vscode.workspace.openTextDocument(path.join(repository, 'test/e2e/programs/chain.py'));
    await until('the language client', loaded, (names) => names.includes('lint-client.js'));
  });
});
