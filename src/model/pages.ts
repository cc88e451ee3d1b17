/**
 * Pages of the task trees that the model knows by itself: by creator (equal subtrees folded), flat, and grouped. A page
 * is worked out when asked for, in time linear in the tasks looked at; nothing is sorted but the page. The awaits tree
 * is not here: only the runtime knows it.
 *
 * Node ids: `t5` task 5 · `f5:x` tasks of one shape under task 5 (0: at the root) · `n5` what has finished under it ·
 * `g:k` a group. A node that is gone has no children: that is not an error, views lag behind.
 */
import { NumberMap } from '../common/number-map';
import { type Compare, sortedPage } from '../common/select';
import type { FoldRow, PageOf, TaskNode, TasksArguments } from '../protocol/dap';
import type { TaskState } from '../protocol/wire';
import { matcher, type Matcher } from './filter';
import type { Names } from './names';
import type { Rows } from './rows';
import { isFoldable, shapeOf } from './shapes';
import type { States } from './states';
import type { StringTable } from './strings';
import { Flag, ROOT, STATE_NAMES, State, type TaskTable } from './task-table';

const NONE = -1;
/** From this many equal siblings on they become one row. */
export const FOLD_FROM = 3;

/** How a group's column is called in a node id. */
const GROUP_LETTERS = { none: 'c', coroutine: 'c', state: 's', site: 'l' } as const;

/** What the pages are made from. */
export interface PageSource {
  readonly tasks: TaskTable;
  readonly strings: StringTable;
  readonly names: Names;
  readonly states: States;
  readonly rows: Rows;
  readonly revision: number;
}

/** What is in a fold: counts by state, and the creation of its oldest. */
interface Fold {
  oldest: number;
  readonly states: Float64Array;
}

/** Which children of which task a filter leaves in the creator tree. */
interface Visible {
  readonly key: string;
  readonly marks: Uint8Array;
  readonly children: Int32Array;
}

/** Order of two slots in a sort: a total order, the older first among equals. */
export function compareBy(sort: TasksArguments['sort'], tasks: TaskTable, names: Names): Compare {
  const id = tasks.id;
  const older: Compare = (a, b) => (id[a] ?? 0) - (id[b] ?? 0);
  switch (sort) {
    case 'age':
      return older;
    case 'busy': {
      const busy = tasks.busy;
      return (a, b) => (busy[b] ?? 0) - (busy[a] ?? 0) || older(a, b);
    }
    case 'steps': {
      const steps = tasks.steps;
      return (a, b) => (steps[b] ?? 0) - (steps[a] ?? 0) || older(a, b);
    }
    case 'name': {
      const { prefix, number } = tasks;
      return (a, b) => names.compare(prefix[a] ?? 0, number[a] ?? 0, prefix[b] ?? 0, number[b] ?? 0) || older(a, b);
    }
  }
}

export class TaskPages {
  readonly #source: PageSource;
  #visible: Visible | undefined;

  constructor(source: PageSource) {
    this.#source = source;
  }

  /** The page asked for. `tree: 'awaits'` is answered as `flat`: its roots are chosen by the caller. */
  page(args: TasksArguments): PageOf<TaskNode> {
    const parent = args.parent ?? '';
    if (args.group !== 'none' && parent === '') return this.#groups(args);
    const kind = parent.charAt(0);
    const [head = '', tail = ''] = parent.slice(1).split(':');
    if (kind === 'g') return this.#flat(args, this.#inGroup(tail));
    if (args.tree !== 'creator') return parent === '' ? this.#flat(args, undefined) : this.#empty(args);
    if (parent === '') return this.#children(args, ROOT);
    const slot = head === '0' ? ROOT : this.#source.tasks.slotOf(Number(head));
    if (slot < 0) return this.#empty(args);
    if (kind === 't') return this.#children(args, slot);
    if (kind === 'f') return this.#members(args, slot, parseInt(tail, 36));
    return this.#empty(args);
  }

  /** Slots of one page of all tasks that pass, in the order asked for, and how many there are. */
  select(
    args: TasksArguments,
    extra: Matcher | undefined,
  ): { readonly slots: readonly number[]; readonly total: number } {
    const { tasks } = this.#source;
    const match = matcher(args.filter, this.#source);
    const list = new Int32Array(tasks.top);
    let count = 0;
    for (let slot = 1; slot < tasks.top; slot++) {
      if (!this.#listed(slot, args.loop)) continue;
      if (extra && !extra(slot)) continue;
      if (match && !match(slot)) continue;
      list[count++] = slot;
    }
    return { slots: this.#pinnedPage(list, count, args, (unit) => unit), total: count };
  }

  #empty(args: TasksArguments): PageOf<TaskNode> {
    return { revision: this.#source.revision, total: 0, offset: args.offset, rows: [] };
  }

  /** Whether a slot holds a task that lists show: one that is kept only for what it made is in the creator tree alone. */
  #listed(slot: number, loop: number | undefined): boolean {
    const { state, flags } = this.#source.tasks;
    return state[slot] !== State.free && ((flags[slot] ?? 0) & Flag.ghost) === 0 && this.#shown(slot, loop);
  }

  #shown(slot: number, loop: number | undefined): boolean {
    return loop === undefined || this.#source.tasks.loop[slot] === loop;
  }

  #flat(args: TasksArguments, extra: Matcher | undefined): PageOf<TaskNode> {
    const { slots, total } = this.select(args, extra);
    const { rows, tasks } = this.#source;
    const result: TaskNode[] = slots.map((slot) => rows.task(slot, `t${tasks.id[slot] ?? 0}`, 0));
    const finished = extra || args.filter.trim() !== '' ? 0 : tasks.folded(args.loop);
    return this.#withFinished(args, result, total, ROOT, finished);
  }

  /** The children of a task in the creator tree, equal ones folded, the finished last as a count. */
  #children(args: TasksArguments, parent: number): PageOf<TaskNode> {
    const { tasks, names, rows } = this.#source;
    const visible = this.#marks(args);
    const compare = compareBy(args.sort, tasks, names);
    const pinned = new Set(args.pinned);
    const most = tasks.children[parent] ?? 0;
    const slots = new Int32Array(most);
    const groupOf = new Int32Array(most);
    const groups = new NumberMap();
    const sizes: number[] = [];
    const best: number[] = [];
    let count = 0;
    for (let slot = tasks.first[parent] ?? NONE; slot !== NONE; slot = tasks.next[slot] ?? NONE) {
      if (!this.#shown(slot, args.loop) || (visible && !visible.marks[slot])) continue;
      slots[count] = slot;
      let group = NONE;
      if (!visible && isFoldable(tasks, slot) && !(pinned.size > 0 && pinned.has(tasks.id[slot] ?? 0))) {
        const shape = shapeOf(tasks, slot);
        group = groups.get(shape);
        if (group < 0) {
          group = sizes.length;
          groups.set(shape, group);
          sizes.push(0);
          best.push(slot);
        }
        sizes[group] = (sizes[group] ?? 0) + 1;
        if (compare(slot, best[group] ?? slot) < 0) best[group] = slot;
      }
      groupOf[count++] = group;
    }
    // A unit is a slot, or minus the number of a fold; a fold stands where its first member would.
    const units = new Int32Array(count);
    const placed = new Uint8Array(sizes.length);
    let total = 0;
    for (let at = 0; at < count; at++) {
      const group = groupOf[at] ?? NONE;
      if (group >= 0 && (sizes[group] ?? 0) >= FOLD_FROM) {
        if (placed[group] === 1) continue;
        placed[group] = 1;
        units[total++] = -(group + 1);
      } else {
        units[total++] = slots[at] ?? 0;
      }
    }
    const page = this.#pinnedPage(units, total, args, (unit) => (unit < 0 ? (best[-unit - 1] ?? 0) : unit));
    const folds = this.#folds(page, slots, groupOf, count);
    const result: TaskNode[] = page.map((unit) => {
      const fold = folds.get(unit);
      if (fold) return this.#foldRow(parent, best[-unit - 1] ?? 0, sizes[-unit - 1] ?? 0, fold);
      const children = visible ? (visible.children[unit] ?? 0) : this.#childRows(unit);
      return rows.task(unit, `t${tasks.id[unit] ?? 0}`, children);
    });
    const finished = visible
      ? 0
      : parent === ROOT
        ? tasks.finishedAtRoot(args.loop)
        : (tasks.finishedChildren[parent] ?? 0);
    return this.#withFinished(args, result, total, parent, finished);
  }

  /** The page of `rows`, with the count of what has finished as the last row of all. */
  #withFinished(
    args: TasksArguments,
    rows: TaskNode[],
    total: number,
    parent: number,
    count: number,
  ): PageOf<TaskNode> {
    const { revision, tasks } = this.#source;
    if (count === 0) return { revision, total, offset: args.offset, rows };
    if (args.offset <= total && rows.length < args.limit) {
      const node = `n${tasks.id[parent] ?? 0}`;
      rows.push({ kind: 'finished', node, text: 'finished', count, children: 0, oldest: 0, states: {} });
    }
    return { revision, total: total + 1, offset: args.offset, rows };
  }

  /** The tasks of one shape under a task. */
  #members(args: TasksArguments, parent: number, shape: number): PageOf<TaskNode> {
    const { tasks, rows } = this.#source;
    const pinned = new Set(args.pinned);
    const list = new Int32Array(tasks.children[parent] ?? 0);
    let count = 0;
    for (let slot = tasks.first[parent] ?? NONE; slot !== NONE; slot = tasks.next[slot] ?? NONE) {
      if (!this.#shown(slot, args.loop) || pinned.has(tasks.id[slot] ?? 0)) continue;
      if (isFoldable(tasks, slot) && shapeOf(tasks, slot) === shape) list[count++] = slot;
    }
    const page = this.#pinnedPage(list, count, args, (unit) => unit);
    return {
      revision: this.#source.revision,
      total: count,
      offset: args.offset,
      rows: page.map((slot) => rows.task(slot, `t${tasks.id[slot] ?? 0}`, this.#childRows(slot))),
    };
  }

  /** Whether a task has rows under it: the exact number only costs when it is expanded. */
  #childRows(slot: number): number {
    const { tasks } = this.#source;
    return (tasks.children[slot] ?? 0) + ((tasks.finishedChildren[slot] ?? 0) > 0 ? 1 : 0);
  }

  /** What is in the folds of a page, in one pass over the children. */
  #folds(page: readonly number[], slots: Int32Array, groupOf: Int32Array, count: number): Map<number, Fold> {
    const { tasks } = this.#source;
    const folds = new Map<number, Fold>();
    for (const unit of page)
      if (unit < 0) folds.set(unit, { oldest: Infinity, states: new Float64Array(STATE_NAMES.length) });
    if (folds.size === 0) return folds;
    for (let at = 0; at < count; at++) {
      const fold = folds.get(-((groupOf[at] ?? NONE) + 1));
      if (!fold) continue;
      const slot = slots[at] ?? 0;
      const state = this.#source.states.of(slot);
      fold.states[state] = (fold.states[state] ?? 0) + 1;
      fold.oldest = Math.min(fold.oldest, tasks.created[slot] ?? Infinity);
    }
    return folds;
  }

  #foldRow(parent: number, sample: number, count: number, fold: Fold): FoldRow {
    const { tasks, strings } = this.#source;
    return {
      kind: 'fold',
      node: `f${tasks.id[parent] ?? 0}:${shapeOf(tasks, sample).toString(36)}`,
      text: strings.described(tasks.coroutine[sample] ?? 0).text,
      count,
      children: count,
      oldest: fold.oldest,
      states: stateCounts(fold.states),
    };
  }

  #groups(args: TasksArguments): PageOf<TaskNode> {
    const { tasks } = this.#source;
    const match = matcher(args.filter, this.#source);
    const keyOf = this.#groupKey(args.group);
    const groups = new NumberMap();
    const keys: number[] = [];
    const counts: number[] = [];
    const sums: number[] = [];
    const oldest: number[] = [];
    const states: Float64Array[] = [];
    const column = args.sort === 'busy' ? tasks.busy : tasks.steps;
    for (let slot = 1; slot < tasks.top; slot++) {
      const state = this.#source.states.of(slot);
      if (!this.#listed(slot, args.loop) || (match && !match(slot))) continue;
      const key = keyOf(slot);
      let group = groups.get(key);
      if (group < 0) {
        group = keys.length;
        groups.set(key, group);
        keys.push(key);
        counts.push(0);
        sums.push(0);
        oldest.push(Infinity);
        states.push(new Float64Array(STATE_NAMES.length));
      }
      counts[group] = (counts[group] ?? 0) + 1;
      sums[group] = (sums[group] ?? 0) + (column[slot] ?? 0);
      const created = tasks.created[slot] ?? 0;
      if (created < (oldest[group] ?? 0)) oldest[group] = created;
      const inState = states[group];
      if (inState) inState[state] = (inState[state] ?? 0) + 1;
    }
    const text = (group: number): string => this.#groupText(args.group, keys[group] ?? 0);
    const order = keys.map((_, group) => group);
    const byKey: Compare = (a, b) => (keys[a] ?? 0) - (keys[b] ?? 0);
    if (args.sort === 'name') {
      const texts = order.map(text);
      order.sort((a, b) => compareTexts(texts[a] ?? '', texts[b] ?? '') || byKey(a, b));
    } else if (args.sort === 'age') order.sort((a, b) => (oldest[a] ?? 0) - (oldest[b] ?? 0) || byKey(a, b));
    else order.sort((a, b) => (sums[b] ?? 0) - (sums[a] ?? 0) || byKey(a, b));
    return {
      revision: this.#source.revision,
      total: order.length,
      offset: args.offset,
      rows: order.slice(args.offset, args.offset + args.limit).map((group) => ({
        kind: 'group',
        node: `g:${GROUP_LETTERS[args.group]}${keys[group] ?? 0}`,
        text: text(group),
        count: counts[group] ?? 0,
        children: counts[group] ?? 0,
        oldest: Number.isFinite(oldest[group]) ? (oldest[group] ?? 0) : 0,
        states: stateCounts(states[group] ?? new Float64Array(0)),
      })),
    };
  }

  #groupKey(group: TasksArguments['group']): (slot: number) => number {
    const { coroutine, site } = this.#source.tasks;
    switch (group) {
      case 'state':
        return (slot) => this.#source.states.of(slot);
      case 'site':
        return (slot) => site[slot] ?? 0;
      case 'coroutine':
      case 'none':
        return (slot) => coroutine[slot] ?? 0;
    }
  }

  #groupText(group: TasksArguments['group'], key: number): string {
    const { strings } = this.#source;
    switch (group) {
      case 'state':
        return STATE_NAMES[key] ?? '';
      case 'site': {
        const site = strings.site(key);
        return site ? `${site.file.replace(/^.*[\\/]/, '')}:${site.line}` : 'creation not captured';
      }
      case 'coroutine':
      case 'none':
        return strings.described(key).text || 'unknown coroutine';
    }
  }

  #inGroup(tail: string): Matcher {
    const letter = tail.charAt(0);
    const key = Number(tail.slice(1));
    const keyOf = this.#groupKey(letter === 's' ? 'state' : letter === 'l' ? 'site' : 'coroutine');
    return (slot) => keyOf(slot) === key;
  }

  /** The page of `units` with the pinned first; `slotOf` gives the slot by which a unit is sorted. */
  #pinnedPage(
    units: Int32Array,
    count: number,
    args: TasksArguments,
    slotOf: (unit: number) => number,
  ): readonly number[] {
    const { tasks, names } = this.#source;
    const bySlot = compareBy(args.sort, tasks, names);
    const compare: Compare = (a, b) => bySlot(slotOf(a), slotOf(b));
    const pinned = new Set(args.pinned);
    const first: number[] = [];
    let rest = count;
    if (pinned.size > 0) {
      rest = 0;
      for (let at = 0; at < count; at++) {
        const unit = units[at] ?? 0;
        if (unit > 0 && pinned.has(tasks.id[unit] ?? 0)) first.push(unit);
        else units[rest++] = unit;
      }
      first.sort(compare);
    }
    const head = first.slice(args.offset, args.offset + args.limit);
    const offset = Math.max(0, args.offset - first.length);
    return [...head, ...sortedPage(units, rest, offset, args.limit - head.length, compare)];
  }

  /** Under a filter the creator tree keeps what matches and the way to it. */
  #marks(args: TasksArguments): Visible | undefined {
    const { tasks, revision } = this.#source;
    const match = matcher(args.filter, this.#source);
    if (!match) return undefined;
    const key = `${revision} ${args.loop ?? ''} ${args.filter}`;
    if (this.#visible?.key === key) return this.#visible;
    const marks = new Uint8Array(tasks.top);
    const children = new Int32Array(tasks.top);
    for (let slot = 1; slot < tasks.top; slot++) {
      if (!this.#listed(slot, args.loop) || !match(slot)) continue;
      for (let at = slot; at !== ROOT && marks[at] === 0;) {
        marks[at] = 1;
        at = tasks.parent[at] ?? ROOT;
        children[at] = (children[at] ?? 0) + 1;
      }
    }
    this.#visible = { key, marks, children };
    return this.#visible;
  }
}

function stateCounts(counts: Float64Array): Partial<Record<TaskState, number>> {
  const result: Partial<Record<TaskState, number>> = {};
  counts.forEach((count, state) => {
    const name = STATE_NAMES[state];
    if (count > 0 && name) result[name] = count;
  });
  return result;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
