// Configurations of Python's own debugger, as they stand in many a launch.json, run through Loopscope when a person wants it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { repository } from '../../support/pythons';
import { openWorkbench, type Workbench } from '../workbench';

const program = fs.readFileSync(path.join(repository, 'test/e2e/programs/chain.py'), 'utf8');
const CONFIGURATION = {
  type: 'debugpy',
  request: 'launch',
  name: 'Old',
  program: '${workspaceFolder}/chain.py',
  console: 'internalConsole',
  justMyCode: false,
};

describe('a configuration of Python’s own debugger', () => {
  let workbench: Workbench;
  before(async () => {
    workbench = await openWorkbench({
      settings: { 'loopscope.debugPython': 'ask' },
      files: {
        'chain.py': program,
        '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [CONFIGURATION] }),
      },
    });
  });
  after(() => workbench.close());

  const question = 'Run “Old” through Loopscope, to see and step its event loop? Every option of it stays as it is.';
  const asked = () =>
    workbench.waitFor(
      () => workbench.notifications(),
      (all) => all.includes(question),
      'question',
    );
  it('asks, and then runs here with the event loop in sight', async () => {
    await workbench.startWithoutDebugging();
    await asked();
    await workbench.screenshot('debug-python-ask');
    await workbench.page.getByRole('button', { name: 'Always', exact: true }).click();
    await workbench.waitForSession(true);
    await workbench.waitForEventLoop();
    await workbench.waitForRows('Tasks', (rows) => rows.some((row) => row.label === 'Task-1 · main()'));
    await workbench.screenshot('debug-python');
    await workbench.pressDebugButton('Stop');
    await workbench.waitForSession(false);
  });

  it('is not asked about again after “Always”, and is debugged with F5', async () => {
    await workbench.startDebugging();
    await workbench.waitForSession(true);
    await workbench.waitFor(
      () => workbench.statusBar(),
      (items) => items.some((item) => /\d+ tasks/.test(item)),
      'status bar',
    );
    assert.deepEqual(
      (await workbench.notifications()).filter((text) => text === question),
      [],
    );
    await workbench.pressDebugButton('Stop');
    await workbench.waitForSession(false);
  });
});
