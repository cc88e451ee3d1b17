/**
 * The sessions there are, and which of them the views show: the one chosen in the debug toolbar, or all. Sessions that
 * have ended stay until the next one starts, so that a crash can be looked at. Knows no vscode.
 */
import { Emitter } from '../../common/emitter';
import type { UpdateEvent } from '../../protocol/dap';
import type { StoppedEvent } from '../../protocol/stepping';
import { LiveSession, type Clock, type SessionPort } from './live-session';

export class SessionHub {
  private readonly sessions = new Map<string, LiveSession>();
  private chosen: string | undefined;
  private all = false;
  private readonly changed = new Emitter<LiveSession>();
  private readonly choiceChanged = new Emitter<void>();
  private readonly ended = new Emitter<LiveSession>();
  private readonly stopped = new Emitter<{ readonly session: LiveSession; readonly stop: StoppedEvent }>();
  /** Something happened in that session. */
  readonly onDidChange = this.changed.event;
  /** Which sessions are shown has changed. */
  readonly onDidChangeShown = this.choiceChanged.event;
  /** The program of that session has ended; it can be asked once more. */
  readonly onDidEnd = this.ended.event;

  /** A loop of that session was stopped before a handle. */
  readonly onDidStop = this.stopped.event;

  constructor(
    private readonly clock: Clock,
    private readonly wall: () => number,
  ) {}

  /** A debug session started. Those that have ended go. */
  add(port: SessionPort): LiveSession {
    const known = this.sessions.get(port.id);
    if (known) return known;
    for (const session of [...this.sessions.values()]) {
      // A session that still runs below an ended one keeps its parent's name, nothing more: the parent may go.
      if (session.over) this.sessions.delete(session.id);
    }
    const session = new LiveSession(port, this.clock);
    this.sessions.set(port.id, session);
    session.onDidChange((which) => this.changed.fire(which));
    if (this.chosen === undefined || !this.sessions.has(this.chosen)) this.chosen = port.id;
    this.choiceChanged.fire();
    return session;
  }

  accept(id: string, update: UpdateEvent): void {
    const session = this.sessions.get(id);
    if (!session) return;
    const before = session.phase;
    session.accept(update, this.wall());
    if (before !== session.phase && session.phase === 'ended') this.ended.fire(session);
  }

  /** A loop was stopped before a handle. */
  stop(id: string, stop: StoppedEvent): void {
    const session = this.sessions.get(id);
    if (!session) return;
    session.stop(stop);
    this.stopped.fire({ session, stop });
  }

  /** A loop goes on. */
  resume(id: string, loop: number): void {
    this.sessions.get(id)?.resume(loop);
  }

  /** The debug session is gone. What was seen of it stays. */
  close(id: string): void {
    const session = this.sessions.get(id);
    if (!session) return;
    session.close(this.wall());
    if (this.chosen === id) {
      const alive = [...this.sessions.values()].find((other) => !other.over);
      if (alive) this.choose(alive.id);
    }
  }

  /** The debug toolbar's choice; a session that is none of ours changes nothing. */
  choose(id: string | undefined): void {
    if (id === undefined || !this.sessions.has(id) || id === this.chosen) return;
    this.chosen = id;
    this.choiceChanged.fire();
  }

  get showsAll(): boolean {
    return this.all;
  }

  set showsAll(all: boolean) {
    if (all === this.all) return;
    this.all = all;
    this.choiceChanged.fire();
  }

  get(id: string): LiveSession | undefined {
    return this.sessions.get(id);
  }

  get every(): readonly LiveSession[] {
    return [...this.sessions.values()];
  }

  /** Those whose state the views show, in the order in which they started. */
  get shown(): readonly LiveSession[] {
    if (this.all) return this.every;
    const one = this.current;
    return one ? [one] : [];
  }

  /** The one chosen. */
  get current(): LiveSession | undefined {
    return this.chosen === undefined ? undefined : this.sessions.get(this.chosen);
  }
}
