/**
 * One task as a row: what the model knows of it by itself. What it waits for and the line it is suspended on are the
 * runtime's to say; such fields are empty here and filled by the adapter from a description.
 */
import type { TaskRow } from '../protocol/dap';
import type { Names } from './names';
import type { States } from './states';
import type { StringTable } from './strings';
import { STATE_NAMES, type TaskTable } from './task-table';

/** Makes rows of the tasks in a table. */
export class Rows {
  readonly #tasks: TaskTable;
  readonly #states: States;
  readonly #strings: StringTable;
  readonly #names: Names;

  constructor(tasks: TaskTable, strings: StringTable, names: Names, states: States) {
    this.#tasks = tasks;
    this.#states = states;
    this.#strings = strings;
    this.#names = names;
  }

  /** The row of the task in `slot`; `node` and `children` depend on the tree that it is shown in. */
  task(slot: number, node: string, children: number): TaskRow {
    const tasks = this.#tasks;
    const coroutine = this.#strings.described(tasks.coroutine[slot] ?? 0);
    const createdBy = tasks.createdBy[slot] ?? 0;
    return {
      kind: 'task',
      node,
      task: tasks.id[slot] ?? 0,
      loop: tasks.loop[slot] ?? 0,
      name: this.name(slot),
      coroutine: coroutine.text,
      state: STATE_NAMES[this.#states.of(slot)] ?? 'waiting',
      waitsFor: '',
      waitsForTask: null,
      due: null,
      since: this.#states.since(slot),
      created: tasks.created[slot] ?? 0,
      createdBy: createdBy > 0 ? createdBy : null,
      createdAt: this.#strings.site(tasks.site[slot] ?? 0),
      definedAt: coroutine.site,
      at: null,
      steps: tasks.steps[slot] ?? 0,
      busy: tasks.busy[slot] ?? 0,
      detail: this.detail(slot),
      children,
    };
  }

  /** Its name; `#5` while none is known. */
  name(slot: number): string {
    const { prefix, number, id } = this.#tasks;
    return this.#names.text(prefix[slot] ?? 0, number[slot] ?? 0) || `#${id[slot] ?? 0}`;
  }

  /** Why it ended, or that it was cancelled and by whom. */
  detail(slot: number): string {
    const tasks = this.#tasks;
    const parts: string[] = [];
    const exception = tasks.detail[slot] ?? 0;
    if (exception > 0) parts.push(this.#strings.text(exception));
    const by = tasks.cancelledBy[slot] ?? 0;
    if (by !== 0) {
      const site = this.#strings.site(tasks.cancelSite[slot] ?? 0);
      const other = by > 0 ? tasks.slotOf(by) : -1;
      const who = other >= 0 ? this.name(other) : by > 0 ? `task #${by}` : '';
      const where = site ? `${site.file.replace(/^.*[\\/]/, '')}:${site.line}` : '';
      parts.push(['cancelled', who && `by ${who}`, where && `at ${where}`].filter(Boolean).join(' '));
    }
    return parts.join(', ');
  }
}
