/**
 * What happened on a loop in the last second: ticks, time spent in handles, worst lag. Ten slices of a tenth of a second
 * on the loop's own clock; the caller says what time it is, so that a loop that sleeps grows calm without an event.
 */
const SLICES = 10;
const SLICE = 1 / SLICES;
/** Ticks that are not listed follow each other within this time, s: see `tick` in protocol/wire.ts. */
const UNLISTED = 0.001;

export class Rates {
  readonly #ticks = new Float64Array(SLICES);
  readonly #busy = new Float64Array(SLICES);
  readonly #lag = new Float64Array(SLICES);
  /** Number of the newest slice: floor(time / SLICE). */
  #slice = 0;
  #began = NaN;

  /**
   * `count` ticks ran from `start` to `end` (loop time, s); work that was due waited `late` seconds for the first of them.
   * What falls due while a tick runs waits for its end: so a tick's length counts as lag too. Of several ticks in one
   * only the last, which is listed when it is long, can have been longer than a millisecond.
   */
  tick(start: number, end: number, late: number, count: number): void {
    if (Number.isNaN(this.#began)) this.#began = start;
    this.ticks(end, count);
    const at = this.#slice % SLICES;
    const lag = Math.max(late, end - start - (count > 1 ? UNLISTED : 0));
    if (lag > (this.#lag[at] ?? 0)) this.#lag[at] = lag;
    // A long tick fills the slices that it spans.
    let to = end;
    for (let back = 0; back < SLICES && to > start; back++) {
      const from = Math.max(start, (this.#slice - back) * SLICE);
      const slice = (this.#slice - back + SLICES * 2) % SLICES;
      if (to > from) this.#busy[slice] = (this.#busy[slice] ?? 0) + (to - from);
      to = from;
    }
  }

  /** `count` ticks of which nothing more is known had run by `end`. */
  ticks(end: number, count: number): void {
    if (Number.isNaN(this.#began)) this.#began = end;
    this.#advance(end);
    const at = this.#slice % SLICES;
    this.#ticks[at] = (this.#ticks[at] ?? 0) + count;
  }

  /** Figures over the second that ends at loop time `now`. */
  at(now: number): { readonly ticksPerSecond: number; readonly busy: number; readonly lag: number } {
    if (Number.isNaN(this.#began)) return { ticksPerSecond: 0, busy: 0, lag: 0 };
    this.#advance(now);
    let ticks = 0;
    let busy = 0;
    let lag = 0;
    for (let slice = 0; slice < SLICES; slice++) {
      ticks += this.#ticks[slice] ?? 0;
      busy += this.#busy[slice] ?? 0;
      lag = Math.max(lag, this.#lag[slice] ?? 0);
    }
    // The newest slice is not over: the window is that much shorter, and in a loop's first second shorter still.
    const window = Math.min((SLICES - 1) * SLICE + Math.max(0, now - this.#slice * SLICE), now - this.#began);
    const span = Math.max(window, SLICE);
    return { ticksPerSecond: ticks / span, busy: Math.min(1, busy / span), lag };
  }

  #advance(time: number): void {
    const slice = Math.floor(time / SLICE);
    if (!(slice > this.#slice)) return;
    const steps = Math.min(slice - this.#slice, SLICES);
    for (let step = 0; step < steps; step++) {
      const at = (slice - step) % SLICES;
      this.#ticks[at] = 0;
      this.#busy[at] = 0;
      this.#lag[at] = 0;
    }
    this.#slice = slice;
  }
}
