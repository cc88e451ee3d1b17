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

describe('extension host', () => {
  it('loads the extension from the repository, and its language client with the first Python document', async () => {
    const extension = vscode.extensions.getExtension('loopscope.loopscope');
    assert.ok(extension, 'VS Code knows the extension');
    assert.equal(extension.isActive, false, 'nothing has needed it yet');
    const begin = performance.now();
    await extension.activate();
    // For the record: how long depends on the machine and on what else it does.
    console.log(`activation took ${(performance.now() - begin).toFixed(1)} ms`);
    assert.equal(extension.isActive, true);
    assert.deepEqual(loaded(), ['extension.js']);

    await vscode.workspace.openTextDocument({ language: 'python', content: 'import asyncio\n' });
    await until('the language client', loaded, (names) => names.includes('lint-client.js'));
  });
});
