/**
 * When `loopscope/update` is sent: soon after a change, at most ten times a second, and once more when things have been
 * quiet for a second, because rates fall by themselves. Nothing is sent while nothing changes.
 */
import { MAX_UPDATES_PER_SECOND } from '../protocol/dap';

const SPACING = 1000 / MAX_UPDATES_PER_SECOND;
/** After this long without a change the rates over the last second are zero, ms. */
const CALM = 1100;

export class Updates {
  readonly #send: () => void;
  #timer: NodeJS.Timeout | undefined;
  #calm: NodeJS.Timeout | undefined;
  #last = -Infinity;

  constructor(send: () => void) {
    this.#send = send;
  }

  /** Something changed. */
  changed(): void {
    this.#later();
    clearTimeout(this.#calm);
    this.#calm = setTimeout(() => this.#later(), CALM);
  }

  /** Sends now what would have been sent later, and nothing more until something changes: the last update. */
  flush(): void {
    this.dispose();
    this.#now();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#calm);
    this.#timer = undefined;
  }

  #later(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#last + SPACING - performance.now());
    this.#timer = setTimeout(() => this.#now(), wait);
  }

  #now(): void {
    this.#timer = undefined;
    this.#last = performance.now();
    this.#send();
  }
}
