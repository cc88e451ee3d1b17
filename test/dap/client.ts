/**
 * A DAP client for the tests: starts the real adapter as a process (or dials its port), sends requests, keeps every
 * message in order, and waits for messages, never for time. A response that comes twice, or to nothing, fails the test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { testPython } from '../support/pythons';
import type { CustomCommand, CustomRequests, UpdateEvent } from '../../src/protocol/dap';

export const ROOT = join(__dirname, '..', '..');
export const ADAPTER = join(ROOT, 'dist', 'adapter.js');
/** The interpreter that the programs run with. */
export const PYTHON = process.env['LOOPSCOPE_TEST_PYTHON'] ?? preparedPython();

/** The one that `npm test` prepared, else what the PATH has. */
function preparedPython(): string {
  try {
    return testPython().path;
  } catch {
    return 'python3';
  }
}

type Message = DebugProtocol.ProtocolMessage & { body?: unknown; event?: string; command?: string };
interface Waiter {
  readonly matches: (message: Message) => boolean;
  readonly resolve: (message: Message) => void;
}

/** An error response. */
export class Refused extends Error {
  readonly response: DebugProtocol.Response;
  constructor(response: DebugProtocol.Response) {
    super(response.message);
    this.response = response;
  }
}

export class DapClient {
  readonly messages: Message[] = [];
  /** What the adapter wrote where nobody should write. */
  stderr = '';
  readonly process: ChildProcess | undefined;
  /** Longest wait for a message, ms: only a test that fails takes it. */
  patience = 15_000;
  /** Answers a reverse request; the default refuses. */
  onReverseRequest: (request: DebugProtocol.Request) => unknown = () => {
    throw new Error('not supported by this client');
  };
  readonly #write: (bytes: Buffer) => void;
  readonly #close: () => void;
  readonly #answered = new Set<number>();
  readonly #waiters = new Set<Waiter>();
  readonly #pending = new Map<
    number,
    { readonly resolve: (response: DebugProtocol.Response) => void; readonly reject: (error: Error) => void }
  >();
  readonly closed: Promise<number | null>;
  #gone = false;
  #sequence = 0;
  #received = Buffer.alloc(0);
  #faults: string[] = [];

  private constructor(
    write: (bytes: Buffer) => void,
    close: () => void,
    closed: Promise<number | null>,
    child?: ChildProcess,
  ) {
    this.#write = write;
    this.#close = close;
    this.closed = closed;
    this.process = child;
    void closed.then(() => {
      this.#gone = true;
      for (const pending of this.#pending.values()) pending.reject(new Error('The adapter has gone.'));
    });
  }

  /** Starts an adapter of its own on standard input and output. */
  static start(env: Readonly<Record<string, string>> = {}): DapClient {
    const child = spawn(process.execPath, ['--enable-source-maps', ADAPTER], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const client = new DapClient(
      (bytes) => void child.stdin.write(bytes),
      () => void child.stdin.end(),
      closed,
      child,
    );
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (chunk: Buffer) => client.#receive(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      client.stderr += chunk.toString();
    });
    return client;
  }

  /** Dials an adapter that listens on a port. */
  static async dial(port: number): Promise<DapClient> {
    const socket: Socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const closed = new Promise<null>((resolve) => socket.once('close', () => resolve(null)));
    const client = new DapClient(
      (bytes) => void socket.write(bytes),
      () => socket.destroy(),
      closed,
    );
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => client.#receive(chunk));
    return client;
  }

  /** Sends a request; rejects with Refused for an error response. */
  request<Body = unknown>(command: string, args?: object): Promise<Body> {
    if (this.#gone) return Promise.reject(new Error('The adapter has gone.'));
    const seq = ++this.#sequence;
    this.#send({ seq, type: 'request', command, ...(args ? { arguments: args } : {}) });
    return new Promise((resolve, reject) => {
      this.#pending.set(seq, { resolve: (response) => resolve(response.body as Body), reject });
    });
  }

  /** A custom request with its types. */
  ask<Command extends CustomCommand>(
    command: Command,
    args: CustomRequests[Command][0],
  ): Promise<CustomRequests[Command][1]> {
    return this.request(command, args);
  }

  /** The first event of that name, past or to come, that passes. */
  event<Body = unknown>(name: string, passes: (body: Body) => boolean = () => true): Promise<Body> {
    return this.#first(
      (message) => message.type === 'event' && message.event === name && passes(message.body as Body),
    ).then((message) => message.body as Body);
  }

  /** The `count`th event of that name, past or to come. */
  async nthEvent<Body = unknown>(name: string, count: number): Promise<Body> {
    const events = (): Message[] => this.messages.filter((message) => message.event === name);
    const message = await this.#first((candidate) => candidate === events()[count - 1]);
    return message.body as Body;
  }

  /** The next update, from now on, that passes. */
  async nextUpdate(passes: (update: UpdateEvent) => boolean = () => true): Promise<UpdateEvent> {
    const known = this.messages.length;
    const message = await this.#first(
      (candidate) =>
        candidate.event === 'loopscope/update' &&
        this.messages.indexOf(candidate) >= known &&
        passes(candidate.body as UpdateEvent),
    );
    return message.body as UpdateEvent;
  }

  /** Everything that the program printed so far, by category. */
  output(category: string): string {
    return this.messages
      .filter((message) => message.event === 'output')
      .map((message) => message.body as { category?: string; output: string })
      .filter((body) => body.category === category)
      .map((body) => body.output)
      .join('');
  }

  /** Waits until the output of a category matches; gives what the pattern's groups caught. */
  async printed(pattern: string | RegExp, category = 'stdout'): Promise<string[]> {
    let found: string[] = [];
    await this.#first(() => {
      const output = this.output(category);
      if (typeof pattern === 'string') return output.includes(pattern);
      const match = pattern.exec(output);
      found = match?.slice(1) ?? [];
      return match !== null;
    });
    return found;
  }

  /** Names of events and commands of responses, in the order in which they came. */
  order(): string[] {
    return this.messages.map((message) => message.event ?? `${message.type} ${message.command ?? ''}`);
  }

  /** The last names of `order`, without the many that say only that something changed. */
  #seen(): string {
    const names = this.order().filter((name) => name !== 'loopscope/update');
    return names.slice(-40).join(', ');
  }

  async initialize(capabilities: object = {}): Promise<DebugProtocol.Capabilities> {
    return this.request('initialize', { adapterID: 'loopscope', pathFormat: 'path', ...capabilities });
  }

  /** Initialize, launch, configurationDone; resolves with the launch's answer. Without debugging, unless `args` says. */
  async launch(args: object, capabilities: object = {}, configure?: () => Promise<unknown>): Promise<void> {
    await this.initialize(capabilities);
    const launched = this.request('launch', { python: PYTHON, noDebug: true, ...args });
    launched.catch(() => undefined);
    await Promise.race([this.event('initialized'), launched]);
    await configure?.();
    await this.request('configurationDone');
    await launched;
  }

  /** Ends the session and the adapter, and the program unless told; fails if the adapter broke a rule meanwhile. */
  async stop(terminateDebuggee = true): Promise<void> {
    await this.request('disconnect', { terminateDebuggee }).catch(() => undefined);
    this.#close();
    await this.closed;
    if (this.#faults.length > 0) throw new Error(this.#faults.join('\n'));
    if (this.stderr !== '') throw new Error(`The adapter wrote to stderr: ${this.stderr}`);
  }

  /** Writes bytes as they are. */
  raw(bytes: string): void {
    this.#write(Buffer.from(bytes));
  }

  /** Closes the client's side without a word. */
  hangUp(): void {
    this.#close();
  }

  #send(message: object): void {
    const json = Buffer.from(JSON.stringify(message));
    this.#write(Buffer.concat([Buffer.from(`Content-Length: ${json.length}\r\n\r\n`), json]));
  }

  #first(matches: (message: Message) => boolean): Promise<Message> {
    const known = this.messages.find(matches);
    if (known) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(
          new Error(
            `Nothing of the kind came within ${this.patience} ms. Seen: ${this.#seen()}\n${this.output('console')}${this.stderr}`,
          ),
        );
      }, this.patience);
      const waiter: Waiter = {
        matches,
        resolve: (message) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(message);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(this.#received.toString('latin1', 0, end))?.[1]);
      if (this.#received.length < end + 4 + length) return;
      const message = JSON.parse(this.#received.toString('utf8', end + 4, end + 4 + length)) as Message;
      this.#received = this.#received.subarray(end + 4 + length);
      this.#take(message);
    }
  }

  #take(message: Message): void {
    this.messages.push(message);
    if (message.type === 'response') {
      const response = message as DebugProtocol.Response;
      const pending = this.#pending.get(response.request_seq);
      if (this.#answered.has(response.request_seq))
        this.#faults.push(`Request ${response.request_seq} was answered twice.`);
      else if (!pending) this.#faults.push(`A response to the unknown request ${response.request_seq} came.`);
      this.#answered.add(response.request_seq);
      this.#pending.delete(response.request_seq);
      if (response.success) pending?.resolve(response);
      else pending?.reject(new Refused(response));
    } else if (message.type === 'request') {
      this.#reverse(message as DebugProtocol.Request);
    }
    for (const waiter of [...this.#waiters]) if (waiter.matches(message)) waiter.resolve(message);
  }

  #reverse(request: DebugProtocol.Request): void {
    const reply = { seq: ++this.#sequence, type: 'response', request_seq: request.seq, command: request.command };
    Promise.resolve()
      .then(() => this.onReverseRequest(request))
      .then(
        (body) => this.#send({ ...reply, success: true, body }),
        (error: unknown) => this.#send({ ...reply, success: false, message: String(error) }),
      );
  }
}
