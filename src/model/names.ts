/**
 * Names of tasks: their text, and their order. Names end in numbers, so "worker-2" comes before "worker-10": a name is
 * compared as a prefix and a number, split once for each distinct string.
 */
import type { StringTable } from './strings';
import type { TaskTable } from './task-table';

interface Parts {
  readonly prefix: string;
  readonly number: number;
}

const AUTOMATIC = 'Task-';
const UNKNOWN: Parts = { prefix: '', number: 0 };
const TRAILING_NUMBER = /^(.*?)(\d{1,15})$/s;

export class Names {
  readonly #tasks: TaskTable;
  readonly #strings: StringTable;
  readonly #parts = new Map<number, Parts>();

  constructor(tasks: TaskTable, strings: StringTable) {
    this.#tasks = tasks;
    this.#strings = strings;
  }

  /** The name of the task in a slot. */
  of(slot: number): string {
    return this.#tasks.renamed.get(slot) ?? (this.stored(this.#tasks.name[slot] ?? 0) || `#${this.#tasks.id[slot] ?? 0}`);
  }

  /** The text of a stored name: > 0 "Task-<name>", < 0 minus a string id, 0 ''. */
  stored(name: number): string {
    if (name > 0) return `${AUTOMATIC}${name}`;
    return name < 0 ? this.#strings.text(-name) : '';
  }

  /** Order of two slots by name; 0 for equal names. */
  compare(a: number, b: number): number {
    const tasks = this.#tasks;
    const nameA = tasks.name[a] ?? 0;
    const nameB = tasks.name[b] ?? 0;
    if (tasks.renamed.size === 0) {
      if (nameA === nameB) return 0;
      if (nameA > 0 && nameB > 0) return nameA - nameB;
    }
    const partsA = this.#partsOf(a, nameA);
    const partsB = this.#partsOf(b, nameB);
    if (partsA.prefix !== partsB.prefix) return partsA.prefix < partsB.prefix ? -1 : 1;
    return partsA.number - partsB.number;
  }

  #partsOf(slot: number, name: number): Parts {
    const renamed = this.#tasks.renamed.get(slot);
    if (renamed !== undefined) return split(renamed);
    if (name > 0) return { prefix: AUTOMATIC, number: name };
    if (name === 0) return UNKNOWN;
    let parts = this.#parts.get(-name);
    if (!parts) {
      parts = split(this.#strings.text(-name));
      this.#parts.set(-name, parts);
    }
    return parts;
  }
}

function split(text: string): Parts {
  const match = TRAILING_NUMBER.exec(text);
  return match ? { prefix: match[1] ?? '', number: Number(match[2]) } : { prefix: text, number: -1 };
}
