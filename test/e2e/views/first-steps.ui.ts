// What a person tries in the first minutes, in high contrast: the Run button, a program in its terminal, the ways to look at tasks, the log's
// links, the walkthrough; and what is said where there is no Python.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { repository } from '../../support/pythons';
import { openWorkbench, type Workbench } from '../workbench';

const program = fs.readFileSync(path.join(repository, 'test/e2e/programs/chain.py'), 'utf8');
const lineOf = (mark: string): number => program.split('\n').findIndex((line) => line.includes(`# @${mark}`)) + 1;

/** Its Python is not there: what is said then is looked at. */
const WRONG = {
  type: 'loopscope',
  request: 'launch',
  name: 'Wrong',
  program: '${workspaceFolder}/chain.py',
  python: '/no/such/python',
};

describe('first steps, in high contrast', () => {
  let workbench: Workbench;
  before(async () => {
    workbench = await openWorkbench({
      theme: 'high-contrast',
      files: {
        'chain.py': program,
        '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [WRONG] }),
      },
    });
  });
  after(() => workbench.close());

  /** Answers what a command asks. */
  const choose = async (command: string, label: string): Promise<void> => {
    await workbench.runCommand(`Event Loop: ${command}`);
    await workbench.pick(label, label);
  };

  it('a Python that is not there is told of in one sentence, with what to do', async () => {
    await workbench.startWithoutDebugging();
    const sentence =
      '/no/such/python cannot be run. It is named by “python” in the launch configuration: correct it there, or choose another Python.';
    await workbench.waitFor(
      () => workbench.notifications(),
      (all) => all.includes(sentence),
      'notification',
    );
    await workbench.runCommand('Notifications: Clear All Notifications');
  });

  it('the Run button starts the file in a terminal, which is in sight', async () => {
    await workbench.openFile('chain.py');
    await workbench.page.locator('.editor-actions a.action-label[aria-label*="Loopscope"]').first().click();
    await workbench.waitForSession(true);
    await workbench.waitForEventLoop();
    await workbench.waitForRows('Tasks', (rows) => rows.some((row) => row.label === 'Task-1 · main()'));
    await workbench.page.locator('.terminal-wrapper.active').first().waitFor();
    assert.equal(await workbench.page.locator('.repl').isVisible(), false, 'the debug console would be empty');
    await workbench.screenshot('first-steps-high-contrast');
  });

  it('the task that another waits for is found, however deep it stands', async () => {
    const entries = await workbench.contextMenu('Tasks', 'Task-1');
    assert.ok(entries.includes('Reveal Task It Waits For'), entries.join());
    await workbench.chooseMenu('Reveal Task It Waits For');
    const rows = await workbench.waitForRows('Tasks', (now) =>
      now.some((row) => row.selected && row.label === 'deepest · deepest()'),
    );
    assert.ok((rows.find((row) => row.selected)?.level ?? 0) > 3, JSON.stringify(rows));
    // It takes the focus too, a moment after the selection; that closes a palette which is opened in between.
    await workbench.page.locator('.sidebar .monaco-list:focus').waitFor();
  });

  it('tasks stand below who awaits them, in groups, or flat, as the person chooses', async () => {
    await choose('Arrange Tasks…', 'By who awaits');
    await workbench.waitForRows(
      'Tasks',
      ([first, second]) =>
        first?.label === 'Task-1 · main()' && second?.level === 2 && second.label.startsWith('deepest'),
    );
    await choose('Group Tasks…', 'By state');
    const groups = await workbench.waitForRows('Tasks', (rows) => rows[0]?.label === 'waiting');
    assert.match(groups[0]?.description ?? '', /^6 waiting/);
    await choose('Group Tasks…', 'By coroutine');
    await workbench.waitForRows('Tasks', (rows) => rows.some((row) => row.label === 'level'));
    await choose('Group Tasks…', 'No groups');
    await choose('Arrange Tasks…', 'Flat');
    await workbench.waitForRows('Tasks', (rows) => rows.length === 6 && rows.every((row) => row.level === 1));
    await choose('Sort Tasks…', 'By name');
    await workbench.waitForRows('Tasks', (rows) => rows[1]?.label === 'deepest · deepest()');
  });

  it('the keyboard alone leads to the line on which a task is suspended', async () => {
    await workbench.runCommand('Event Loop: Focus on Tasks View');
    await workbench.page.locator('.sidebar .monaco-list:focus').waitFor();
    await workbench.page.keyboard.press('Home');
    await workbench.page.keyboard.press('ArrowDown');
    await workbench.page.keyboard.press('Enter');
    await workbench.waitFor(
      () => workbench.cursor(),
      (at) => at.file === 'chain.py' && at.line === lineOf('deepest'),
      'the line of the second task',
    );
  });

  it('the walkthrough opens', async () => {
    await workbench.runCommand('Loopscope: Get Started with Loopscope');
    await workbench.page.getByText('Find the task you look for').first().waitFor();
  });
});
