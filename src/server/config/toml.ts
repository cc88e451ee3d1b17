/**
 * TOML as values that know where they stand, so that a wrong setting can be reported at its line. Knows no setting.
 */
import type { AST } from 'toml-eslint-parser';
import { parseTOML } from 'toml-eslint-parser';

/** Line and column from 1; columns count UTF-16 code units. */
export interface TomlPosition {
  readonly line: number;
  readonly column: number;
}

export interface TomlRange {
  readonly start: TomlPosition;
  readonly end: TomlPosition;
}

export type TomlValue =
  | { readonly kind: 'string'; readonly value: string; readonly at: TomlRange }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly at: TomlRange }
  | { readonly kind: 'other'; readonly at: TomlRange }
  | { readonly kind: 'array'; readonly items: readonly TomlValue[]; readonly at: TomlRange }
  | TomlTable;

export interface TomlTable {
  readonly kind: 'table';
  readonly entries: ReadonlyMap<string, TomlEntry>;
  readonly at: TomlRange;
}

export interface TomlEntry {
  readonly keyAt: TomlRange;
  readonly value: TomlValue;
}

/** TOML that is none. */
export class TomlError extends Error {
  constructor(
    message: string,
    readonly at: TomlPosition,
  ) {
    super(message);
  }
}

/** Reads a text. @throws TomlError */
export function readToml(text: string): TomlTable {
  let program: AST.TOMLProgram;
  try {
    program = parseTOML(text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { lineNumber, column } = error as Error & { lineNumber?: number; column?: number };
    throw new TomlError(error.message, { line: lineNumber ?? 1, column: (column ?? 0) + 1 });
  }
  const root = new TableBuilder(rangeOf(program));
  for (const item of program.body[0].body) {
    if (item.type === 'TOMLKeyValue') root.set(keysOf(item.key), valueOf(item.value), rangeOf(item.key));
    else root.addTable(item);
  }
  return root.build();
}

/** The value behind a path of keys, or undefined. */
export function lookUp(table: TomlTable, ...keys: readonly string[]): TomlValue | undefined {
  let value: TomlValue | undefined = table;
  for (const key of keys) {
    if (value?.kind !== 'table') return undefined;
    value = value.entries.get(key)?.value;
  }
  return value;
}

function rangeOf(node: AST.TOMLNode): TomlRange {
  const { start, end } = node.loc;
  return { start: { line: start.line, column: start.column + 1 }, end: { line: end.line, column: end.column + 1 } };
}

function keysOf(key: AST.TOMLKey): string[] {
  return key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value));
}

function valueOf(node: AST.TOMLContentNode): TomlValue {
  const at = rangeOf(node);
  switch (node.type) {
    case 'TOMLArray':
      return { kind: 'array', items: node.elements.map(valueOf), at };
    case 'TOMLInlineTable': {
      const table = new TableBuilder(at);
      for (const item of node.body) table.set(keysOf(item.key), valueOf(item.value), rangeOf(item.key));
      return table.build();
    }
    case 'TOMLValue':
      if (node.kind === 'string') return { kind: 'string', value: node.value, at };
      if (node.kind === 'boolean') return { kind: 'boolean', value: node.value, at };
      return { kind: 'other', at };
  }
}

/** A table that grows: keys may be dotted, and headers may come in any order. Arrays of tables are only noted as such. */
class TableBuilder {
  private readonly entries = new Map<string, { keyAt: TomlRange; value: TomlValue | TableBuilder }>();

  constructor(private readonly at: TomlRange) {}

  set(keys: readonly string[], value: TomlValue, keyAt: TomlRange): void {
    const last = keys.at(-1);
    if (last !== undefined) this.within(keys.slice(0, -1), keyAt).entries.set(last, { keyAt, value });
  }

  addTable(node: AST.TOMLTable): void {
    const keys = keysOf(node.key);
    const keyAt = rangeOf(node.key);
    if (node.kind === 'array') {
      this.set(keys, { kind: 'array', items: [], at: rangeOf(node) }, keyAt);
      return;
    }
    const table = this.within(keys, keyAt);
    for (const item of node.body) table.set(keysOf(item.key), valueOf(item.value), rangeOf(item.key));
  }

  private within(keys: readonly string[], keyAt: TomlRange): TableBuilder {
    const [key, ...rest] = keys;
    if (key === undefined) return this;
    const known = this.entries.get(key)?.value;
    const table = known instanceof TableBuilder ? known : new TableBuilder(keyAt);
    if (table !== known) this.entries.set(key, { keyAt, value: table });
    return table.within(rest, keyAt);
  }

  build(): TomlTable {
    const entries = new Map<string, TomlEntry>();
    for (const [key, { keyAt, value }] of this.entries) {
      entries.set(key, { keyAt, value: value instanceof TableBuilder ? value.build() : value });
    }
    return { kind: 'table', entries, at: this.at };
  }
}
