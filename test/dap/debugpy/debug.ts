/**
 * What the tests of debugging share: a program with marks in its source, launched with breakpoints at marks, and the few
 * requests about a stop that every test makes. The Pythons are those that the tests were prepared with.
 */
import { dirname, join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { testPythons } from '../../support/pythons';
import { type DapClient, PYTHON } from '../client';
import { folderWith } from '../files';

export type Stopped = DebugProtocol.StoppedEvent['body'];

/** Paths of the Pythons of these versions that are here; one that is not is printed. */
export function pythons(
  ...versions: readonly string[]
): readonly { readonly version: string; readonly path: string }[] {
  const known = testPythons();
  return versions.flatMap((version) => {
    const found = known.find((python) => python.version === version);
    if (!found) console.log(`    (Python ${version} is not here: not tested with it)`);
    return found ?? [];
  });
}

/** A program in a file of its own. A line with `# @name` at its end has that mark. */
export class Source {
  readonly path: string;
  readonly folder: string;
  readonly #lines: readonly string[];

  /** `path`: where the text lies already. */
  constructor(text: string, others: Readonly<Record<string, string>> = {}, path?: string) {
    this.folder = path === undefined ? folderWith({ 'app.py': text, ...others }) : dirname(path);
    this.path = path ?? join(this.folder, 'app.py');
    this.#lines = text.split('\n');
  }

  /** The number of the line with that mark. */
  line(mark: string): number {
    const at = this.#lines.findIndex((line) => line.endsWith(`# @${mark}`));
    if (at < 0) throw new Error(`The program has no mark @${mark}.`);
    return at + 1;
  }

  breakpoint(mark: string, more: Omit<DebugProtocol.SourceBreakpoint, 'line'> = {}): DebugProtocol.SourceBreakpoint {
    return { line: this.line(mark), ...more };
  }
}

export async function setBreakpoints(
  client: DapClient,
  source: Source,
  breakpoints: readonly DebugProtocol.SourceBreakpoint[],
): Promise<DebugProtocol.Breakpoint[]> {
  const body = await client.request<DebugProtocol.SetBreakpointsResponse['body']>('setBreakpoints', {
    source: { path: source.path },
    breakpoints,
  });
  return body.breakpoints;
}

/** Launches a program with debugging, with breakpoints at these marks. */
export async function debug(
  client: DapClient,
  source: Source,
  marks: readonly (string | DebugProtocol.SourceBreakpoint)[],
  args: object = {},
  filters: readonly string[] = [],
  abilities: object = {},
): Promise<void> {
  await client.launch({ program: source.path, python: PYTHON, ...args, noDebug: false }, abilities, async () => {
    const breakpoints = marks.map((mark) => (typeof mark === 'string' ? source.breakpoint(mark) : mark));
    await setBreakpoints(client, source, breakpoints);
    await client.request('setExceptionBreakpoints', { filters });
  });
}

/** Attaches with breakpoints at these marks. */
export async function attach(client: DapClient, args: object, source: Source, marks: readonly string[]): Promise<void> {
  await client.initialize();
  const attached = client.request('attach', args);
  attached.catch(() => undefined);
  await Promise.race([client.event('initialized'), attached]);
  await setBreakpoints(
    client,
    source,
    marks.map((mark) => source.breakpoint(mark)),
  );
  await client.request('configurationDone');
  await attached;
}

/** The `count`th stop of the session. */
export function stop(client: DapClient, count = 1): Promise<Stopped> {
  return client.nthEvent<Stopped>('stopped', count);
}

export async function frames(client: DapClient, stopped: Stopped): Promise<DebugProtocol.StackFrame[]> {
  const body = await client.request<DebugProtocol.StackTraceResponse['body']>('stackTrace', {
    threadId: stopped.threadId,
  });
  return body.stackFrames;
}

/** Name and line of the innermost frame. */
export async function place(client: DapClient, stopped: Stopped): Promise<string> {
  const [top] = await frames(client, stopped);
  return `${top?.name ?? ''}:${top?.line ?? 0}`;
}

export async function topFrame(client: DapClient, stopped: Stopped): Promise<number> {
  const [top] = await frames(client, stopped);
  if (!top) throw new Error('No frame.');
  return top.id;
}

/** The value of an expression in a frame, as the editor shows it. */
export async function value(client: DapClient, frameId: number, expression: string): Promise<string> {
  const body = await client.request<DebugProtocol.EvaluateResponse['body']>('evaluate', {
    expression,
    frameId,
    context: 'watch',
  });
  return body.result;
}
