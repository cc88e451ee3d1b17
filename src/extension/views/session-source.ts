/**
 * What the sources of all views have in common: session rows where several are shown, loop rows where a session has
 * several loops, versions by revision, and an honest answer once a session is gone. Pure.
 */
import type { LoopRow } from '../../protocol/dap';
import type { ItemData } from '../present/item';
import { mutedIcon } from '../present/item';
import { signalName } from '../present/loops';
import { escaped, lines } from '../present/markdown';
import { counted, dotted, timeOfDay } from '../present/text';
import type { LiveSession } from '../sessions/live-session';
import type { SessionHub } from '../sessions/session-hub';
import type { Rows, RowSource } from './row-tree';
import type { LoopNode, ViewRow } from './rows';
import type { ViewState } from './view-state';

export const NOTHING: Rows<ViewRow> = { rows: [], total: 0 };

export abstract class SessionSource implements RowSource<ViewRow> {
  constructor(
    protected readonly hub: SessionHub,
    protected readonly state: ViewState,
  ) {}

  id(row: ViewRow): string {
    const own = this.idInSession(row);
    return own === '' ? row.session.id : `${row.session.id}/${own}`;
  }

  version(row: ViewRow | undefined): string {
    if (row) return `${this.optionsVersion()} ${row.session.version}`;
    return `${this.optionsVersion()} ${this.hub.shown.map((session) => `${session.id} ${session.version}`).join(' ')}`;
  }

  async children(parent: ViewRow | undefined, limit: number): Promise<Rows<ViewRow>> {
    if (parent === undefined) {
      const shown = this.hub.shown;
      const [only] = shown;
      if (!only) return NOTHING;
      if (shown.length === 1) return this.ofSession(only, limit);
      return { rows: shown.slice(0, limit).map((session) => ({ kind: 'session', session })), total: shown.length };
    }
    if (parent.kind === 'session') return this.ofSession(parent.session, limit);
    if (parent.session.phase === 'gone') throw new Error('The program has ended before this was looked at.');
    return this.below(parent, limit);
  }

  present(row: ViewRow, open: boolean): ItemData {
    return row.kind === 'session' ? presentSession(row.session, open) : this.presentRow(row, open);
  }

  tooltip(row: ViewRow): Promise<string> {
    return Promise.resolve(escaped(this.present(row, false).aria));
  }

  /** Figures for the view's title. */
  abstract summary(): string;

  /** Why there is less to see than one might expect; '' if there is no reason. */
  notice(): string {
    return '';
  }

  protected optionsVersion(): string {
    return '';
  }

  /** '' for the session itself. */
  protected abstract idInSession(row: ViewRow): string;
  protected abstract presentRow(row: ViewRow, open: boolean): ItemData;
  /** The rows of a session that has started. */
  protected abstract content(session: LiveSession, limit: number): Promise<Rows<ViewRow>>;
  protected abstract below(parent: ViewRow, limit: number): Promise<Rows<ViewRow>>;

  /** Time on the loop's clock, as the views tell it. */
  protected loopTime(session: LiveSession, loop: number): number | undefined {
    return session.loopTime(loop, this.state.now());
  }

  /** Loops that still have something to show; those that are closed are only of interest where all are listed. */
  protected async openLoops(session: LiveSession): Promise<readonly LoopRow[]> {
    const { rows } = await session.loops();
    return rows.filter((loop) => loop.state !== 'closed' && loop.state !== 'collected');
  }

  protected loopNodes(session: LiveSession, loops: readonly LoopRow[], limit: number): Rows<ViewRow> {
    const nodes = loops.slice(0, limit).map((loop): LoopNode => ({ kind: 'loop', session, loop }));
    return { rows: nodes, total: loops.length };
  }

  private async ofSession(session: LiveSession, limit: number): Promise<Rows<ViewRow>> {
    if (session.phase === 'starting') return NOTHING;
    if (session.phase === 'gone') {
      // Rejects, so that what was seen before stays; if nothing was, nothing is shown.
      if (session.knownLoops.length > 0) throw new Error('The program has ended before this was looked at.');
      return NOTHING;
    }
    return this.content(session, limit);
  }
}

/** How a session ended, in words; '' while it lives. */
export function endWords(session: LiveSession): string {
  if (!session.over) return '';
  const code = session.update?.process.exitCode;
  // As in Python's subprocess: below zero it is the signal that ended the process.
  const how =
    typeof code !== 'number'
      ? 'ended'
      : code < 0
        ? `was ended by ${signalName(-code)}`
        : `ended with exit code ${code}`;
  return session.endedAt === undefined ? how : `${how} at ${timeOfDay(session.endedAt)}`;
}

export function presentSession(session: LiveSession, open: boolean): ItemData {
  const process = session.update?.process;
  const tasks = open ? '' : counted(session.update?.liveTasks ?? 0, 'task');
  const words = session.over ? endWords(session) : session.phase === 'starting' ? 'starting' : tasks;
  const description = dotted(process && process.pid > 0 && `pid ${process.pid}`, words);
  const failed = session.over && (process?.exitCode ?? 0) !== 0;
  const icon = failed
    ? { id: 'error', color: 'errorForeground' }
    : session.over
      ? mutedIcon({ id: 'debug-stop' })
      : { id: 'debug-alt', color: 'charts.green' };
  return {
    label: session.name,
    description,
    icon,
    context: session.over ? 'session.ended' : 'session',
    aria: `Session ${session.name}, ${description}`,
    collapsible: 'expanded',
    tooltip: lines(
      `**${escaped(session.name)}**`,
      process && escaped(dotted(process.name, process.python && `Python ${process.python}`)),
      words,
      process?.notice && escaped(process.notice),
    ),
    muted: session.over,
  };
}
