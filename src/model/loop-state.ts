/**
 * What is known of one event loop beside its tasks: its life, where it is in its ticks, its rates, and the counts that
 * its row shows. Changed by apply.ts only.
 */
import { NumberMap } from '../common/number-map';
import type { LoopRow } from '../protocol/dap';
import type { LoopStop } from '../protocol/stepping';
import type { LoopTransition, RuntimeMessage, SourceSite } from '../protocol/wire';
import { Rates } from './rates';

export type LoopMessage = Extract<RuntimeMessage, { type: 'loop' }>;
type Life = LoopRow['life'][number];

/** Most entries kept of a loop's life: `runs` and `stopped` of the same place count up in one entry. */
const MOST_LIFE = 24;

const STATE_AFTER: Readonly<Record<LoopTransition, LoopRow['state'] | undefined>> = {
  created: 'created',
  setCurrent: undefined,
  runs: 'running',
  stopRequested: undefined,
  stopped: 'stopped',
  closed: 'closed',
  collected: 'collected',
};

export class LoopState {
  readonly number: number;
  /** Slot of each live task by its address. */
  readonly tasks = new NumberMap();
  readonly rates = new Rates();
  info: LoopMessage | undefined;
  state: LoopRow['state'] = 'created';
  life: Life[] = [];
  pendingAtClose = 0;

  /** Newest loop time seen in an event, and the same with the adapter's clock at that moment. */
  time = 0;
  heardAt = 0;
  tick = 0;
  tickStart = -1;
  late = 0;
  sleepUntil = -1;
  /** When the next timer is due, as far as the loop has said when it last went to sleep: what runs now says nothing of timers. */
  nextDue: number | null = null;
  ready = 0;
  timers = 0;
  dropped = 0;
  /** The handle that was last said to be slow while it ran: its subject, its task's id, and the string id of where it stood. */
  slowSubject = 0;
  slowTask = 0;
  slowSite = 0;
  listing = true;
  /** Nothing was ready when the newest batch was sent, and the loop was about to sleep. */
  quiet = false;
  /** Handles were counted and are listed again: which tasks are ready has to be asked. */
  unsettled = false;
  /** Until this loop time handles were counted: what a task did before is not known, but that it was created or ended. */
  countedUntil = -Infinity;

  /** The handle that runs: its start (-1: none) and, if it steps a task, that task's id. */
  handleStart = -1;
  handleSubject = 0;
  handleTask = 0;
  longest: { readonly duration: number; readonly text: string; readonly site: SourceSite | null } | null = null;

  /** Ids of tasks that ended since the last mark of time. */
  readonly justEnded: number[] = [];

  /** Where it is stopped before a handle; undefined while it runs. */
  stop: LoopStop | undefined;
  /** Seconds that its clock stood still, without the present stop. */
  frozenFor = 0;
  #haltedAt = 0;

  live = 0;
  ended = 0;
  /** Events of it that were heard, without its ticks: while this stays, nothing of the program has run. */
  heard = 0;
  readonly registrations = new Map<number, number>();
  executorCalls = 0;
  childProcesses = 0;
  readonly signals = new Set<number>();
  /** Events were lost, or tasks are older than our listening: what the runtime has must be asked for. */
  stale = true;

  constructor(number: number) {
    this.number = number;
  }

  /** One transition of its life. */
  transition(message: LoopMessage): void {
    this.info = message;
    this.state = STATE_AFTER[message.what] ?? this.state;
    if (message.what === 'closed') this.pendingAtClose = message.pending ?? 0;
    if (message.time > this.time) this.time = message.time;
    if (message.what === 'stopped' || message.what === 'closed') this.sleepUntil = -1;
    const { what, time, wall, call, site } = message;
    const same = this.life.findIndex(
      (entry) =>
        entry.what === what &&
        entry.call === call &&
        entry.site?.file === site?.file &&
        entry.site?.line === site?.line,
    );
    const times = same >= 0 ? (this.life[same]?.times ?? 0) + 1 : 1;
    if (same >= 0) this.life.splice(same, 1);
    this.life.push({ what, time, wall, call, site, times });
    if (this.life.length > MOST_LIFE) this.life.splice(1, 1);
  }

  /** It stands before a handle. `now`: the adapter's clock. */
  halts(stop: LoopStop, now: number): void {
    this.stop = stop;
    this.time = Math.max(this.time, stop.time);
    this.heardAt = now;
    this.#haltedAt = now;
    this.ready = stop.ready;
    this.sleepUntil = -1;
  }

  /** It goes on from where it stood. */
  goesOn(now: number): void {
    if (this.stop?.frozen) {
      this.frozenFor += now - this.#haltedAt;
      this.heardAt = now;
    }
    this.stop = undefined;
  }

  get sleeping(): boolean {
    return this.state === 'running' && this.sleepUntil >= 0;
  }

  /** Loop time now, where `now` is the adapter's clock: time passes while a loop that runs is silent. */
  timeAt(now: number): number {
    if (this.stop?.frozen) return this.time;
    return this.state === 'running' ? this.time + Math.max(0, now - this.heardAt) : this.time;
  }
}
