/** Rows of the Loops view: loops, their lives and figures, and what their selectors watch. Pure. */
import type { ItemData } from '../present/item';
import { lifeSteps, loopFacts, presentFact, presentLife, presentLoop, presentRegistration } from '../present/loops';
import { counted } from '../present/text';
import type { LiveSession } from '../sessions/live-session';
import type { Rows } from './row-tree';
import type { ViewRow } from './rows';
import { NOTHING, SessionSource } from './session-source';

/** Up to so many loops are open at first. */
const OPEN_AT_FIRST = 2;

export class LoopsSource extends SessionSource {
  override summary(): string {
    const loops = this.hub.shown.reduce((sum, session) => sum + (session.update?.loops ?? 0), 0);
    return loops > 1 ? counted(loops, 'loop') : '';
  }

  protected override idInSession(row: ViewRow): string {
    switch (row.kind) {
      case 'loop':
        return `loop ${row.loop.loop}`;
      case 'life':
        return `loop ${row.loop.loop}/life ${row.step.key}`;
      case 'fact':
        return `loop ${row.loop.loop}/${row.fact.key}`;
      case 'registration':
        return `loop ${row.loop.loop}/fd ${row.row.fd} ${row.row.events}`;
      case 'session':
      case 'task':
      case 'ready':
      case 'timer':
        return '';
    }
  }

  protected override presentRow(row: ViewRow, open: boolean): ItemData {
    const { session } = row;
    switch (row.kind) {
      case 'loop': {
        const now = this.loopTime(session, row.loop.loop) ?? row.loop.time;
        const few = session.knownLoops.length <= OPEN_AT_FIRST;
        return presentLoop(row.loop, { now, over: session.over, expanded: few, open });
      }
      case 'life':
        return presentLife(row.loop, row.step, this.loopTime(session, row.loop.loop) ?? row.loop.time, session.over);
      case 'fact':
        return presentFact(row.loop, row.fact, this.loopTime(session, row.loop.loop) ?? row.loop.time, session.over);
      case 'registration':
        return presentRegistration(row.row, session.over);
      case 'session':
      case 'task':
      case 'ready':
      case 'timer':
        throw new Error(`the Loops view has no ${row.kind} rows`);
    }
  }

  protected override async content(session: LiveSession, limit: number): Promise<Rows<ViewRow>> {
    const page = await session.loops();
    // Those that live come first; among them, and among the others, the newest last, as they came.
    const alive = page.rows.filter((loop) => loop.state !== 'closed' && loop.state !== 'collected');
    const dead = page.rows.filter((loop) => !alive.includes(loop));
    return { rows: this.loopNodes(session, [...alive, ...dead], limit).rows, total: page.total };
  }

  protected override async below(parent: ViewRow, limit: number): Promise<Rows<ViewRow>> {
    const { session } = parent;
    switch (parent.kind) {
      case 'loop': {
        // The row may be older than the page: what stands below is of the newest one.
        const loop = (await session.loops()).rows.find((row) => row.loop === parent.loop.loop) ?? parent.loop;
        const life = lifeSteps(loop).map((step): ViewRow => ({ kind: 'life', session, loop, step }));
        const facts = loopFacts(loop).map((fact): ViewRow => ({ kind: 'fact', session, loop, fact }));
        return { rows: [...life, ...facts], total: life.length + facts.length };
      }
      case 'fact': {
        if (parent.fact.key !== 'watches') return NOTHING;
        const page = await session.request('loopscope/selector', { loop: parent.loop.loop });
        const rows = page.rows
          .slice(0, limit)
          .map((row): ViewRow => ({ kind: 'registration', session, loop: parent.loop, row }));
        return { rows, total: page.total };
      }
      case 'session':
      case 'life':
      case 'registration':
      case 'task':
      case 'ready':
      case 'timer':
        return NOTHING;
    }
  }
}
