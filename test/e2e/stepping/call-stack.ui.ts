// The menu of a task's row in the Call Stack, at a line of a debugged program: what can be done with a task is done there.
import assert from 'node:assert/strict';
import { testPython } from '../../support/pythons';
import type { TreeRow } from '../dom';
import { openWorkbench, type Workbench } from '../workbench';

const PROGRAM = `import asyncio


async def worker(gate):
    await gate.wait()
    print("woken", flush=True)


async def main():
    gate = asyncio.Event()
    tasks = [asyncio.create_task(worker(gate), name=f"worker-{n}") for n in range(6)]
    await asyncio.sleep(0)
    breakpoint()
    gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(3600)


asyncio.run(main())
`;
const launch = JSON.stringify({
  version: '0.2.0',
  configurations: [
    {
      type: 'loopscope',
      request: 'launch',
      name: 'workers',
      program: '${workspaceFolder}/workers.py',
      python: testPython().path,
    },
  ],
});

describe("the menu of a task's row in the call stack", () => {
  let workbench: Workbench;

  before(async () => {
    workbench = await openWorkbench({
      theme: 'dark',
      name: 'workers',
      files: { 'workers.py': PROGRAM, '.vscode/launch.json': launch },
      settings: { 'loopscope.console': 'internalConsole', 'loopscope.views.tasks.tree': 'flat' },
    });
    await workbench.openFile('workers.py');
    await workbench.startDebugging();
    await workbench.runCommand('View: Show Run and Debug');
    for (const other of ['Watch', 'Breakpoints', 'Variables']) await workbench.expandView(other, false);
  });
  after(() => workbench.close());

  const stack = (): ReturnType<Workbench['page']['locator']> =>
    workbench.page.locator('.debug-call-stack .monaco-list-row');
  const tasks = async (): Promise<string[]> =>
    (await stack().allInnerTexts()).flatMap((text) => /(\S+) · \w+/.exec(text)?.[1] ?? []);
  const waitForTasks = (wanted: (names: string[]) => boolean, what: string): Promise<string[]> =>
    workbench.waitFor(tasks, wanted, what);

  /** Opens the menu of the row with that text; the titles of its entries. */
  async function menu(text: string): Promise<string[]> {
    await stack().filter({ hasText: text }).first().click({ button: 'right' });
    const entries = workbench.page.locator('.monaco-menu .action-item:not(.disabled) .action-label:not(.separator)');
    await entries.first().waitFor();
    return entries.allInnerTexts();
  }

  it('has what can be done with a task', async () => {
    const before = await waitForTasks((names) => names.includes('worker-5'), 'tasks in the call stack');
    assert.deepEqual(before.slice(0, 3), ['Task-1', 'worker-0', 'worker-1']);
    const entries = await menu('worker-4');
    await workbench.screenshot('call-stack-menu');
    for (const entry of [
      'Run until This Task Runs',
      'Run until This Task Ends',
      'Cancel Task',
      'Freeze Task',
      'Thaw Task',
      'Pin Task',
      'Unpin Task',
    ])
      assert.ok(entries.includes(entry), `${entry} in ${entries.join(', ')}`);
  });

  it('pins it: its row comes after the current one, at once', async () => {
    await workbench.chooseMenu('Pin Task');
    const pinned = await waitForTasks((names) => names[1] === 'worker-4', 'the pinned task second');
    assert.deepEqual(pinned.slice(0, 3), ['Task-1', 'worker-4', 'worker-0']);
    await workbench.screenshot('call-stack-pinned');
    await menu('worker-4');
    await workbench.chooseMenu('Unpin Task');
    await waitForTasks((names) => names[1] === 'worker-0', 'the order of before');
  });

  it('says on a real thread that it is none of a task', async () => {
    await menu('MainThread');
    await workbench.chooseMenu('Pin Task');
    await workbench.waitFor(
      () => workbench.notifications(),
      (texts) => texts.some((text) => text.includes('That row is a thread')),
      'the sentence',
    );
  });

  it('freezes it, cancels it, and runs until it runs', async () => {
    await menu('worker-2');
    await workbench.chooseMenu('Freeze Task');
    await menu('worker-1');
    await workbench.chooseMenu('Cancel Task');
    await menu('worker-3');
    await workbench.chooseMenu('Run until This Task Runs');
    // Not by the palette: a stop takes the focus, and so closes it.
    await workbench.waitFor(
      () => workbench.statusBar(),
      (items) => items.some((item) => /^tick [\d,]+ · \d+ ready$/.test(item)),
      'the stop in the status bar',
    );
    await workbench.page
      .locator('.activitybar')
      .getByRole('tab', { name: /^Event Loop/ })
      .click();
    const rows = await workbench.waitForRows('Loops', (all) =>
      all.some((row) => row.label === 'runs next' && row.description.includes('worker-3')),
    );
    assert.match(rows[0]?.description ?? '', /^stopped/);
    const is = (all: readonly TreeRow[], name: string, state: RegExp): boolean =>
      all.some((row) => row.label.startsWith(name) && state.test(row.description));
    await workbench.waitForRows('Tasks', (all) => is(all, 'worker-2', /^frozen/) && is(all, 'worker-1', /^cancelled/));
    await workbench.screenshot('call-stack-run-to-task');
  });
});
