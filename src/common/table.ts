/** Tables whose keys come from outside: an object literal also "has" `constructor` and `toString`, which are names of programs too. */

/** A table with exactly these entries. */
export function table<T>(entries: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.assign(Object.create(null) as Record<string, T>, entries);
}

/** What a literal says of a key, and not what every object says. */
export function ownEntry<T>(entries: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(entries, key) ? entries[key] : undefined;
}
