/** A progress bar on a terminal's standard error; nothing where that is no terminal, or the work is done soon. */
import type { WriteStream } from 'node:tty';

const SHOW_AFTER_MS = 300;
const REDRAW_MS = 80;
const WIDTH = 30;

export class ProgressBar {
  private done = 0;
  private readonly began = Date.now();
  private drawnAt = 0;

  constructor(
    private readonly total: number,
    private readonly stream: WriteStream & { readonly isTTY?: boolean },
  ) {}

  /** One more file is done. */
  step(): void {
    this.done++;
    const now = Date.now();
    if (!this.stream.isTTY || now - this.began < SHOW_AFTER_MS || now - this.drawnAt < REDRAW_MS) return;
    this.drawnAt = now;
    const full = Math.round((WIDTH * this.done) / this.total);
    const bar = `${'━'.repeat(full)}${'╌'.repeat(WIDTH - full)}`;
    this.stream.write(`\r\u001b[K${bar} ${this.done} of ${this.total} files`);
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.drawnAt > 0) this.stream.write('\r\u001b[K');
  }
}
