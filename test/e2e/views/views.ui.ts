// The Event Loop views as a person sees and uses them: empty, live without flicker, arranged, paused, ended.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { repository } from '../../support/pythons';
import type { TreeRow } from '../dom';
import { openWorkbench, type Workbench } from '../workbench';

const still = fs.readFileSync(path.join(repository, 'test/e2e/programs/still.py'), 'utf8');
const lineOf = (mark: string): number => still.split('\n').findIndex((line) => line.includes(`# @${mark}`)) + 1;

/** What of a row must not change by itself while its task stands still. */
const fixed = (rows: TreeRow[]): string[] => rows.map(({ label, level, icon }) => `${level} ${icon} ${label}`);

describe('the Event Loop views', () => {
  let workbench: Workbench;

  before(async () => {
    workbench = await openWorkbench({
      theme: 'dark',
      files: { 'still.py': still },
      settings: { 'loopscope.console': 'internalConsole', 'loopscope.views.tasks.tree': 'flat' },
    });
    await workbench.openFile('still.py');
    await workbench.waitFor(
      () => workbench.activityBar(),
      (names) => names.some((name) => name.startsWith('Event Loop')),
      'activity bar',
    );
    await workbench.openViewContainer('Event Loop');
  });
  after(() => workbench.close());

  /** Waits until the loop has turned on: the age of what is shown says so. */
  const someUpdates = async (): Promise<void> => {
    const ticks = async (): Promise<string> => (await workbench.statusBar()).find((text) => text.includes('lag')) ?? '';
    for (let turn = 0; turn < 3; turn += 1) {
      const before = await ticks();
      await workbench.waitFor(ticks, (now) => now !== before, 'status bar');
    }
  };

  /** The tooltip of a row once it says what is expected; then the mouse goes away. */
  const tooltip = async (view: string, label: string, says: RegExp): Promise<string> => {
    await workbench.tooltip(view, label);
    const hover = workbench.page.locator('.workbench-hover:visible').first();
    const text = await workbench.waitFor(
      () => hover.innerText(),
      (now) => says.test(now),
      'tooltip',
    );
    await workbench.page.mouse.move(900, 300);
    await hover.waitFor({ state: 'hidden' });
    return text;
  };

  it('say what to do while there is no program', async () => {
    const text = await workbench.waitFor(
      () => workbench.welcome('Loops'),
      (now) => now.includes('Start a Python program'),
      'welcome text',
    );
    assert.match(text, /Run Without Debugging/);
    assert.match(await workbench.welcome('Tasks'), /Tasks appear here/);
    assert.match(await workbench.welcome('Timers'), /the next one first/);
  });

  it('fill when a program is started by its key, without a launch.json', async () => {
    await workbench.startWithoutDebugging();
    const rows = await workbench.waitForRows('Tasks', (now) => now.some((row) => row.label === 'alpha-00 · worker()'));
    const worker = rows.find((row) => row.label === 'alpha-00 · worker()');
    assert.match(worker?.description ?? '', /^waiting · .*Event/);
    assert.equal(worker?.icon, 'circle-outline');
    assert.match(worker.ariaLabel, /^Task alpha-00 · worker\(\), waiting/);
    const loops = await workbench.waitForRows('Loops', (now) => now.length > 3);
    assert.equal(loops[0]?.label, 'still.py · MainThread');
    assert.equal(loops[0].expanded, true);
    const timers = await workbench.waitForRows('Timers', (now) => now.length === 1);
    assert.match(timers[0]?.ariaLabel ?? '', /sleep/);
    await workbench.waitFor(
      () => workbench.statusBar(),
      (items) => items.some((item) => /\/s · lag .* · 42 tasks/.test(item)),
      'status bar',
    );
  });

  it('keep selection and scroll while the loop turns', async () => {
    await workbench.click('Tasks', 'alpha-03');
    await workbench.view('Tasks').locator('.monaco-list').first().hover();
    await workbench.page.mouse.wheel(0, 66);
    const before = await workbench.waitForRows(
      'Tasks',
      (rows) => rows[0]?.label !== 'Task-1 · main()' && rows[0]?.label !== 'alpha-00 · worker()',
    );
    assert.equal(before.filter((row) => row.selected).length, 1);
    await someUpdates();
    const after = await workbench.rows('Tasks');
    assert.deepEqual(fixed(after), fixed(before));
    assert.deepEqual(
      after.filter((row) => row.selected).map((row) => row.label),
      before.filter((row) => row.selected).map((row) => row.label),
    );
  });

  it('open the line on which a task is suspended', async () => {
    await workbench.click('Tasks', 'alpha-04');
    const at = await workbench.waitFor(
      () => workbench.cursor(),
      (cursor) => cursor.line === lineOf('worker'),
      'cursor',
    );
    assert.equal(at.file, 'still.py');
    await workbench.page.locator('.editor-group-container.active .monaco-editor.focused').first().waitFor();
  });

  it('stay open and closed as the person left them', async () => {
    await workbench.runCommand('Event Loop: Arrange Tasks…');
    await workbench.pick('creator');
    const folded = await workbench.waitForRows('Tasks', (rows) =>
      rows.some((row) => row.label.startsWith('× 40 · worker')),
    );
    assert.equal(folded[0]?.label, 'Task-1 · main()');
    assert.equal(folded.find((row) => row.label.startsWith('× 40'))?.expanded, false);
    await workbench.click('Tasks', '× 40', { part: 'twistie' });
    await workbench.waitForRows('Tasks', (rows) => rows.some((row) => row.label === 'alpha-00 · worker()'));
    await someUpdates();
    const rows = await workbench.rows('Tasks');
    assert.equal(rows.find((row) => row.label.startsWith('× 40'))?.expanded, true);
  });

  it('tell the await chain and the creation of a task when the mouse rests on it, though other rows change', async () => {
    const text = await tooltip('Tasks', 'alpha-01', /Await chain/);
    assert.match(text, /alpha-01/);
    assert.match(text, /worker\(\)/);
    assert.match(text, /Created/);
    assert.match(await tooltip('Loops', 'created', /by asyncio\.run/), /created at \d\d:\d\d:\d\d/);
  });

  it('stay closed', async () => {
    await workbench.click('Tasks', 'Task-1', { part: 'twistie' });
    await workbench.waitForRows('Tasks', (now) => now.length === 1);
    await someUpdates();
    assert.equal((await workbench.rows('Tasks')).length, 1);
    await workbench.runCommand('Event Loop: Arrange Tasks…');
    await workbench.pick('Flat');
    await workbench.waitForRows('Tasks', (now) => now.length > 5);
  });

  it('filter while the person types, and show what matches', async () => {
    await workbench.runCommand('Event Loop: Filter Tasks…');
    const box = workbench.page.locator('.quick-input-widget:visible', {
      has: workbench.page.getByText('Filter Tasks', { exact: true }),
    });
    const input = box.locator('input[type=text]').first();
    await input.fill('BETA-1');
    await workbench.waitForRows(
      'Tasks',
      (rows) => rows.length > 5 && rows.every((row) => row.label.startsWith('beta-1')),
    );
    assert.equal(await workbench.row('Tasks', 'beta-10').locator('.highlight').first().innerText(), 'beta-1');
    await input.press('Escape');
    await workbench.waitForRows('Tasks', (rows) => rows.some((row) => row.label.startsWith('alpha')));
    await workbench.runCommand('Event Loop: Filter Tasks…');
    await input.fill('nothing like this');
    await input.press('Enter');
    assert.match(
      await workbench.waitFor(
        () => workbench.welcome('Tasks'),
        (text) => text.includes('No task'),
        'welcome',
      ),
      /No task matches the filter/,
    );
    await workbench.runCommand('Event Loop: Clear Task Filter');
    await workbench.waitForRows('Tasks', (rows) => rows.some((row) => row.label.startsWith('alpha')));
  });

  it('offer what can be done with a task, and put a pinned one first', async () => {
    const entries = await workbench.contextMenu('Tasks', 'alpha-05');
    for (const entry of [
      'Go to Creation Site',
      'Pin Task',
      'Copy Name',
      'Copy Row',
      'Copy Whole State as Markdown',
      'Copy Whole State as JSON',
    ]) {
      assert.ok(entries.includes(entry), `${entry} in ${entries.join(', ')}`);
    }
    await workbench.chooseMenu('Pin Task');
    const [first] = await workbench.waitForRows('Tasks', (rows) => rows[0]?.label === 'alpha-05 · worker()');
    assert.match(first?.description ?? '', /^pinned · waiting/);
    await workbench.contextMenu('Tasks', 'alpha-05');
    await workbench.chooseMenu('Unpin Task');
    await workbench.waitForRows('Tasks', (rows) => rows.every((row) => !row.description.startsWith('pinned')));
  });

  it('stand still while paused, though the program runs on', async () => {
    await workbench.runCommand('Event Loop: Pause the View');
    await workbench.waitFor(
      () => workbench.view('Tasks').locator('.pane-header').first().innerText(),
      (text) => text.includes('paused'),
      'title',
    );
    const everything = async (): Promise<unknown> =>
      Promise.all(['Loops', 'Tasks', 'Ready Queue', 'Timers'].map((view) => workbench.rows(view)));
    // What was drawn just before is on its way to the screen for a moment: VS Code gathers drawings.
    await someUpdates();
    const before = await everything();
    await someUpdates();
    assert.deepEqual(await everything(), before);
    await workbench.runCommand('Event Loop: Resume the View');
    await workbench.waitFor(
      () => workbench.view('Tasks').locator('.pane-header').first().innerText(),
      (text) => !text.includes('paused'),
      'title',
    );
  });

  it('print the event log in colours, its lines leading to the source', async () => {
    await workbench.runCommand('Event Loop: Show Loop Events');
    const lines = workbench.page.locator('.output-view .view-line');
    await workbench.waitFor(
      () => lines.allInnerTexts(),
      (texts) => texts.some((text) => /L1\s+tick/.test(text.replaceAll('\u00a0', ' '))),
      'lines of the log',
    );
    await workbench.waitFor(
      () =>
        workbench.page.evaluate<number>(
          `new Set([...document.querySelectorAll('.output-view .view-line span span')].map((span) => getComputedStyle(span).color)).size`,
        ),
      (colours) => colours >= 3,
      'colours',
    );
    await workbench.waitFor(
      () => workbench.page.locator('.output-view .detected-link').count(),
      (count) => count > 0,
      'links',
    );
  });

  it('keep the last state, greyed, after the end', async () => {
    const colour = (label: string): Promise<string> =>
      workbench.page.evaluate<string>(
        `getComputedStyle([...document.querySelectorAll('.pane .label-name')].find((name) => name.textContent.startsWith(${JSON.stringify(label)}))).color`,
      );
    const alive = await colour('alpha-00');
    await workbench.pressDebugButton('Stop');
    await workbench.waitForSession(false);
    await workbench.waitFor(
      () => workbench.welcome('Loops'),
      (text) => /This is the last state seen/.test(text),
      'message',
    );
    const rows = await workbench.waitForRows('Tasks', (now) => now.some((row) => row.label === 'alpha-00 · worker()'));
    assert.ok(rows.length > 5);
    await workbench.waitFor(
      () => colour('alpha-00'),
      (now) => now !== alive,
      'colour of an ended task',
    );
    assert.ok(!(await workbench.statusBar()).some((item) => item.includes('lag')));
  });
});
