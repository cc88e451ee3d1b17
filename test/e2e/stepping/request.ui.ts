// A request of a real aiohttp server, stepped through callback by callback while its time-out waits.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { repository, testPython } from '../../support/pythons';
import type { TreeRow } from '../dom';
import { openWorkbench, type Workbench } from '../workbench';

const program = fs.readFileSync(path.join(repository, 'test/e2e/programs/aiohttp_deadline.py'), 'utf8');
const lineOf = (mark: string): number => program.split('\n').findIndex((line) => line.includes(`# @${mark}`)) + 1;
const launch = JSON.stringify({
  version: '0.2.0',
  configurations: [
    {
      type: 'loopscope',
      request: 'launch',
      name: 'server',
      program: '${workspaceFolder}/server.py',
      python: testPython().path,
    },
  ],
});
/** How long a person looks, ms: longer than the time-out of the request. */
const LOOK = 5000;
/** More callbacks than a request of aiohttp takes. */
const MANY = 60;

function get(port: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path: '/price?of=LOOP', agent: false }, (response) => {
        let text = `${response.statusCode ?? 0} `;
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      })
      .on('error', reject);
  });
}

const onOneLine = (text: string): string => text.replace(/\s+/g, ' ').replace(/ ?= ?/, ' = ').trim();

for (const { how, debugging } of [
  { how: 'without a debugger in the program', debugging: false },
  { how: 'with the debugger', debugging: true },
]) {
  describe(`a request of an aiohttp server, ${how}`, () => {
    let workbench: Workbench;
    let answer: Promise<string> | undefined;

    before(async () => {
      workbench = await openWorkbench({
        theme: 'dark',
        name: 'prices',
        files: { 'server.py': program, '.vscode/launch.json': launch },
        settings: { 'loopscope.console': 'internalConsole', 'loopscope.views.tasks.tree': 'flat' },
      });
      await workbench.openFile('server.py');
      await (debugging ? workbench.startDebugging() : workbench.startWithoutDebugging());
      await workbench.waitForEventLoop();
    });
    after(() => workbench.close());

    const described = (rows: readonly TreeRow[], label: string): string =>
      rows.find((row) => row.label === label)?.description ?? '';
    const stopped = async (): Promise<string> => described(await workbench.rows('Loops'), 'server.py · MainThread');
    const next = async (): Promise<string> => described(await workbench.rows('Loops'), 'runs next');

    /** Presses keys once, and waits until the loop is stopped elsewhere than before. */
    const step = async (keys: string): Promise<string> => {
      const before = `${await stopped()} ${await next()}`;
      await workbench.page.keyboard.press(keys);
      return workbench.waitFor(
        async () => `${await stopped()} ${await next()}`,
        (now) => now !== before && now.startsWith('stopped'),
        'the next stop',
      );
    };

    it('is stopped before anything of it has run, by a key, though the loop is idle', async () => {
      const port = await workbench.waitFor(
        () => Promise.resolve(fs.existsSync(file('port')) ? fs.readFileSync(file('port'), 'utf8') : ''),
        (text) => text !== '',
        'the port',
      );
      await workbench.waitForRows('Tasks', (rows) => rows.some((row) => row.label === 'Task-1 · main()'));
      await workbench.page.keyboard.press('Alt+F6');
      await workbench.waitForRows('Loops', (rows) => /nothing is ready/.test(described(rows, rows[0]?.label ?? '')));
      await workbench.waitFor(
        () => workbench.statusBar(),
        (items) => items.some((item) => /^tick [\d,]+ · 0 ready$/.test(item)),
        'status bar',
      );
      answer = get(port);
    });

    const file = (name: string): string => path.join(workbench.folder, name);

    it('is stepped callback by callback into its handler', async () => {
      const seen: string[] = [];
      for (let steps = 0; steps < MANY; steps += 1) {
        await step('Alt+F10');
        seen.push(described(await workbench.rows('Loops'), 'last step'));
        // The time-out of the request, and what it waits for.
        if (/set 2 timers/.test(seen.at(-1) ?? '')) break;
      }
      assert.ok(seen.length >= 4, `a request takes several callbacks: ${seen.join(' | ')}`);
      assert.ok(seen.length < MANY, `the handler was reached: ${seen.join(' | ')}`);
      await workbench.waitForRows('Tasks', (rows) => rows.some((row) => row.description.includes('sleep')));
      await workbench.screenshot(`stepping-${debugging ? 'debugger' : 'dark'}`);
      const last = described(await workbench.rows('Loops'), 'last step');
      assert.match(last, /RequestHandler\.start\(\)/);
      assert.match(last, /waits/);
    });

    it('has a handler whose frames and values are seen', async () => {
      await workbench.runCommand('View: Show Run and Debug');
      for (const other of ['Watch', 'Breakpoints']) await workbench.expandView(other, false);
      const stack = workbench.page.locator('.debug-call-stack .monaco-list-row');
      const rows = await workbench.waitFor(
        () => stack.allInnerTexts(),
        (texts) => texts.some((text) => text.includes('RequestHandler.start')),
        'tasks in the call stack',
      );
      assert.ok(rows.some((text) => text.includes('Task-1 · main')));
      await stack.filter({ hasText: '_handle_request' }).locator('.monaco-tl-twistie').click();
      await stack.filter({ hasText: /^quote/ }).click();
      const variables = workbench.page.locator('.debug-variables .monaco-list-row');
      await workbench.waitFor(
        () => variables.allInnerTexts(),
        (texts) => ["symbol = 'LOOP'", 'cents = 2800'].every((text) => texts.map(onOneLine).includes(text)),
        'values of the suspended task',
      );
      const { file, line } = await workbench.cursor();
      assert.deepEqual({ file, line }, { file: 'server.py', line: lineOf('waits') });
      await workbench.screenshot(`stepping-call-stack${debugging ? '-debugger' : ''}`);
    });

    it('does not run into its time-out while a person looks', async () => {
      const since = Date.now();
      await workbench.waitFor(
        () => Promise.resolve(Date.now() - since),
        (passed) => passed >= LOOK,
        'a person who looks',
      );
      await workbench.openViewContainer('Event Loop');
      assert.match(await stopped(), /^stopped/);
      await workbench.page.keyboard.press('F5');
      assert.equal(await answer, '200 LOOP 28.0');
    });
  });
}
