/**
 * Which tasks a filter text shows: it is looked for in name, coroutine, state, and the files of creation and definition,
 * without regard to case. What many tasks share (a coroutine, a file, a state) is looked at once, not once a task.
 */
import type { Names } from './names';
import type { States } from './states';
import type { StringTable } from './strings';
import { STATE_NAMES, type TaskTable } from './task-table';

/** What a filter looks at. */
export interface FilterSource {
  readonly tasks: TaskTable;
  readonly strings: StringTable;
  readonly names: Names;
  readonly states: States;
}

export type Matcher = (slot: number) => boolean;

/** A matcher for `filter`; undefined if it shows everything. */
export function matcher(filter: string, from: FilterSource): Matcher | undefined {
  const { tasks, strings, names } = from;
  const wanted = filter.trim().toLowerCase();
  if (wanted === '') return undefined;
  const has = (text: string | undefined): boolean => text?.toLowerCase().includes(wanted) === true;
  const states = STATE_NAMES.map(has);
  const coroutines = new Map<number, boolean>();
  const sites = new Map<number, boolean>();
  const prefixes = new Map<number, boolean>();
  /** A name can contain it across the border of prefix and number only if it ends in a digit. */
  const endsInDigit = /\d$/.test(wanted);
  const known = (cache: Map<number, boolean>, id: number, decide: () => boolean): boolean => {
    let found = cache.get(id);
    if (found === undefined) {
      found = decide();
      cache.set(id, found);
    }
    return found;
  };
  return (slot) => {
    if (states[from.states.of(slot)]) return true;
    const coroutine = tasks.coroutine[slot] ?? 0;
    const shared = known(coroutines, coroutine, () => {
      const described = strings.described(coroutine);
      return has(described.text) || has(described.site?.file);
    });
    if (shared) return true;
    const site = tasks.site[slot] ?? 0;
    if (site > 0 && known(sites, site, () => has(strings.site(site)?.file))) return true;
    const prefix = tasks.prefix[slot] ?? 0;
    if (known(prefixes, prefix, () => has(names.prefix(prefix)))) return true;
    return endsInDigit && has(names.text(prefix, tasks.number[slot] ?? 0));
  };
}
