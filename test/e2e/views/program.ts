/**
 * Programs for the suites of the views inside the extension host: started as a person starts them, without debugging;
 * what they print is kept; what the views show is read through the extension's own interface until it is as wanted.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';
import type { LoopscopeApi, RowText } from '../../../src/extension/api';
import { EXTENSION_ID, Views, type ViewName } from '../../../src/protocol/ids';
import { repository, testPythons, type TestPython } from '../../support/pythons';

export const PROGRAMS = path.join(repository, 'test/e2e/programs');

/** Longest wait, ms: only a test that fails takes it. */
const PATIENCE = 40_000;
const POLL = 50;

export async function loopscope(): Promise<LoopscopeApi> {
  const extension = vscode.extensions.getExtension<LoopscopeApi>(EXTENSION_ID);
  assert.ok(extension, 'VS Code knows the extension');
  return extension.activate();
}

/** Reads until the answer is as wanted; says what it was last when it never was. */
export async function until<T>(what: string, read: () => T | Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const value = await read();
    if (wanted(value)) return value;
    if (Date.now() > deadline) assert.fail(`${what}: not as wanted; last seen ${shown(value)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

/** The Python that has this package: the preferred one, else any. */
export function pythonFor(minor = '3.12'): TestPython {
  const all = testPythons();
  return all.find((python) => python.version === minor) ?? all.at(-1) ?? assert.fail('no Python is prepared');
}

export interface Truth {
  readonly names: readonly string[];
  readonly coroutines: Readonly<Record<string, number>>;
}

/** A program under way. */
export class Program {
  output = '';
  exited = false;

  private constructor(readonly session: vscode.DebugSession) {}

  /** Starts a program of the programs' folder, or what `change` says, and brings the views into sight. */
  static async start(program: string | undefined, change: Record<string, unknown> = {}): Promise<Program> {
    await vscode.commands.executeCommand(`${Views.tasks}.focus`);
    const name = `e2e ${program ?? String(change['module'])}`;
    const outputs = new Map<string, string>();
    const held: { running?: Program } = {};
    const tracker = vscode.debug.registerDebugAdapterTrackerFactory('loopscope', {
      createDebugAdapterTracker: (session) => ({
        onDidSendMessage: (message: {
          type: string;
          event?: string;
          body?: { output?: string; category?: string };
        }) => {
          if (message.type !== 'event' || message.event !== 'output' || message.body?.category === 'telemetry') return;
          const text = `${outputs.get(session.id) ?? ''}${message.body?.output ?? ''}`;
          outputs.set(session.id, text);
          if (held.running?.session.id === session.id) held.running.output = text;
        },
      }),
    });
    const started = new Promise<vscode.DebugSession>((resolve) => {
      const listener = vscode.debug.onDidStartDebugSession((session) => {
        if (session.name !== name) return;
        listener.dispose();
        resolve(session);
      });
    });
    const config = {
      type: 'loopscope',
      request: 'launch',
      name,
      ...(program === undefined ? {} : { program: path.join(PROGRAMS, program) }),
      cwd: PROGRAMS,
      python: pythonFor().path,
      console: 'internalConsole',
      env: { PYTHONDONTWRITEBYTECODE: '1' },
      ...change,
    };
    assert.ok(await vscode.debug.startDebugging(undefined, config, { noDebug: true }), `${name} starts`);
    const session = await started;
    const running = new Program(session);
    held.running = running;
    running.output = outputs.get(session.id) ?? '';
    const ended = vscode.debug.onDidTerminateDebugSession((each) => {
      if (each.id !== session.id) return;
      running.exited = true;
      ended.dispose();
      tracker.dispose();
    });
    return running;
  }

  /** What the pattern finds in what the program printed, once it does. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const found = await until(
      `output of ${this.session.name}`,
      () => pattern.exec(this.output) ?? (this.exited ? this.output : null),
      (value) => value !== null,
    );
    if (typeof found === 'string' || found === null)
      assert.fail(`${String(pattern)} was not printed, but: ${this.output}`);
    return found;
  }

  /** What the program says is true. */
  async truth<T = Truth>(): Promise<T> {
    return JSON.parse((await this.printed(/^TRUTH (.*)$/m))[1] ?? '') as T;
  }

  async stop(): Promise<void> {
    if (!this.exited) await vscode.debug.stopDebugging(this.session);
    await this.ended();
  }

  async ended(): Promise<void> {
    await until(`end of ${this.session.name}`, () => this.exited, Boolean);
  }
}

/** Every row of a view as it stands, from top to bottom. */
export function flat(rows: readonly RowText[]): RowText[] {
  return rows.flatMap((row) => [row, ...flat(row.children)]);
}

/** Opens rows until every row is in sight: folds and groups too. */
export async function unfold(api: LoopscopeApi, view: ViewName): Promise<RowText[]> {
  for (let round = 0; round < 8; round += 1) {
    const closed = flat(api.view(view).rows).filter((row) => row.expandable && row.children.length === 0);
    if (closed.length === 0) break;
    for (const row of closed) await api.expand(view, row.id);
  }
  return flat(api.view(view).rows);
}

/** A value for an error message: rows as an outline, not with all that is known of them. */
function shown(value: unknown): string {
  const text = JSON.stringify(value, (key, part: unknown) =>
    ['id', 'aria', 'context', 'icon', 'muted', 'expandable'].includes(key) ? undefined : part,
  );
  return text.length > 4000 ? `${text.slice(0, 4000)}…` : text;
}

/** Number of the line with that mark, from 1. */
export function lineOf(text: string, mark: string): number {
  const index = text.split('\n').findIndex((line) => line.includes(`# @${mark}`));
  assert.ok(index >= 0, `a line is marked @${mark}`);
  return index + 1;
}
