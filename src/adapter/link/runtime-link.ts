/**
 * One connected runtime: its frames in, queries out. It decodes and applies batches to the model and hands messages on;
 * each query gets one answer: the runtime's, or an error when the time is over or the connection has gone. Whatever the
 * peer sends, nothing is thrown out of here: a fault ends the connection, with a sentence.
 */
import type { Socket } from 'node:net';
import type * as v from 'valibot';
import { Emitter } from '../../common/emitter';
import type { LoopModel } from '../../model/model';
import { NumberList, WireError } from '../../model/number-list';
import type { RuntimeCommand } from '../../protocol/stepping';
import {
  type AdapterMessage,
  type DetailLevel,
  FrameKind,
  type RuntimeMessage,
  type RuntimeQuery,
  WIRE_VERSION,
} from '../../protocol/wire';
import { PathMappings } from '../launch/path-mappings';
import { encodeMessage, type Frame, FrameReader } from './frames';
import type { Admitted } from './listener';
import { check, parseMessage, parseStrings } from './messages';

export type Hello = Extract<RuntimeMessage, { type: 'hello' }>;

/** How long a query may take, s: the runtime itself answers within 50 ms even if the loop is blocked. */
export const QUERY_SECONDS = 2;

/** A query that was not answered. The message is a sentence for the person. */
export class QueryError extends Error {
  override readonly name: string = 'QueryError';
}

/** A query about a loop that has been collected meanwhile: it has no tasks any more. */
export class LoopGoneError extends QueryError {
  override readonly name = 'LoopGoneError';
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: QueryError) => void;
  readonly timer: NodeJS.Timeout;
}

export class RuntimeLink {
  readonly #socket: Socket;
  readonly #model: LoopModel;
  readonly #clock: () => number;
  readonly #paths: PathMappings;
  readonly #frames = new FrameReader();
  readonly #numbers = new NumberList();
  readonly #pending = new Map<number, Pending>();
  readonly #messages = new Emitter<RuntimeMessage>();
  readonly #changed = new Emitter<void>();
  readonly #closed = new Emitter<string>();
  #lastQuery = 0;
  #open = true;
  #hello: Hello | undefined;

  /** Every message but answers, in order. */
  readonly onMessage = this.#messages.event;
  /** The model has changed by this link. */
  readonly onChange = this.#changed.event;
  /** The connection has ended: '' by the peer or by us, else what was wrong with what it sent. Fires once. */
  readonly onClosed = this.#closed.event;

  /** `clock`: seconds, never going back. `slow`: from how many seconds on a callback is told of as slow; 0: never. `paths`: where the program's files are here. */
  constructor(
    peer: Admitted,
    model: LoopModel,
    clock: () => number,
    level: DetailLevel,
    slow: number,
    paths = new PathMappings(),
  ) {
    this.#paths = paths;
    this.#socket = peer.socket;
    this.#model = model;
    this.#clock = clock;
    this.#send({ type: 'welcome', wire: WIRE_VERSION, level, slow });
    peer.socket.on('close', () => this.#end(''));
    peer.socket.on('error', () => this.#end(''));
    peer.socket.setNoDelay(true);
  }

  /** Begins to read. Subscribe before. */
  start(rest: Buffer): void {
    if (rest.length > 0) this.#receive(rest);
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.resume();
  }

  get open(): boolean {
    return this.#open;
  }

  /** What the runtime said of its process; undefined until it has. */
  get hello(): Hello | undefined {
    return this.#hello;
  }

  setLevel(level: DetailLevel): void {
    this.#send({ type: 'level', level });
  }

  /** Asks the runtime; the answer has the form of `schema`. Rejects with QueryError. */
  async query<Schema extends v.GenericSchema>(
    query: RuntimeQuery,
    schema: Schema,
    seconds = QUERY_SECONDS,
  ): Promise<v.InferOutput<Schema>> {
    return this.#ask((id) => ({ type: 'query', id, ...query }), schema, query.query, seconds, undefined);
  }

  /**
   * The same for an answer that says how things are: `apply` takes it in its place among the events, before those that
   * came after it are applied. The promise is kept later than that. What `apply` throws ends the session: it must not.
   */
  async queryInOrder<Schema extends v.GenericSchema>(
    query: RuntimeQuery,
    schema: Schema,
    apply: (answer: v.InferOutput<Schema>) => void,
  ): Promise<v.InferOutput<Schema>> {
    return this.#ask((id) => ({ type: 'query', id, ...query }), schema, query.query, QUERY_SECONDS, apply);
  }

  /** Has the runtime do something; the result has the form of `schema`. Rejects with QueryError. */
  async command<Schema extends v.GenericSchema>(
    command: RuntimeCommand,
    schema: Schema,
    seconds = QUERY_SECONDS,
  ): Promise<v.InferOutput<Schema>> {
    return this.#ask((id) => ({ type: 'command', id, ...command }), schema, command.command, seconds, undefined);
  }

  async #ask<Schema extends v.GenericSchema>(
    message: (id: number) => AdapterMessage,
    schema: Schema,
    what: string,
    seconds: number,
    apply: ((answer: v.InferOutput<Schema>) => void) | undefined,
  ): Promise<v.InferOutput<Schema>> {
    if (!this.#open) throw new QueryError('The program is no longer connected.');
    const id = ++this.#lastQuery;
    return new Promise<v.InferOutput<Schema>>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new QueryError(`The program did not answer within ${seconds} s. It may be stopped or very busy.`));
      }, seconds * 1000);
      const arrives = (result: unknown): void => {
        let answer: v.InferOutput<Schema>;
        try {
          answer = check(schema, result, `answer to "${what}"`);
        } catch (error) {
          reject(new QueryError(error instanceof Error ? error.message : String(error)));
          return;
        }
        apply?.(answer);
        resolve(answer);
      };
      this.#pending.set(id, { resolve: arrives, reject, timer });
      this.#send(message(id));
    });
  }

  /** Lets the runtime go: it takes its hooks out when the connection ends. */
  close(): void {
    this.#socket.destroy();
    this.#end('');
  }

  #send(message: AdapterMessage): void {
    if (this.#open && this.#socket.writable) this.#socket.write(encodeMessage(message));
  }

  #receive(chunk: Buffer): void {
    if (!this.#open) return;
    try {
      let changed = false;
      for (const frame of this.#frames.push(chunk)) changed = this.#frame(frame) || changed;
      if (changed) this.#changed.fire();
    } catch (error) {
      this.#socket.destroy();
      this.#end(error instanceof WireError ? error.message : `Loopscope failed to read what came: ${String(error)}`);
    }
  }

  /** True if the model has changed. */
  #frame(frame: Frame): boolean {
    if (!this.#hello && frame.kind !== FrameKind.json) throw new WireError('The runtime did not say hello first.');
    switch (frame.kind) {
      case FrameKind.events:
        this.#numbers.decode(frame.payload);
        this.#model.apply(this.#numbers, this.#clock());
        return true;
      case FrameKind.strings:
        this.#model.strings.define(parseStrings(frame.payload));
        return false;
      case FrameKind.json:
        return this.#message(this.#paths.localize(parseMessage(frame.payload)));
    }
  }

  #message(message: RuntimeMessage): boolean {
    if (message.type === 'hello') {
      if (message.wire !== WIRE_VERSION)
        throw new WireError(
          `The program's runtime speaks version ${message.wire} of the wire, this adapter version ${WIRE_VERSION}. Restart VS Code to finish the update.`,
        );
      this.#hello = message;
      this.#paths.runsIn(message.cwd ?? '');
    } else if (!this.#hello) {
      throw new WireError('The runtime did not say hello first.');
    }
    if (message.type === 'answer') {
      const pending = this.#pending.get(message.id);
      if (!pending) return false; // too late: already answered with an error
      this.#pending.delete(message.id);
      clearTimeout(pending.timer);
      if (message.ok) pending.resolve(message.result);
      else pending.reject(message.gone ? new LoopGoneError(message.error) : new QueryError(message.error));
      return false;
    }
    if (message.type === 'loop') this.#model.transition(message, this.#clock());
    this.#messages.fire(message);
    return message.type === 'loop';
  }

  #end(fault: string): void {
    if (!this.#open) return;
    this.#open = false;
    for (const pending of this.#pending.values()) {
      clearTimeout(pending.timer);
      pending.reject(new QueryError('The program has ended or let go of Loopscope.'));
    }
    this.#pending.clear();
    this.#closed.fire(fault);
  }
}
