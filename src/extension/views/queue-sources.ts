/** Rows of the Ready Queue and of the Timers: pages that the runtime answers, true at the tick that they name. Pure. */
import { MAX_PAGE_ROWS, type LoopPage, type LoopRow } from '../../protocol/dap';
import type { ItemData } from '../present/item';
import { presentLoopOfQueue } from '../present/loops';
import { presentQueueRow, presentTimerRow } from '../present/queues';
import { count, dotted } from '../present/text';
import type { LiveSession } from '../sessions/live-session';
import type { Rows } from './row-tree';
import type { ViewRow } from './rows';
import { NOTHING, SessionSource } from './session-source';

export abstract class QueueSource extends SessionSource {
  /** By session and loop: why nothing is seen, and how long the queue was on the page. */
  private readonly notices = new Map<string, string>();
  private readonly lengths = new Map<string, number>();

  override notice(): string {
    const shown = new Set(this.hub.shown.map((session) => session.id));
    for (const map of [this.notices, this.lengths]) {
      for (const key of [...map.keys()]) if (!shown.has(key.split(' ')[0] ?? '')) map.delete(key);
    }
    return [...new Set(this.notices.values())].join(' ');
  }

  protected override presentRow(row: ViewRow, open: boolean): ItemData {
    const { session } = row;
    if (row.kind === 'loop') return presentLoopOfQueue(row.loop, this.lengthOf(row.loop), session.over, open);
    return this.presentHandle(row);
  }

  protected override async content(session: LiveSession, limit: number): Promise<Rows<ViewRow>> {
    const loops = await this.openLoops(session);
    const [only] = loops;
    for (const key of [...this.notices.keys()]) {
      if (key.startsWith(`${session.id} `) && !loops.some((loop) => key === `${session.id} ${loop.loop}`))
        this.notices.delete(key);
    }
    if (!only) return NOTHING;
    if (loops.length > 1) return this.loopNodes(session, loops, limit);
    return this.pages(session, only, limit);
  }

  protected override async below(parent: ViewRow, limit: number): Promise<Rows<ViewRow>> {
    return parent.kind === 'loop' ? this.pages(parent.session, parent.loop, limit) : NOTHING;
  }

  /** How many there are, by the pages that are shown where there are any: what the title says is what the rows say. */
  override summary(): string {
    if (this.hub.shown.length === 0) return '';
    const sum = this.hub.shown.reduce((total, session) => {
      const loops = session.knownLoops.filter((loop) => loop.state !== 'closed' && loop.state !== 'collected');
      const pages = loops.map((loop) => this.lengths.get(`${session.id} ${loop.loop}`) ?? this.lengthOf(loop));
      return total + pages.reduce((all, length) => all + length, 0);
    }, 0);
    return count(sum);
  }

  protected abstract lengthOf(loop: LoopRow): number;
  protected abstract presentHandle(row: ViewRow): ItemData;
  protected abstract ask(
    session: LiveSession,
    loop: number,
    offset: number,
    limit: number,
  ): Promise<LoopPage<unknown> & { nodes: readonly ViewRow[] }>;

  private async pages(session: LiveSession, { loop, hides }: LoopRow, limit: number): Promise<Rows<ViewRow>> {
    const rows: ViewRow[] = [];
    let total = 0;
    for (let offset = 0; offset < limit; offset += MAX_PAGE_ROWS) {
      const wanted = Math.min(MAX_PAGE_ROWS, limit - offset);
      const page = await this.ask(session, loop, offset, wanted);
      rows.push(...page.nodes);
      total = page.total;
      this.lengths.set(`${session.id} ${loop}`, total);
      const key = `${session.id} ${loop}`;
      // A loop that hides things may show nothing for that reason.
      const notice = page.notice === '' && total === 0 ? hides : page.notice;
      if (notice === '') this.notices.delete(key);
      else this.notices.set(key, notice);
      if (page.nodes.length < wanted) break;
    }
    return { rows, total };
  }
}

export class ReadySource extends QueueSource {
  protected override lengthOf(loop: LoopRow): number {
    return loop.ready;
  }

  protected override idInSession(row: ViewRow): string {
    if (row.kind === 'loop') return `loop ${row.loop.loop}`;
    return row.kind === 'ready' ? `loop ${row.loop}/${row.row.node}` : '';
  }

  protected override presentHandle(row: ViewRow): ItemData {
    if (row.kind !== 'ready') throw new Error(`the Ready Queue has no ${row.kind} rows`);
    return presentQueueRow(row.row, row.session.over);
  }

  protected override async ask(session: LiveSession, loop: number, offset: number, limit: number) {
    const page = await session.request('loopscope/ready', { loop, offset, limit });
    return { ...page, nodes: page.rows.map((row): ViewRow => ({ kind: 'ready', session, loop, row })) };
  }
}

export class TimersSource extends QueueSource {
  /** The title says it too when time stands still: no row changes then. */
  override summary(): string {
    const stands = this.hub.shown.some((session) => session.stops.some((stop) => stop.frozen));
    return dotted(super.summary(), stands && 'clock stands still');
  }

  protected override lengthOf(loop: LoopRow): number {
    return loop.timers;
  }

  protected override idInSession(row: ViewRow): string {
    if (row.kind === 'loop') return `loop ${row.loop.loop}`;
    return row.kind === 'timer' ? `loop ${row.loop}/${row.row.node}` : '';
  }

  protected override presentHandle(row: ViewRow): ItemData {
    if (row.kind !== 'timer') throw new Error(`the Timers view has no ${row.kind} rows`);
    return presentTimerRow(row.row, this.loopTime(row.session, row.loop), row.session.over);
  }

  protected override async ask(session: LiveSession, loop: number, offset: number, limit: number) {
    const page = await session.request('loopscope/timers', { loop, offset, limit });
    return { ...page, nodes: page.rows.map((row): ViewRow => ({ kind: 'timer', session, loop, row })) };
  }
}
