/**
 * Takes the event log of a session over, line by line, and remembers where its lines lead. Pure: what it takes it hands
 * to a sink. What cannot be shown any more is counted in the log itself.
 */
import type { SourceSite } from '../../protocol/wire';
import { counted } from '../present/text';
import type { LiveSession } from '../sessions/live-session';

/** Lines in one answer. */
const PAGE = 500;
/** Sites remembered for links: those of the newest lines. */
export const MAX_SITES = 20_000;

export class LogFeed {
  private readonly positions = new Map<string, number>();
  private readonly sites = new Map<string, SourceSite>();
  private last: string | undefined;

  constructor(private readonly sink: (text: string) => void) {}

  /** Takes at most `limit` new lines. True: there are more. */
  async pull(session: LiveSession, limit: number): Promise<boolean> {
    for (let taken = 0; taken < limit;) {
      const after = this.positions.get(session.id) ?? 0;
      const wanted = Math.min(PAGE, limit - taken);
      const { lines, missed } = await session.request('loopscope/log', { after, limit: wanted });
      // Somebody else may have taken them while we waited.
      if ((this.positions.get(session.id) ?? 0) !== after) continue;
      const text = [
        ...this.heading(session),
        ...(missed > 0
          ? [`# ${counted(missed, 'line is', 'lines are')} not shown: they came faster than they could be kept`]
          : []),
        ...lines.map((line) => line.text),
      ];
      for (const line of lines) if (line.site) this.remember(line.text, line.site);
      const newest = lines.at(-1)?.sequence;
      if (newest !== undefined) this.positions.set(session.id, newest);
      if (lines.length > 0 || missed > 0) this.sink(text.map((line) => `${line}\n`).join(''));
      taken += lines.length;
      if (lines.length < wanted) return false;
    }
    return true;
  }

  /** Where that line of the log leads. */
  siteOf(line: string): SourceSite | undefined {
    return this.sites.get(line);
  }

  /** Forgets sessions that are no more. */
  keepOnly(sessions: ReadonlySet<string>): void {
    for (const id of [...this.positions.keys()]) if (!sessions.has(id)) this.positions.delete(id);
  }

  private heading(session: LiveSession): string[] {
    if (this.last === session.id) return [];
    this.last = session.id;
    const pid = session.update?.process.pid ?? 0;
    return [`# ${session.name}${pid > 0 ? `, process ${pid}` : ''}`];
  }

  private remember(line: string, site: SourceSite): void {
    this.sites.set(line, site);
    for (const oldest of this.sites.keys()) {
      if (this.sites.size <= MAX_SITES) break;
      this.sites.delete(oldest);
    }
  }
}

/** Where in a line of the log the place stands: its `file.py:12` at the end. */
export function placeInLine(line: string): { readonly start: number; readonly end: number } | undefined {
  const match = /(\S[^\t]*?:\d+)\s*$/.exec(line.slice(Math.max(0, line.lastIndexOf('  '))));
  if (!match?.[1]) return undefined;
  const start = line.lastIndexOf(match[1]);
  return { start, end: start + match[1].length };
}
