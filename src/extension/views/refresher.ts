/**
 * Decides when a view is brought up to date: only while somebody sees it, not while it is paused, never twice at once,
 * and not more often than the interval allows. Knows neither rows nor vscode; the timers are given.
 */

export interface Timers {
  /** Calls once after `ms`; the answer calls it off. */
  after(ms: number, work: () => void): () => void;
}

export interface RefresherHost {
  /** Milliseconds between two refreshes at least. */
  interval(): number;
  refresh(): Promise<void>;
  /** Texts that tell a passing time are due to be looked at. */
  tick(): void;
  failed(error: unknown): void;
}

/** Texts that tell a passing time are looked at this often, in ms. */
const TICK = 1000;

export class Refresher {
  private visible = false;
  private paused = false;
  private running = false;
  private wanted = false;
  private cancelNext: (() => void) | undefined;
  private cancelTick: (() => void) | undefined;
  private cancelHold: (() => void) | undefined;
  private ticking = false;
  private disposed = false;

  constructor(
    private readonly host: RefresherHost,
    private readonly timers: Timers,
  ) {}

  /** Something changed; the view is brought up to date as soon as that makes sense. */
  notify(): void {
    this.wanted = true;
    this.start();
  }

  setVisible(visible: boolean): void {
    this.visible = visible;
    this.start();
    this.schedule();
  }

  setPaused(paused: boolean): void {
    this.paused = paused;
    this.start();
    this.schedule();
  }

  /** Whether time passes in what is shown: false once nothing lives any more. */
  setTicking(ticking: boolean): void {
    this.ticking = ticking;
    this.schedule();
  }

  /** Somebody reads what is shown: nothing changes for `ms`, or until `release`. */
  hold(ms: number): void {
    this.cancelHold?.();
    this.cancelHold = this.timers.after(ms, () => this.release());
  }

  release(): void {
    this.cancelHold?.();
    this.cancelHold = undefined;
    this.start();
  }

  dispose(): void {
    this.disposed = true;
    this.visible = false;
    this.cancelNext?.();
    this.cancelTick?.();
    this.cancelHold?.();
  }

  private start(): void {
    if (!this.wanted || !this.visible || this.paused || this.running || this.cancelNext || this.cancelHold) return;
    this.wanted = false;
    this.running = true;
    this.host
      .refresh()
      .catch((error: unknown) => this.host.failed(error))
      .finally(() => {
        this.running = false;
        if (this.disposed) return;
        this.cancelNext = this.timers.after(this.host.interval(), () => {
          this.cancelNext = undefined;
          this.start();
        });
      });
  }

  private schedule(): void {
    const wanted = this.ticking && this.visible && !this.paused;
    if (!wanted) {
      this.cancelTick?.();
      this.cancelTick = undefined;
    } else {
      this.cancelTick ??= this.timers.after(TICK, () => {
        this.cancelTick = undefined;
        if (!this.cancelHold) this.host.tick();
        this.schedule();
      });
    }
  }
}
