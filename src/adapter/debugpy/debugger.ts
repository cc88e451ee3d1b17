/**
 * One debugpy in a session: what is said to it and what of what it says reaches the client. Messages that are not named
 * here pass as they are, so that everything debugpy can do, now or later, is there. It is also the program as a process
 * that can be followed and ended (Debuggee), because debugpy has started it.
 */
import { Emitter } from '../../common/emitter';
import { BRIDGE_EVENT } from './bridge';
import type { Client } from '../client';
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
  /** The bridge in the program says what the next stop is. */
  bridge(body: unknown): void;
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
  pass(command: string, args: unknown): unknown {
    switch (command) {
      case 'setExceptionBreakpoints':
        return this.#setExceptionBreakpoints(args);
      case 'setDebuggerProperty':
        return this.request(command, this.#hidingRuntime(args));
      case 'cancel':
        // debugpy cannot; DAP allows to say nothing.
        return {};
      default:
        return this.request(command, args);
    }
  }

  pause(paused: boolean): void {
    this.#reached.channel.pause(paused);
  }

  detach(): void {
    this.#leaving = true;
    this.#reached.channel.close();
    this.#reached.kill();
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
