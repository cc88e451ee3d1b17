/**
 * A peer that has shown the token and whose place is not decided yet: the program itself, or a child of it. Its bytes
 * are kept while it is listened to for its hello and its first loop, and handed on whole to whoever takes it.
 */
import { WireError } from '../../model/number-list';
import { FrameKind } from '../../protocol/wire';
import { FrameReader } from './frames';
import type { Admitted } from './listener';
import { parseMessage } from './messages';
import type { Hello } from './runtime-link';

/** Bytes kept of a peer before it is taken: then its socket is left to fill up, and it drops and counts. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Bytes within which the hello must have come: it holds the program's arguments, which the system limits too. */
const HELLO_BYTES = 3 * 1024 * 1024;

export class Newcomer {
  readonly #peer: Admitted;
  readonly #frames = new FrameReader();
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #taken = false;
  #hello: Hello | undefined;
  #hasLoop = false;
  readonly #waiting = new Set<() => void>();
  #gone = false;

  /** `fault` hears of a peer whose bytes make no sense; its connection is ended. */
  constructor(peer: Admitted, fault: (why: string) => void) {
    this.#peer = peer;
    peer.socket.on('close', () => {
      this.#gone = true;
      this.#wake();
    });
    const read = (chunk: Buffer): void => {
      try {
        this.#read(chunk);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        fault(error.message);
        peer.socket.destroy();
      }
    };
    this.#onData = read;
    read(peer.rest);
    peer.socket.on('data', read);
    peer.socket.resume();
  }

  readonly #onData: (chunk: Buffer) => void;

  /** Resolves with the peer's hello; undefined if it went without. */
  async hello(): Promise<Hello | undefined> {
    await this.#until(() => this.#hello !== undefined);
    return this.#hello;
  }

  /** Resolves when it has an event loop; false if it went without. */
  async hasLoop(): Promise<boolean> {
    await this.#until(() => this.#hasLoop);
    return this.#hasLoop;
  }

  /** Ends our listening. The peer's socket is paused; `rest` is all that it has sent. */
  take(): Admitted {
    this.#taken = true;
    this.#peer.socket.off('data', this.#onData);
    this.#peer.socket.pause();
    return { ...this.#peer, rest: Buffer.concat(this.#chunks) };
  }

  /** Sends it away: it lets go of its program. */
  refuse(): void {
    this.#peer.socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#taken || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (!this.#hasLoop)
      for (const frame of this.#frames.push(chunk)) {
        if (frame.kind !== FrameKind.json) {
          if (!this.#hello) throw new WireError('The runtime did not say hello first.');
          continue;
        }
        const message = parseMessage(frame.payload);
        if (message.type === 'hello') this.#hello = message;
        else if (!this.#hello) throw new WireError('The runtime did not say hello first.');
        if (message.type === 'loop') this.#hasLoop = true;
      }
    if (!this.#hello && this.#bytes > HELLO_BYTES) throw new WireError('The runtime did not say hello first.');
    if (this.#bytes > MOST_BYTES) this.#peer.socket.pause();
    this.#wake();
  }

  #wake(): void {
    for (const check of [...this.#waiting]) check();
  }

  #until(condition: () => boolean): Promise<void> {
    if (condition() || this.#gone) return Promise.resolve();
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition() && !this.#gone) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }
}
