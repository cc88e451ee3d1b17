/**
 * One connection that speaks DAP with debugpy, over the pipes of a process or over a socket. It gives requests sequence
 * numbers of its own, hands on what comes one message at a time (what a message causes by promises is over before the
 * next), and answers each request of ours: with debugpy's answer, or with an error when the connection has gone. It
 * knows nothing of what the messages mean.
 */
import type { Readable, Writable } from 'node:stream';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type Message, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { Emitter } from '../../common/emitter';
import { ForwardedError, RequestError } from '../dispatch';

/** Said of a request whose answer cannot come any more. */
export const GONE = 'The debugger (debugpy) has gone: start the session again.';

type Incoming = Partial<DebugProtocol.Event & DebugProtocol.Response & DebugProtocol.Request>;

interface Pending {
  readonly resolve: (body: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class DebugpyChannel {
  readonly #input: Readable;
  readonly #reader: StreamMessageReader;
  readonly #writer: StreamMessageWriter;
  readonly #pending = new Map<number, Pending>();
  readonly #events = new Emitter<{ readonly name: string; readonly body: unknown }>();
  readonly #closed = new Emitter<void>();
  readonly #queue: (Incoming | undefined)[] = [];
  #sequence = 0;
  #delivering = false;
  #open = true;

  readonly onEvent = this.#events.event;
  /** The connection has ended and everything that came before has been handed on. Fires once. */
  readonly onClosed = this.#closed.event;
  /** Answers a request of debugpy's. */
  onRequest: (command: string, args: unknown) => Promise<unknown> = (command) =>
    Promise.reject(new Error(`"${command}" is not supported.`));

  constructor(input: Readable, output: Writable) {
    this.#input = input;
    this.#reader = new StreamMessageReader(input);
    this.#writer = new StreamMessageWriter(output);
    this.#writer.onError(() => undefined);
    output.on('error', () => undefined);
    input.on('error', () => undefined);
    this.#reader.listen((message) => this.#enqueue(message as Incoming));
    this.#reader.onError(() => input.destroy());
    this.#reader.onClose(() => this.#enqueue(undefined));
    input.once('close', () => this.#enqueue(undefined));
  }

  get open(): boolean {
    return this.#open;
  }

  /** Sends a request. Rejects with debugpy's error as ForwardedError, or with RequestError if it has gone. */
  request(command: string, args?: unknown): Promise<unknown> {
    if (!this.#open) return Promise.reject(new RequestError(GONE));
    const seq = ++this.#sequence;
    return new Promise((resolve, reject) => {
      this.#pending.set(seq, { resolve, reject });
      this.#send({ seq, type: 'request', command, ...(args === undefined ? {} : { arguments: args }) });
    });
  }

  /** Stops or goes on reading. */
  pause(paused: boolean): void {
    if (paused) this.#input.pause();
    else this.#input.resume();
  }

  /** Ends it: every request that waits is answered with an error. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#queue.length = 0;
    for (const { reject } of this.#pending.values()) reject(new RequestError(GONE));
    this.#pending.clear();
    this.#reader.dispose();
    this.#input.destroy();
    this.#writer.end();
    this.#closed.fire();
  }

  #send(message: object): void {
    // The writer frames and encodes; that DAP is not JSON-RPC is nothing to it.
    if (this.#open) this.#writer.write(message as Message).catch(() => undefined);
  }

  #enqueue(message: Incoming | undefined): void {
    if (!this.#open) return;
    this.#queue.push(message);
    if (!this.#delivering) this.#deliver();
  }

  #deliver(): void {
    if (this.#queue.length === 0) {
      this.#delivering = false;
      return;
    }
    this.#delivering = true;
    setImmediate(() => this.#deliver());
    const message = this.#queue.shift();
    if (message) this.#take(message);
    else this.close();
  }

  #take(message: Incoming): void {
    if (message.type === 'event') {
      this.#events.fire({ name: message.event ?? '', body: message.body as unknown });
    } else if (message.type === 'response') {
      const pending = this.#pending.get(message.request_seq ?? 0);
      this.#pending.delete(message.request_seq ?? 0);
      if (message.success === true) pending?.resolve(message.body);
      else pending?.reject(new ForwardedError(message.message ?? 'debugpy gave no reason.', message.body));
    } else if (message.type === 'request') {
      const reply = { type: 'response', request_seq: message.seq, command: message.command };
      this.onRequest(message.command ?? '', message.arguments).then(
        (body) => this.#send({ seq: ++this.#sequence, ...reply, success: true, body: body ?? {} }),
        (error: unknown) => {
          const text = error instanceof Error ? error.message : String(error);
          this.#send({ seq: ++this.#sequence, ...reply, success: false, message: text });
        },
      );
    }
  }
}
