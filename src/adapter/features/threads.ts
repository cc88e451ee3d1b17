/**
 * DAP's threads: one for each Python thread in which an event loop lives, or the main thread as long as there is none.
 * Numbers are ours, from 1 (the main thread), and keep their meaning for the whole session.
 */
import type { LoopModel } from '../../model/model';
import type { Client } from '../client';

interface Thread {
  readonly id: number;
  readonly name: string;
}

const MAIN: Thread = { id: 1, name: 'MainThread' };

function keyOf(info: { readonly thread: string; readonly threadId: number }): string {
  return info.thread === MAIN.name ? MAIN.name : `${info.threadId} ${info.thread}`;
}

export class Threads {
  readonly #client: Client;
  readonly #ids = new Map<string, number>([[MAIN.name, MAIN.id]]);
  #shown = new Map<number, Thread>([[MAIN.id, MAIN]]);

  constructor(client: Client) {
    this.#client = client;
  }

  /** The answer to the request `threads`. */
  list(): { readonly threads: readonly Thread[] } {
    return { threads: [...this.#shown.values()] };
  }

  /** Whether the client knows of a thread of that number. */
  has(id: number): boolean {
    return this.#shown.has(id);
  }

  /** The number of a loop's thread; the main thread's as long as nothing else is known. */
  ofLoop(model: LoopModel, loop: number): number {
    const info = model.loops.get(loop)?.info;
    return (info && this.#ids.get(keyOf(info))) ?? MAIN.id;
  }

  /** The loops may have changed: tells the client of threads that came or went. */
  update(model: LoopModel): void {
    const now = new Map<number, Thread>([[MAIN.id, MAIN]]);
    for (const { info, state } of model.loops.values()) {
      if (!info || state === 'closed' || state === 'collected') continue;
      const key = keyOf(info);
      let id = this.#ids.get(key);
      if (id === undefined) {
        id = this.#ids.size + 1;
        this.#ids.set(key, id);
      }
      now.set(id, { id, name: info.thread });
    }
    for (const id of now.keys())
      if (!this.#shown.has(id)) this.#client.event('thread', { reason: 'started', threadId: id });
    for (const id of this.#shown.keys())
      if (!now.has(id)) this.#client.event('thread', { reason: 'exited', threadId: id });
    this.#shown = now;
  }
}
