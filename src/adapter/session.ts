/**
 * One debug session as DAP sees it: requests in, exactly one answer each out; events; reverse requests. It puts the
 * session's parts together and knows nothing of how they work.
 */
import { DebugSession, Event, OutputEvent, Response } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { StoppedEvent } from '../protocol/stepping';
import type { Client, ClientAbilities } from './client';
import { DebuggerThreads } from './debugpy/bridge';
import { CAPABILITIES } from './debugpy/capabilities';
import { answer, type Handlers } from './dispatch';
import { Breaks } from './features/breaks';
import { logHandlers } from './features/log';
import { loopHandlers } from './features/loops';
import { queueHandlers } from './features/queues';
import { TaskRows } from './features/rows';
import { snapshotHandlers } from './features/snapshot';
import { standardHandlers } from './features/standard';
import { steppingHandlers } from './features/stepping';
import { Stopped } from './features/stopped';
import { taskHandlers } from './features/tasks';
import { Threads } from './features/threads';
import { ProcessTree, realSystem } from './launch/process-tree';
import { Life } from './life';
import type { Program } from './program';
import { Updates } from './updates';

/** What the process around the session does for it. */
export interface SessionHost {
  /** Folder of the running bundle. */
  readonly bundle: string;
  /** The session is over and has let go of everything; called once. */
  ended(): void;
}

/** After the last answer this long is left for it to reach the client, ms. */
const FAREWELL = 100;
/** Bytes that may wait for the client before the program's output is held back. */
const MOST_UNSENT = 4 * 1024 * 1024;

export class AdapterSession extends DebugSession {
  /** Ours in every session. */
  readonly #own: readonly Handlers[];
  /** Of a session without debugpy, which answers these otherwise. */
  readonly #alone: readonly Handlers[];
  readonly #life: Life;
  readonly #updates = new Updates(() => this.sendEvent(new Event('loopscope/update', this.#program().update())));
  #out: NodeJS.WritableStream | undefined;
  #held = false;
  #program: () => Program = () => {
    throw new Error('no program yet');
  };

  constructor(host: SessionHost) {
    super();
    let abilities = readAbilities({});
    let initialize: unknown;
    const client: Client = {
      get abilities() {
        return abilities;
      },
      event: (name, body) => {
        this.sendEvent(new Event(name, body));
        this.#holdBack();
      },
      request: (command, args, seconds) => this.#ask(command, args, seconds),
      say: (category, text) => {
        this.sendEvent(new OutputEvent(category === 'console' ? `${text}\n` : text, category));
        this.#holdBack();
      },
    };
    const threads = new Threads(client);
    const debuggerThreads = new DebuggerThreads();
    const breaks = new Breaks(() => this.#program());
    const rows = new TaskRows(
      client,
      () => this.#program(),
      () => (this.#life.debugger ? debuggerThreads : undefined),
    );
    const stopped = new Stopped(
      client,
      threads,
      () => this.#program(),
      () => rows.pinned,
    );
    this.#life = new Life({
      client,
      tree: new ProcessTree(realSystem),
      bundle: host.bundle,
      initialize: () => initialize,
      shows: (program) => {
        this.#program = () => program;
        program.onChange(() => {
          if (!this.#life.debugger) threads.update(program.model);
          this.#updates.changed();
        });
        const tell = (event: Omit<StoppedEvent, 'threadId'>, threadId: number): void =>
          this.sendEvent(new Event('loopscope/stopped', { ...event, threadId }));
        program.stops.onStopped(({ event, thread, byDebugger }) => {
          if (this.#life.debugger) {
            // Threads are debugpy's: what it calls this one, the bridge says. A stop at our own gate it knows nothing of.
            if (byDebugger) debuggerThreads.whenKnown(event.loop, thread, (threadId) => tell(event, threadId));
            else tell(event, 0);
            return;
          }
          // The thread is known before its stop is told.
          threads.update(program.model);
          tell(event, threads.ofLoop(program.model, event.loop));
        });
        program.stops.onResumed((loop) => this.sendEvent(new Event('loopscope/resumed', { loop })));
        stopped.watch(program, () => this.#life.debugger === undefined);
        program.onConnected(() => breaks.connected());
      },
      breakOn: () => breaks.wanted,
      setBreakOn: (args) => breaks.set(args),
      rows: debuggerThreads,
      flush: () => this.#updates.flush(),
      ended: () => {
        this.#updates.dispose();
        setTimeout(() => host.ended(), FAREWELL);
      },
    });
    const program = (): Program => this.#program();
    this.#alone = [stopped.handlers(), breaks.handlers(), standardHandlers()];
    this.#own = [
      {
        initialize: (args) => {
          abilities = readAbilities(args);
          initialize = args;
          return CAPABILITIES;
        },
      },
      this.#life.handlers(),
      steppingHandlers(program),
      rows.handlers(stopped),
      loopHandlers(program),
      taskHandlers(program),
      queueHandlers(program),
      logHandlers(program),
      snapshotHandlers(program),
    ];
  }

  override start(inStream: NodeJS.ReadableStream, outStream: NodeJS.WritableStream): void {
    this.#out = outStream;
    super.start(inStream, outStream);
  }

  /** The client has gone. */
  override shutdown(): void {
    void this.#life.abandon();
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    const unexpected = (error: unknown): void => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.sendEvent(new OutputEvent(`Loopscope failed at "${request.command}": ${text}\n`, 'console'));
    };
    const debug = this.#life.debugger;
    const tables = debug ? this.#own : [...this.#own, ...this.#alone];
    const otherwise = debug && ((command: string, args: unknown): unknown => debug.pass(command, args));
    void answer(tables, request.command, request.arguments, unexpected, otherwise).then((result) => {
      const response: DebugProtocol.Response = new Response(request);
      if (result.success) {
        response.body = result.body;
      } else {
        response.success = false;
        response.message = result.message;
        // `format` may hold {placeholders}: a sentence of ours must not look like one.
        response.body = result.body ?? {
          error: { id: 1, format: result.message.replace(/[{}]/g, ''), showUser: result.show },
        };
      }
      this.sendResponse(response);
    });
  }

  /** While the client does not take what the program prints, the program's pipes fill up, as a slow terminal's would. */
  #holdBack(): void {
    const out = this.#out;
    if (!out || this.#held || !('writableLength' in out) || Number(out.writableLength) < MOST_UNSENT) return;
    this.#held = true;
    this.#life.holdOutput(true);
    out.once('drain', () => {
      this.#held = false;
      this.#life.holdOutput(false);
    });
  }

  #ask(command: string, args: object, seconds: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.sendRequest(command, args, seconds * 1000, (response) => {
        if (response.success) resolve(response.body);
        else reject(new Error(response.message ?? 'the editor refused'));
      });
    });
  }
}

function readAbilities(args: unknown): ClientAbilities {
  const has = (name: string): boolean =>
    typeof args === 'object' && args !== null && (args as Readonly<Record<string, unknown>>)[name] === true;
  return {
    runInTerminal: has('supportsRunInTerminalRequest'),
    startDebugging: has('supportsStartDebuggingRequest'),
    shellArguments: has('supportsArgsCanBeInterpretedByShell'),
    invalidated: has('supportsInvalidatedEvent'),
  };
}
