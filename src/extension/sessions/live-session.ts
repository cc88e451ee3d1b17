/**
 * One debug session as the views see it: its newest totals, its loops, the loop clock, and a gate through which all
 * requests go. Knows nothing of vscode (a SessionPort stands for the debug session) and nothing of rows.
 */
import { Emitter } from '../../common/emitter';
import { Limiter } from '../../common/limiter';
import type { CustomCommand, CustomRequests, LoopRow, PageOf, UpdateEvent } from '../../protocol/dap';
import type { StoppedEvent } from '../../protocol/stepping';

/** How a session is reached. `request` rejects when the adapter says no or is gone. */
export interface SessionPort {
  readonly id: string;
  readonly name: string;
  /** Id of the session that started this one, if one did. */
  readonly parent: string | undefined;
  request<C extends CustomCommand>(command: C, args: CustomRequests[C][0]): Promise<CustomRequests[C][1]>;
}

/** Seconds that only go forward. */
export type Clock = () => number;

/** `ended`: the program has ended, a last look can be taken; `gone`: nobody answers any more. */
export type SessionPhase = 'starting' | 'live' | 'ended' | 'gone';

/** Requests of one session under way at once. */
export const MAX_IN_FLIGHT = 4;

interface LoopsSeen {
  readonly page: PageOf<LoopRow>;
  /** Clock when the page arrived. */
  readonly at: number;
  readonly version: string;
}

export class LiveSession {
  readonly id: string;
  readonly name: string;
  readonly parent: string | undefined;
  private readonly gate = new Limiter(MAX_IN_FLIGHT);
  private readonly changed = new Emitter<LiveSession>();
  readonly onDidChange = this.changed.event;
  private current: UpdateEvent | undefined;
  private state: SessionPhase = 'starting';
  private seen: LoopsSeen | undefined;
  private asking: { readonly version: string; readonly loops: Promise<PageOf<LoopRow>> } | undefined;
  private stoppedAt: number | undefined;
  private endWall: number | undefined;
  private readonly saved = new Map<'json' | 'markdown', string>();
  /** By loop: where it is stopped. */
  private readonly stopped = new Map<number, StoppedEvent>();
  private stopsSeen = 0;

  constructor(
    private readonly port: SessionPort,
    private readonly clock: Clock,
  ) {
    this.id = port.id;
    this.name = port.name;
    this.parent = port.parent;
  }

  get phase(): SessionPhase {
    return this.state;
  }

  /** Newest totals; undefined until the first update. */
  get update(): UpdateEvent | undefined {
    return this.current;
  }

  /** True once the program has ended: what is shown is the last state. */
  get over(): boolean {
    return this.state === 'ended' || this.state === 'gone';
  }

  /** Seconds since the epoch when the end was learnt. */
  get endedAt(): number | undefined {
    return this.endWall;
  }

  /** Changes whenever a page asked now could differ from one asked before. */
  get version(): string {
    return `${this.current?.revision ?? -1}${this.over ? ' over' : ` ${this.state}`} ${this.stopsSeen}`;
  }

  /** Loops that are stopped before a handle, the one that was stopped last first. */
  get stops(): readonly StoppedEvent[] {
    return this.over ? [] : [...this.stopped.values()].reverse();
  }

  /** Where that loop is stopped; undefined while it runs. */
  stopOf(loop: number): StoppedEvent | undefined {
    return this.over ? undefined : this.stopped.get(loop);
  }

  /** A loop was stopped before a handle. */
  stop(event: StoppedEvent): void {
    this.stopped.delete(event.loop);
    this.stopped.set(event.loop, event);
    this.stopsSeen += 1;
    this.changed.fire(this);
  }

  /** A loop goes on. */
  resume(loop: number): void {
    if (!this.stopped.delete(loop)) return;
    this.stopsSeen += 1;
    this.changed.fire(this);
  }

  /** An update arrived. Older ones than the newest are ignored: they tell nothing new. */
  accept(update: UpdateEvent, wall: number): void {
    if (this.state === 'gone') return;
    const { phase, pid } = update.process;
    const same = this.current?.process.pid === pid || this.current?.process.pid === 0;
    if (this.current !== undefined && same && update.revision < this.current.revision) return;
    this.current = update;
    if (phase === 'ended') {
      this.end('ended', wall);
    } else {
      if (this.state === 'ended') this.revive();
      if (phase === 'connected') this.state = 'live';
    }
    this.changed.fire(this);
  }

  /** The debug session is gone; nothing will be asked any more. */
  close(wall: number): void {
    if (this.state === 'gone') return;
    this.end('gone', wall);
    this.changed.fire(this);
  }

  /** Asks the adapter, at most MAX_IN_FLIGHT at once. Rejects at once when the session is gone. */
  async request<C extends CustomCommand>(command: C, args: CustomRequests[C][0]): Promise<CustomRequests[C][1]> {
    return this.gate.run(async () => {
      if (this.state === 'gone') throw new SessionGone(this.name);
      return this.port.request(command, args);
    });
  }

  /** The loops at this revision: asked once, however many views want them. The last known ones once it is gone. */
  async loops(): Promise<PageOf<LoopRow>> {
    const version = this.version;
    if (this.seen && (this.seen.version === version || this.state === 'gone')) return this.seen.page;
    if (this.asking?.version === version) return this.asking.loops;
    const loops = this.request('loopscope/loops', {}).then((page) => {
      this.seen = { page, at: this.clock(), version };
      return page;
    });
    const asking = { version, loops };
    this.asking = asking;
    try {
      return await loops;
    } finally {
      if (this.asking === asking) this.asking = undefined;
    }
  }

  /** Loops as last seen, without asking. */
  get knownLoops(): readonly LoopRow[] {
    return this.seen?.page.rows ?? [];
  }

  /** Time on a loop's own clock now, in seconds; undefined if the loop was never seen. Stands still once it is over. */
  loopTime(loop: number, clock: number = this.clock()): number | undefined {
    const row = this.seen?.page.rows.find((candidate) => candidate.loop === loop);
    if (!row || !this.seen) return undefined;
    if (row.state === 'closed' || row.state === 'collected') return row.time;
    const stop = this.stopOf(loop);
    if (stop?.frozen) return stop.time;
    return row.time + Math.max(0, Math.min(clock, this.stoppedAt ?? Infinity) - this.seen.at);
  }

  /** Keeps the whole state for bug reports made after the end, and lets the adapter go. Never rejects. */
  async farewell(): Promise<void> {
    const take = async (format: 'json' | 'markdown'): Promise<void> => {
      this.saved.set(format, (await this.request('loopscope/snapshot', { format })).text);
    };
    await Promise.allSettled([take('json'), take('markdown')]);
    await this.request('loopscope/seen', {}).catch(() => undefined);
  }

  /** The whole state as text. After the end: as it was then. */
  async snapshot(format: 'json' | 'markdown'): Promise<string> {
    const kept = this.saved.get(format);
    if (kept !== undefined) return kept;
    return (await this.request('loopscope/snapshot', { format })).text;
  }

  /** The program was restarted within the session. */
  private revive(): void {
    this.state = 'starting';
    this.stoppedAt = undefined;
    this.endWall = undefined;
    this.saved.clear();
    this.stopped.clear();
  }

  private end(phase: 'ended' | 'gone', wall: number): void {
    this.state = phase;
    this.stoppedAt ??= this.clock();
    this.endWall ??= wall;
  }
}

/** A question to a session that has ended. */
export class SessionGone extends Error {
  constructor(name: string) {
    super(`${name} has ended; start it again to ask it.`);
    this.name = 'SessionGone';
  }
}
