/**
 * What a person has chosen to see: how tasks are arranged, the filter, pins, and whether the views are paused. Pure.
 */
import { Emitter } from '../../common/emitter';
import type { TaskGroup, TaskSort, TaskTree } from '../../protocol/dap';
import type { Clock } from '../sessions/live-session';

export interface TaskChoice {
  readonly tree: TaskTree;
  readonly sort: TaskSort;
  readonly group: TaskGroup;
  readonly filter: string;
}

export class ViewState {
  private tasks: TaskChoice;
  private readonly pins = new Map<string, Set<number>>();
  /** Tasks that must be on the first page because a person wants to be led to them. */
  private readonly lit = new Map<string, readonly number[]>();
  private pinVersion = 0;
  private pausedSince: { readonly clock: number; readonly wall: number } | undefined;
  private readonly tasksChanged = new Emitter<void>();
  private readonly pauseChanged = new Emitter<boolean>();
  readonly onDidChangeTasks = this.tasksChanged.event;
  readonly onDidPause = this.pauseChanged.event;

  constructor(
    choice: TaskChoice,
    private readonly clock: Clock,
    private readonly wall: () => number,
  ) {
    this.tasks = choice;
  }

  get choice(): TaskChoice {
    return this.tasks;
  }

  choose(change: Partial<TaskChoice>): void {
    this.tasks = { ...this.tasks, ...change };
    this.tasksChanged.fire();
  }

  /** Changes when the same question about tasks would have another answer because of what a person chose. */
  get version(): string {
    const { tree, sort, group, filter } = this.tasks;
    return `${tree} ${sort} ${group} ${this.pinVersion} ${filter}`;
  }

  pin(session: string, task: number, pinned: boolean): void {
    const set = this.pins.get(session) ?? new Set<number>();
    if (pinned) set.add(task);
    else set.delete(task);
    this.pins.set(session, set);
    this.pinVersion += 1;
    this.tasksChanged.fire();
  }

  isPinned(session: string, task: number): boolean {
    return this.pins.get(session)?.has(task) ?? false;
  }

  /** The pinned tasks of a session, in the order in which they were pinned. */
  pinned(session: string): readonly number[] {
    return [...(this.pins.get(session) ?? [])];
  }

  /** Puts these tasks first among their siblings until others are lit. */
  light(session: string, tasks: readonly number[]): void {
    this.lit.set(session, tasks);
    this.pinVersion += 1;
    this.tasksChanged.fire();
  }

  /** Tasks to be put first: those pinned, and those lit. */
  first(session: string): readonly number[] {
    return [...new Set([...(this.pins.get(session) ?? []), ...(this.lit.get(session) ?? [])])];
  }

  /** Forgets what was said of sessions that are no more. */
  keepOnly(sessions: ReadonlySet<string>): void {
    for (const map of [this.pins, this.lit]) {
      for (const id of [...map.keys()]) if (!sessions.has(id)) map.delete(id);
    }
  }

  get paused(): boolean {
    return this.pausedSince !== undefined;
  }

  /** Seconds since the epoch. */
  get pausedAt(): number | undefined {
    return this.pausedSince?.wall;
  }

  pause(paused: boolean): void {
    if (paused === this.paused) return;
    this.pausedSince = paused ? { clock: this.clock(), wall: this.wall() } : undefined;
    this.pauseChanged.fire(paused);
  }

  /** The clock by which rows tell the time: it stands still while the views are paused. */
  now(): number {
    return this.pausedSince?.clock ?? this.clock();
  }
}
