// Several programs at once, child processes, tests of a file, and what lands on the clipboard.
import assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';
import type { LoopscopeApi } from '../../../src/extension/api';
import { Commands, Views } from '../../../src/protocol/ids';
import { flat, loopscope, Program, PROGRAMS, pythonFor, until } from './program';

let api: LoopscopeApi;
const programs: Program[] = [];

const start = async (...args: Parameters<typeof Program.start>): Promise<Program> => {
  const program = await Program.start(...args);
  programs.push(program);
  return program;
};
const heads = (): string[] => api.view('loops').rows.map((row) => row.label);

before(async () => {
  api = await loopscope();
});

afterEach(async () => {
  await vscode.commands.executeCommand(Commands.showChosenSession);
  for (const program of programs.splice(0)) await program.stop();
});

describe('two programs at once', () => {
  it('are shown one at a time, the one chosen in the debug toolbar, or both', async function () {
    this.timeout(90_000);
    await start('still.py');
    await until('the first', heads, (labels) => labels[0] === 'still.py · MainThread');
    const second = await start('three_loops.py');
    await second.truth();
    // Chooses the next session, as the list in the debug toolbar does.
    await vscode.commands.executeCommand('workbench.action.debug.nextConsole');
    await until(
      'the second alone',
      heads,
      (labels) => labels.length === 3 && labels.every((label) => label.startsWith('three_loops.py')),
    );

    await vscode.commands.executeCommand(Commands.showAllSessions);
    await until('both', heads, (labels) => labels.join() === 'e2e still.py,e2e three_loops.py');
    await until(
      'the loops of both',
      () => api.view('loops').rows.map((row) => row.children.length),
      (counts) => counts.join() === '1,3',
    );

    await second.stop();
    const rows = await until(
      'the end of one',
      () => api.view('loops').rows,
      (now) => now[1]?.muted === true,
    );
    assert.match(rows[1]!.description, /ended/);
    assert.equal(rows[0]!.muted, false);

    await vscode.commands.executeCommand(Commands.showChosenSession);
    await until('the one that lives', heads, (labels) => labels.join() === 'still.py · MainThread');
  });
});

describe('a child process', () => {
  it('is a session of its own beside its parent', async function () {
    this.timeout(90_000);
    const children: string[] = [];
    const listener = vscode.debug.onDidStartDebugSession((session) => {
      if (session.parentSession?.name === 'e2e family.py') children.push(session.name);
    });
    const parent = await start('family.py');
    await until(
      'the child',
      () => children.length,
      (count) => count === 1,
    );
    listener.dispose();
    await vscode.commands.executeCommand(Commands.showAllSessions);
    const rows = await until(
      'loops of both',
      () => api.view('loops').rows,
      (now) => now.length === 2 && now.every((row) => row.children.length === 1),
    );
    assert.equal(rows[0]!.label, 'e2e family.py');
    assert.match(rows[0]!.children[0]!.label, /family\.py/);
    assert.match(rows[1]!.children[0]!.label, /still\.py/);
    await parent.stop();
    await until(
      'the end of both',
      () => api.view('loops').rows,
      (now) => now.every((row) => row.muted),
    );
  });
});

describe('the tests of a file', () => {
  it('run with pytest from the command, and their loop is seen', async function () {
    this.timeout(90_000);
    const configuration = vscode.workspace.getConfiguration('loopscope');
    await configuration.update('pythonPath', pythonFor().path, vscode.ConfigurationTarget.Global);
    await configuration.update('console', 'internalConsole', vscode.ConfigurationTarget.Global);
    let output = '';
    const tracker = vscode.debug.registerDebugAdapterTrackerFactory('loopscope', {
      createDebugAdapterTracker: () => ({
        onDidSendMessage: (message: { event?: string; body?: { output?: string } }) => {
          if (message.event === 'output') output += message.body?.output ?? '';
        },
      }),
    });
    try {
      const uri = vscode.Uri.file(path.join(PROGRAMS, 'test_sample.py'));
      await vscode.commands.executeCommand(Commands.runTests, uri);
      await until(
        'the report',
        () => output,
        (text) => /1 passed/.test(text),
      );
      const loops = await until(
        'the end',
        () => api.view('loops'),
        (view) => /ended with exit code 0/i.test(view.message),
      );
      assert.ok(loops.rows.length > 0);
      assert.ok(loops.rows.every((row) => row.muted));
    } finally {
      tracker.dispose();
      await configuration.update('pythonPath', undefined, vscode.ConfigurationTarget.Global);
      await configuration.update('console', undefined, vscode.ConfigurationTarget.Global);
    }
  });
});

describe('the whole state', () => {
  const copy = async (command: string): Promise<string> => {
    await vscode.env.clipboard.writeText('');
    await vscode.commands.executeCommand(command);
    return vscode.env.clipboard.readText();
  };

  it('is copied as Markdown and as JSON, while the program runs and after its end', async function () {
    this.timeout(90_000);
    const program = await start('still.py');
    await until(
      'tasks',
      () => api.view('tasks').title,
      (title) => /^4\d live/.test(title),
    );
    assert.match(await copy(Commands.copyStateMarkdown), /still\.py/);
    const state = JSON.parse(await copy(Commands.copyStateJson)) as unknown;
    assert.ok(JSON.stringify(state).includes('alpha-00'));
    await program.stop();
    await until('the end', () => api.view('loops').rows.every((row) => row.muted), Boolean);
    assert.match(await copy(Commands.copyStateMarkdown), /still\.py/);
    assert.ok(JSON.parse(await copy(Commands.copyStateJson)));
  });
});

/** Selects the first row of Tasks; while VS Code draws the tree it has none, and its own commands throw. */
async function selectFirst(): Promise<void> {
  try {
    await vscode.commands.executeCommand(`${Views.tasks}.focus`);
    await vscode.commands.executeCommand('list.focusFirst');
    await vscode.commands.executeCommand('list.select');
  } catch (error) {
    console.log(`    (not selected yet: ${String(error)})`);
  }
}

describe('a command of a row', () => {
  it('is about the selected row, but for a menu whose row VS Code has just forgotten', async function () {
    this.timeout(90_000);
    await start('still.py');
    await until(
      'tasks',
      () => api.view('tasks').rows.length,
      (count) => count > 0,
    );
    const pinned = (): boolean => flat(api.view('tasks').rows).some((row) => row.context.includes('pinned'));
    // Until the view has the focus, and the selection has come across.
    await until(
      'the pin',
      async () => {
        await selectFirst();
        await vscode.commands.executeCommand(Commands.pin);
        return pinned();
      },
      Boolean,
    );
    await vscode.commands.executeCommand(Commands.unpin, undefined);
    await api.refresh('tasks');
    assert.equal(pinned(), true, 'the selected row is not the one that was meant');
    await vscode.commands.executeCommand(Commands.unpin);
    await until('no pin', pinned, (is) => !is);
  });
});
