/**
 * Which tasks a filter text shows: it is looked for in name, coroutine, state, and the files of creation and definition,
 * without regard to case. What many tasks share (a coroutine, a file, a state, the prefix of a name) is looked at once,
 * not once a task.
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

const NO = 1;
const YES = 2;
/** The name as a whole has to be looked at: the text may lie across the end of its prefix. */
const LOOK = 3;

/** A matcher for `filter`; undefined if it shows everything. */
export function matcher(filter: string, from: FilterSource): Matcher | undefined {
  const { tasks, strings, names, states } = from;
  const wanted = filter.trim().toLowerCase();
  if (wanted === '') return undefined;
  const has = (text: string | undefined): boolean => text?.toLowerCase().includes(wanted) === true;
  const stateHas = STATE_NAMES.map(has);
  const coroutines = new Map<number, number>();
  const sites = new Map<number, number>();
  const prefixes = new Map<number, number>();

  const decideCoroutine = (id: number): number => {
    const described = strings.described(id);
    return has(described.text) || has(described.site?.file) ? YES : NO;
  };
  const decidePrefix = (id: number): number => {
    const prefix = names.prefix(id).toLowerCase();
    if (prefix.includes(wanted)) return YES;
    // The rest of the text, all digits, would be in the number: the prefix has to end with what comes before.
    for (let cut = wanted.length - 1; cut >= 0 && /\d/.test(wanted.charAt(cut)); cut--)
      if (prefix.endsWith(wanted.slice(0, cut))) return LOOK;
    return NO;
  };
  const { coroutine, site, prefix, number } = tasks;
  return (slot) => {
    if (stateHas[states.of(slot)] === true) return true;
    const coroutineId = coroutine[slot] ?? 0;
    let known = coroutines.get(coroutineId);
    if (known === undefined) coroutines.set(coroutineId, (known = decideCoroutine(coroutineId)));
    if (known === YES) return true;
    const siteId = site[slot] ?? 0;
    known = sites.get(siteId);
    if (known === undefined) sites.set(siteId, (known = has(strings.site(siteId)?.file) ? YES : NO));
    if (known === YES) return true;
    const prefixId = prefix[slot] ?? 0;
    known = prefixes.get(prefixId);
    if (known === undefined) prefixes.set(prefixId, (known = decidePrefix(prefixId)));
    return known === YES || (known === LOOK && has(names.text(prefixId, number[slot] ?? -1)));
  };
}
