/**
 * What the editor's side costs, in a real VS Code with the views in sight: the refresh of the Tasks view, and, while a
 * program runs for some seconds, the traffic from the adapter and the CPU time of the extension host, with more and more tasks that
 * stand still. Measures and prints, judges nothing. `npm run bench -- window`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { Views } from '../../../src/protocol/ids';
import { type Figure, median, table } from '../../bench/figures';
import { repository } from '../../support/pythons';
import { loopscope, Program, until } from '../views/program';

const TASKS = [10, 1_000, 100_000];
const REFRESHES = 30;
const SECONDS = 10;

const figures: Figure[] = [];

function add(what: string, value: number, unit: string, target: string): void {
  figures.push({ what, value, unit, target });
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

after(() => {
  const folder = path.join(repository, '.cache/bench');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'window.json'), JSON.stringify(figures, null, 2) + '\n');
  console.log(table(figures));
});

/** The next time that the adapter says something has changed: what was asked before is stale then. */
function update(): Promise<void> {
  return new Promise((resolve) => {
    const listener = vscode.debug.onDidReceiveDebugSessionCustomEvent(({ event }) => {
      if (event !== 'loopscope/update') return;
      listener.dispose();
      resolve();
    });
  });
}

describe('the window', () => {
  for (const tasks of TASKS)
    it(`with ${tasks.toLocaleString('en')} tasks that stand still`, async function () {
      this.timeout(180_000);
      const api = await loopscope();
      let bytes = 0;
      const tracker = vscode.debug.registerDebugAdapterTrackerFactory('loopscope', {
        createDebugAdapterTracker: () => ({
          onDidSendMessage: (message: object) => (bytes += JSON.stringify(message).length),
        }),
      });
      const program = await Program.start(undefined, {
        program: path.join(repository, 'test/bench/standing.py'),
        args: [String(tasks)],
      });
      try {
        await program.printed(/standing/);
        await vscode.commands.executeCommand(`${Views.tasks}.focus`);
        await until(
          'the tasks',
          () => api.view('tasks').rows.length,
          (rows) => rows > 0,
        );
        const times: number[] = [];
        for (let round = 0; round < REFRESHES; round++) {
          await update();
          const begin = performance.now();
          await api.refresh('tasks');
          times.push(performance.now() - begin);
        }
        const [bytesBefore, cpuBefore, begin] = [bytes, cpu(), performance.now()];
        await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
        const seconds = (performance.now() - begin) / 1000;
        const at = `at ${tasks.toLocaleString('en')} tasks`;
        add(`refresh of Tasks ${at}, median`, median(times), 'ms', 'does not grow');
        add(`traffic from the adapter ${at}`, (bytes - bytesBefore) / 1024 / seconds, 'kB/s', 'does not grow');
        add(`CPU of the extension host ${at}`, (cpu() - cpuBefore) / seconds, 'ms/s', 'does not grow');
      } finally {
        tracker.dispose();
        await program.stop();
      }
    });
});
