// What a person sees of the examples in the window: each view's rows, in light and in dark, with pictures to look at; rows keep their place
// while they change; a click opens the line that a task waits on.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { repository } from '../support/pythons';
import { openWorkbench, type Theme, type Workbench } from './workbench';

const EXAMPLES = path.join(repository, 'examples');

/** The line of the first text like this in an example, from 1. */
function lineOf(file: string, text: string): number {
  const index = fs
    .readFileSync(path.join(EXAMPLES, file), 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text));
  assert.ok(index >= 0, `${file} has ${text}`);
  return index + 1;
}

for (const theme of ['light', 'dark'] satisfies Theme[]) {
  describe(`the Event Loop views, ${theme}`, () => {
    let workbench: Workbench;
    before(async () => {
      workbench = await openWorkbench({
        folder: EXAMPLES,
        name: 'examples',
        theme,
        size: { width: 1500, height: 1000 },
        settings: { 'loopscope.console': 'internalConsole' },
      });
      await workbench.openFile('chat.py', lineOf('chat.py', 'await asyncio.sleep(0.15)'));
      await workbench.startWithoutDebugging();
      await workbench.waitForSession(true);
      await workbench.waitForEventLoop();
    });
    after(() => workbench.close());

    it('show the loop, its tasks and its timers', async () => {
      await workbench.waitForRows('Loops', (rows) =>
        rows.some((row) => row.label === 'ticks' && /^\d+\/s/.test(row.description)),
      );
      await workbench.waitForRows(
        'Tasks',
        (rows) =>
          rows.some((row) => /\b4\b.*guest/.test(row.label)) && rows.some((row) => /\b3\b.*worker/.test(row.label)),
      );
      await workbench.waitForRows('Timers', (rows) => rows.length >= 4);
      const status = await workbench.waitFor(
        () => workbench.statusBar(),
        (items) => items.some((item) => /\d+ tasks/.test(item)),
        'status bar',
      );
      assert.ok(
        status.some((item) => /lag/.test(item)),
        status.join(' | '),
      );
      await workbench.screenshot(`views-${theme}`);
    });

    it('keep what is expanded and selected while the rows change', async () => {
      await workbench.click('Tasks', 'guest', { part: 'twistie' });
      const unfolded = await workbench.waitForRows('Tasks', (rows) => rows.some((row) => row.label.startsWith('Ada ')));
      await workbench.click('Tasks', 'Ada');
      const before = unfolded.find((row) => row.label.startsWith('Ada '));
      assert.ok(before);
      const texts = new Set<string>();
      // Ada's row changes several times (since when, what it waits for); it stays in place, selected, below an open parent.
      await workbench.waitForRows('Tasks', (rows) => {
        const ada = rows.find((row) => row.label.startsWith('Ada '));
        if (ada) texts.add(ada.description);
        return texts.size >= 3;
      });
      const rows = await workbench.rows('Tasks');
      assert.equal(rows.find((row) => row.label.startsWith('Ada '))?.selected, true);
      assert.equal(rows.find((row) => row.label.includes('guest'))?.expanded, true);
      await workbench.screenshot(`tasks-unfolded-${theme}`);
    });

    it('open the line that a task waits on', async () => {
      await workbench.click('Tasks', 'Ada');
      const lines = [
        lineOf('chat.py', 'await asyncio.sleep(random.uniform'),
        lineOf('chat.py', 'await writer.drain()'),
      ];
      await workbench.waitFor(
        () => workbench.cursor(),
        (at) => at.file === 'chat.py' && lines.includes(at.line),
        'the line of Ada',
      );
    });

    it('keep the last state after the program was stopped', async () => {
      await workbench.pressDebugButton('Stop');
      await workbench.waitForSession(false);
      const rows = await workbench.rows('Tasks');
      assert.ok(
        rows.some((row) => row.label.includes('guest')),
        JSON.stringify(rows),
      );
      await workbench.screenshot(`stopped-${theme}`);
    });
  });
}
