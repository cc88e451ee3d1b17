// Inside the extension host: this VS Code has loaded the extension under development, and nothing else is claimed.
import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('extension host', () => {
  it('loads the extension from the repository', async () => {
    const extension = vscode.extensions.getExtension('loopscope.loopscope');
    assert.ok(extension, 'VS Code knows the extension');
    await extension.activate();
    assert.equal(extension.isActive, true);
  });
});
