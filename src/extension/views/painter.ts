/**
 * Decides when changed nodes are drawn again. A row on its own is drawn at once. A row with others open below it, or
 * the whole view, makes VS Code draw all of them anew, which takes an open tooltip away and moves what is being read:
 * that is done seldom, and not at all while somebody reads. Knows no rows and no vscode; the timers are given.
 */
import type { Timers } from './refresher';

export interface PainterHost<Node> {
  /** Draws these nodes and what is below them; undefined: everything. */
  draw(nodes: readonly Node[] | undefined): void;
  /** True if others are open below it, so that they would be drawn too. */
  isHead(node: Node): boolean;
  /** Milliseconds between two drawings of heads at least. */
  gap(): number;
}

export class Painter<Node> {
  private readonly pending = new Set<Node>();
  private everything = false;
  private frozen = false;
  private resting: (() => void) | undefined;
  private held: (() => void) | undefined;

  constructor(
    private readonly host: PainterHost<Node>,
    private readonly timers: Timers,
  ) {}

  paint(changes: 'all' | readonly Node[]): void {
    if (changes === 'all') this.everything = true;
    else for (const node of changes) this.pending.add(node);
    this.flush();
  }

  /** A person waits for this one: drawn now. */
  paintNow(node: Node | undefined): void {
    if (node) this.pending.delete(node);
    this.host.draw(node ? [node] : undefined);
  }

  /** Somebody reads: nothing is drawn for `ms`, or until `release`. */
  hold(ms: number): void {
    this.held?.();
    this.held = this.timers.after(ms, () => this.release());
  }

  release(): void {
    this.held?.();
    this.held = undefined;
    this.flush();
  }

  /** Nothing will change after what is pending: it is drawn without a pause for the reader's eye. */
  settle(): void {
    this.resting?.();
    this.resting = undefined;
    this.flush();
  }

  /** While frozen nothing is drawn but what a person asked for. */
  freeze(frozen: boolean): void {
    this.frozen = frozen;
    this.flush();
  }

  dispose(): void {
    this.resting?.();
    this.held?.();
  }

  private flush(): void {
    if (this.held || this.frozen) return;
    const heads = [...this.pending].filter((node) => this.host.isHead(node));
    if (this.resting && (this.everything || heads.length > 0)) {
      const rows = [...this.pending].filter((node) => !heads.includes(node));
      for (const node of rows) this.pending.delete(node);
      if (rows.length > 0) this.host.draw(rows);
      return;
    }
    if (!this.everything && this.pending.size === 0) return;
    const nodes = this.everything ? undefined : [...this.pending];
    const heavy = this.everything || heads.length > 0;
    this.pending.clear();
    this.everything = false;
    this.host.draw(nodes);
    if (heavy && this.host.gap() > 0) {
      this.resting = this.timers.after(this.host.gap(), () => {
        this.resting = undefined;
        this.flush();
      });
    }
  }
}
