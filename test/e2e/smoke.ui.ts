// In the window: VS Code opens a folder with the extension loaded, and the helpers read what is on the screen.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { openWorkbench, type Workbench } from './workbench';

describe('window', () => {
  let workbench: Workbench;
  before(async () => {
    workbench = await openWorkbench({
      theme: 'light',
      python: null,
      files: { 'alpha.py': 'x = 1\ny = 2\n', 'beta/gamma.py': '' },
    });
  });
  after(() => workbench.close());

  it('shows the folder that was opened', async () => {
    await workbench.openViewContainer('Explorer');
    const rows = await workbench.waitFor(
      () => workbench.page.locator('.explorer-folders-view .monaco-list-row').allInnerTexts(),
      (texts) => texts.length === 2,
      'rows of the explorer',
    );
    assert.deepEqual(
      rows.map((text) => text.trim()),
      ['beta', 'alpha.py'],
    );
  });

  it('opens a file on a line', async () => {
    await workbench.openFile('alpha.py', 2);
    assert.deepEqual(
      await workbench.waitFor(
        () => workbench.cursor(),
        (at) => at.line === 2,
        'cursor',
      ),
      { file: 'alpha.py', line: 2 },
    );
  });

  it('photographs the window', async () => {
    const file = await workbench.screenshot('smoke');
    assert.ok(fs.statSync(file).size > 10_000);
  });
});
