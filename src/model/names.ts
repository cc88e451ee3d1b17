/**
 * Names of tasks. A name is kept as a prefix and the number it ends in ("worker-", 12): the prefixes are shared, a task
 * needs two numbers, and "worker-2" sorts before "worker-10". A prefix is counted, and forgotten when the last task of
 * that name is gone and the event log no longer speaks of it.
 */

/** A stored name: `prefix` is a number of this table. `number` -1: the name does not end in one. */
export interface NameParts {
  readonly prefix: number;
  readonly number: number;
}

/** No name is known. */
export const UNNAMED = 0;
/** "Task-": what asyncio calls a task that nobody named. */
export const AUTOMATIC = 1;
const AUTOMATIC_PREFIX = 'Task-';
/** Digits that a number holds exactly; a leading zero belongs to the prefix, or it would be lost. */
const TRAILING_NUMBER = /(?:[1-9]\d{0,14}|0)$/;

export class Names {
  readonly #texts: string[] = ['', AUTOMATIC_PREFIX];
  readonly #uses: number[] = [1, 1];
  readonly #numbers = new Map<string, number>([[AUTOMATIC_PREFIX, AUTOMATIC]]);
  /** Prefixes that nobody uses, oldest first, and the stamp of when they were let go. */
  #idle: { readonly prefix: number; readonly stamp: number }[] = [];
  #idleFirst = 0;

  /** Takes a name into use: to be let go with `release` once for each `take`. */
  take(name: string): NameParts {
    const match = TRAILING_NUMBER.exec(name);
    const text = match ? name.slice(0, match.index) : name;
    let prefix = this.#numbers.get(text);
    if (prefix === undefined) {
      prefix = this.#texts.length;
      this.#texts.push(text);
      this.#uses.push(0);
      this.#numbers.set(text, prefix);
    }
    this.#uses[prefix] = (this.#uses[prefix] ?? 0) + 1;
    return { prefix, number: match ? Number(match[0]) : -1 };
  }

  /** One use less. `stamp` says when, in whatever counts up; see `sweep`. */
  release(prefix: number, stamp: number): void {
    if (prefix <= AUTOMATIC) return;
    const uses = (this.#uses[prefix] ?? 1) - 1;
    this.#uses[prefix] = uses;
    if (uses === 0) this.#idle.push({ prefix, stamp });
  }

  /** Forgets the prefixes that have been unused since before `stamp`. */
  sweep(stamp: number): void {
    for (let entry = this.#idle[this.#idleFirst]; entry && entry.stamp < stamp; entry = this.#idle[this.#idleFirst]) {
      this.#idleFirst++;
      if (this.#uses[entry.prefix] !== 0) continue;
      this.#numbers.delete(this.#texts[entry.prefix] ?? '');
      this.#texts[entry.prefix] = '';
      // Its number is not used again: a hole costs 16 bytes, a wrong name costs trust.
    }
    if (this.#idleFirst > 1024 && this.#idleFirst * 2 > this.#idle.length) {
      this.#idle = this.#idle.slice(this.#idleFirst);
      this.#idleFirst = 0;
    }
  }

  /** The prefix's text. */
  prefix(prefix: number): string {
    return this.#texts[prefix] ?? '';
  }

  /** The whole name; '' if none is known. */
  text(prefix: number, number: number): string {
    return number >= 0 ? `${this.prefix(prefix)}${number}` : this.prefix(prefix);
  }

  /** Order of two stored names. */
  compare(prefixA: number, numberA: number, prefixB: number, numberB: number): number {
    if (prefixA === prefixB) return numberA - numberB;
    const a = this.prefix(prefixA);
    const b = this.prefix(prefixB);
    return a < b ? -1 : a > b ? 1 : numberA - numberB;
  }
}
