/**
 * One debugpy in a session: what is said to it and what of what it says reaches the client. Messages that are not named
 * here pass as they are, so that everything debugpy can do, now or later, is there. It is also the program as a process
 * that can be followed and ended (Debuggee), because debugpy has started it.
 */
import type { Within } from '../../protocol/stepping';
import { Emitter } from '../../common/emitter';
import { BRIDGE_EVENT, type TaskRow } from './bridge';
import type { Client } from '../client';
import { ForwardedError, RequestError } from '../dispatch';
import type { Debuggee, Exit } from '../launch/debuggee';
import { difference } from './capabilities';
import { joinAnswers, splitFilters } from './exceptions';
import type { Reached } from './process';

/** How long a reverse request may take, s: a shell in a terminal can be slow to start. */
const REVERSE_SECONDS = 60;
/** What debugpy prints when it could not get into a process; its request it answers a minute later (adapter/servers.py, `inject`). */
const NOT_INJECTED = 'Attach to PID failed.';
/** How long debugpy may take to let go when the session ends, ms. */
const FAREWELL = 2000;
/** What debugpy says of frames and variables of a stop that is over (pydevd_comm.py, pydevd_net_command_factory_json.py). */
const OVER = /^Unable to find (thread|frame)|seems to have resumed already/;
/** What debugpy says of a breakpoint in a file that the program's machine does not have (pydevd_process_net_command_json.py). */
const NO_FILE = /file that does not exist/;
const NO_FILE_HERE =
  'There is no such file where the program runs. If its files lie in another folder there, say in which with "pathMappings" in the configuration.';
/** Where the steps of a suspended task's row stop in it. */
const WITHIN = { next: 'next', stepIn: 'line', stepOut: 'caller' } as const;
/** Said of a row of an earlier stop. */
const NO_ROW = 'That task has ended, or has no row at this stop: look at the call stack again.';

/** What a debugger needs of its session. */
export interface DebuggerHost {
  readonly client: Client;
  /** Where the runtime's files are: no step leads into them. */
  readonly runtime: string;
  /** The program was started by debugpy. */
  readonly launched: boolean;
  /** debugpy is ready to be configured; the client is told when this is done. */
  ready(): Promise<void> | void;
  /** The process that is debugged is known. */
  process(pid: number): void;
  /** A child's configuration, made ours. */
  child(configuration: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** Sets what the loops shall stop at, from `setExceptionBreakpoints`; gives that request's answer, for every filter. */
  setBreakOn(args: unknown): Promise<unknown>;
  /** What is awaited in the console is to be cancelled. */
  cancelConsole(): void;
  /** The bridge in the program says what the next stop is. */
  bridge(body: unknown): void;
  /** Whether that thread is the row of a task that has none any more. */
  isOver(threadId: unknown): boolean;
  /** What that thread is, if it is no thread but a row for tasks. */
  row(threadId: unknown): TaskRow | undefined;
  /** The program goes on until that suspended task runs, and stops within it. */
  stepTask(row: TaskRow, within: Within): Promise<void>;
}

export class Debugger implements Debuggee {
  readonly #reached: Reached;
  readonly #host: DebuggerHost;
  readonly #exit = new Emitter<Exit>();
  readonly onExit = this.#exit.event;
  /** Output comes as events of debugpy's. */
  readonly onOutput = new Emitter<never>().event;
  readonly #notInjected = new Emitter<void>();
  /** The process to attach to has not let debugpy in. */
  readonly onNotInjected = this.#notInjected.event;
  /** debugpy has started the program in a group of its own. */
  readonly group: boolean;
  /** Body of debugpy's `terminated`: it may ask the client to start again. */
  terminated: object | undefined;
  /** Expressions of the console that have no answer yet. */
  #evaluations = 0;
  #pid = 0;
  #code: number | null = null;
  #over = false;
  #leaving = false;

  constructor(reached: Reached, host: DebuggerHost) {
    this.#reached = reached;
    this.#host = host;
    this.group = host.launched && process.platform !== 'win32';
    const { channel } = reached;
    channel.onEvent(({ name, body }) => this.#event(name, body));
    channel.onRequest = (command, args) => this.#reverse(command, args);
    channel.onClosed(() => this.#gone());
  }

  get pid(): number {
    return this.#pid;
  }

  /** Whether debugpy has gone before the program's end was told. */
  get died(): boolean {
    return this.terminated === undefined && !this.#leaving && !this.#reached.channel.open;
  }

  /** Says who the client is, and tells the client what debugpy can do. */
  async initialize(args: unknown): Promise<void> {
    const body = await this.#reached.channel.request('initialize', args);
    this.#host.client.event('capabilities', { capabilities: difference(body, this.#host.launched) });
  }

  /** A request to debugpy; rejects with its error, or with a sentence when it has gone. */
  request(command: string, args: unknown): Promise<unknown> {
    return this.#reached.channel.request(command, args);
  }

  /** A request of the client's that is not for us. */
  async pass(command: string, args: unknown): Promise<unknown> {
    try {
      return await this.#pass(command, args);
    } catch (error) {
      if (!(error instanceof ForwardedError) || !OVER.test(error.message)) throw error;
      throw new RequestError('That stop is over, and what was shown of it: look at the call stack again.');
    }
  }

  #pass(command: string, args: unknown): unknown {
    switch (command) {
      case 'stackTrace':
        if (this.#host.isOver(field(args, 'threadId'))) throw new RequestError(NO_ROW);
        return this.request(command, args);
      case 'next':
      case 'stepIn':
      case 'stepOut':
        return this.#step(command, args);
      case 'continue':
      case 'pause':
      case 'exceptionInfo':
        return this.request(command, this.#ofThread(args));
      case 'setBreakpoints':
        return this.#setBreakpoints(args);
      case 'setExceptionBreakpoints':
        return this.#setExceptionBreakpoints(args);
      case 'setDebuggerProperty':
        return this.request(command, this.#hidingRuntime(args));
      case 'evaluate':
        return this.#evaluate(args);
      case 'cancel':
        // debugpy cannot; what is awaited in the console the bridge can. The request itself is answered by its own error.
        if (this.#evaluations > 0) this.#host.cancelConsole();
        return {};
      default:
        return this.request(command, args);
    }
  }

  /** A step of a thread is debugpy's. From the row of a suspended task it runs until that task does. */
  #step(command: 'next' | 'stepIn' | 'stepOut', args: unknown): unknown {
    const threadId = field(args, 'threadId');
    const row = this.#host.row(threadId);
    if (!row) {
      if (this.#host.isOver(threadId)) throw new RequestError(NO_ROW);
      return this.request(command, args);
    }
    if (row.task === 0) throw new RequestError('That row stands for many tasks: step from the row of one of them.');
    if (row.current) return this.request(command, this.#ofThread(args));
    return this.#host.stepTask(row, WITHIN[command]);
  }

  /** Where a task's row is meant, its thread is. */
  #ofThread(args: unknown): unknown {
    const row = this.#host.row(field(args, 'threadId'));
    return row ? { ...asObject(args), threadId: row.threadId } : args;
  }

  pause(paused: boolean): void {
    this.#reached.channel.pause(paused);
  }

  detach(): void {
    this.#leaving = true;
    this.#reached.channel.close();
    this.#reached.kill();
  }

  /** It was to end and does not: as if it had gone, which is said. What has ended already stays so. */
  giveUp(): void {
    if (!this.#over) this.#reached.channel.close();
  }

  /** Ends debugpy's session; resolves when it has let go, or has not within its time. */
  async leave(args: object): Promise<void> {
    this.#leaving = true;
    if (this.#reached.channel.open) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, FAREWELL);
      });
      await Promise.race([this.request('disconnect', args).catch(() => undefined), late]);
      clearTimeout(timer);
    }
    this.detach();
  }

  /** The end of what debugpy printed as errors, to say why it failed. */
  errors(): string {
    return this.#reached.errors();
  }

  #event(name: string, body: unknown): void {
    const { client } = this.#host;
    switch (name) {
      case 'initialized':
        void this.#configure();
        return;
      case 'output':
        if (field(body, 'category') === 'telemetry') return;
        if (String(field(body, 'output')).startsWith(NOT_INJECTED)) this.#notInjected.fire();
        break;
      case 'process': {
        const pid = field(body, 'systemProcessId');
        if (typeof pid === 'number') {
          this.#pid = pid;
          this.#host.process(pid);
        }
        break;
      }
      case 'exited': {
        const code = field(body, 'exitCode');
        if (typeof code === 'number') this.#code = code;
        return;
      }
      case 'terminated':
        this.terminated = asObject(body);
        this.#end();
        return;
      case 'debugpyAttach':
        client.event(name, this.#host.child(asObject(body)));
        return;
      case BRIDGE_EVENT:
        this.#host.bridge(body);
        return;
      default:
        break;
    }
    client.event(name, asObject(body));
  }

  async #evaluate(args: unknown): Promise<unknown> {
    const counts = field(args, 'context') === 'repl' ? 1 : 0;
    this.#evaluations += counts;
    try {
      return await this.request('evaluate', args);
    } finally {
      this.#evaluations -= counts;
    }
  }

  async #configure(): Promise<void> {
    await this.request('setDebuggerProperty', this.#hidingRuntime({})).catch(() => undefined);
    await this.#host.ready();
  }

  async #reverse(command: string, args: unknown): Promise<unknown> {
    let sent = asObject(args);
    if (command === 'startDebugging')
      sent = { ...sent, configuration: this.#host.child(asObject(field(sent, 'configuration'))) };
    return this.#host.client.request(command, sent, REVERSE_SECONDS);
  }

  /** A file that the program does not have most often lies elsewhere there: what to do is said. */
  async #setBreakpoints(args: unknown): Promise<unknown> {
    const answer = asObject(await this.request('setBreakpoints', args));
    const { breakpoints } = answer;
    if (!Array.isArray(breakpoints)) return answer;
    const told = breakpoints.map((breakpoint: unknown) =>
      NO_FILE.test(String(field(breakpoint, 'message')))
        ? { ...asObject(breakpoint), message: NO_FILE_HERE }
        : breakpoint,
    );
    return { ...answer, breakpoints: told };
  }

  async #setExceptionBreakpoints(args: unknown): Promise<unknown> {
    const split = splitFilters(args);
    const [theirs, ours] = await Promise.all([
      this.request('setExceptionBreakpoints', split.debugpy),
      this.#host.setBreakOn(args),
    ]);
    return joinAnswers(split, theirs, ours);
  }

  /** debugpy's option is to be set whole: what the client wants is kept. */
  #hidingRuntime(args: unknown): object {
    const texts = (name: string): unknown[] => {
      const value = field(args, name);
      return Array.isArray(value) ? value : [];
    };
    return {
      ...asObject(args),
      dontTraceStartPatterns: [...texts('dontTraceStartPatterns'), this.#host.runtime],
      dontTraceEndPatterns: texts('dontTraceEndPatterns'),
    };
  }

  #gone(): void {
    this.#reached.kill();
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#exit.fire({ code: this.#code, signal: '' });
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function field(value: unknown, name: string): unknown {
  return asObject(value)[name];
}
