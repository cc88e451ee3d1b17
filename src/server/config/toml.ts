/**
 * TOML as values that know where they stand, so that a wrong setting can be reported at its line. Knows no setting. Reads
 * all of TOML 1.0; of numbers and dates, which no setting of ours takes, only where they are.
 */

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
  readonly entries: Map<string, TomlEntry>;
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

/** The value behind a path of keys, or undefined. */
export function lookUp(table: TomlTable, ...keys: readonly string[]): TomlValue | undefined {
  let value: TomlValue | undefined = table;
  for (const key of keys) {
    if (value?.kind !== 'table') return undefined;
    value = value.entries.get(key)?.value;
  }
  return value;
}

/** Reads a text. @throws TomlError */
export function readToml(text: string): TomlTable {
  return new Reader(text).document();
}

interface Key {
  readonly name: string;
  readonly at: TomlRange;
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\u001b',
  '"': '"',
  '\\': '\\',
};
const DEEPEST = 200;

class Reader {
  private at = 0;
  private depth = 0;
  private readonly lineStarts = [0];

  constructor(private readonly text: string) {
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) this.lineStarts.push(end + 1);
    if (text.startsWith('\ufeff')) this.at = 1;
  }

  document(): TomlTable {
    const root = this.newTable(this.rangeFrom(0));
    let table = root;
    for (;;) {
      this.skip(/[ \t\r\n]*(?:#[^\n]*\n?[ \t\r\n]*)*/y);
      if (this.at >= this.text.length) return root;
      if (this.peek('[[')) table = this.arrayOfTables(root);
      else if (this.peek('[')) table = this.header(root);
      else this.pair(table);
      this.skip(/[ \t]*(?:#[^\n]*)?/y);
      if (this.at < this.text.length && !this.skip(/\r?\n/y))
        this.fail('There is something after the end of the value');
    }
  }

  private header(root: TomlTable): TomlTable {
    this.at++;
    const keys = this.keys();
    this.expect(']');
    return this.within(root, keys);
  }

  /** The tables of an array are none of ours: each is read into a table that nothing leads to. */
  private arrayOfTables(root: TomlTable): TomlTable {
    const start = this.at;
    this.at += 2;
    const keys = this.keys();
    this.expect(']]');
    const last = keys.at(-1);
    const table = this.newTable(this.rangeFrom(start));
    if (last) {
      const parent = this.within(root, keys.slice(0, -1));
      const items = parent.entries.get(last.name)?.value;
      const list = items?.kind === 'array' ? items.items : [];
      parent.entries.set(last.name, {
        keyAt: last.at,
        value: { kind: 'array', items: [...list, table], at: table.at },
      });
    }
    return table;
  }

  private pair(table: TomlTable): void {
    const keys = this.keys();
    this.skip(/[ \t]*/y);
    if (!this.peek('=')) this.fail('A key has to be followed by "="');
    this.at++;
    this.skip(/[ \t]*/y);
    const value = this.value();
    const last = keys.at(-1);
    if (!last) return;
    const parent = this.within(table, keys.slice(0, -1));
    if (parent.entries.has(last.name)) throw new TomlError(`The key "${last.name}" is there twice`, last.at.start);
    parent.entries.set(last.name, { keyAt: last.at, value });
  }

  private keys(): Key[] {
    const keys: Key[] = [];
    do {
      this.skip(/[ \t]*/y);
      const start = this.at;
      const name = this.peek('"') || this.peek("'") ? this.string() : this.take(/[A-Za-z0-9_-]+/y);
      if (name === undefined) this.fail('A key is expected here');
      keys.push({ name, at: this.rangeFrom(start) });
      this.skip(/[ \t]*/y);
    } while (this.skip(/\./y));
    return keys;
  }

  /** The table behind a path of keys, made where it is not there. */
  private within(from: TomlTable, keys: readonly Key[]): TomlTable {
    let table = from;
    for (const { name, at } of keys) {
      const known = table.entries.get(name)?.value;
      const inner = known?.kind === 'array' ? known.items.at(-1) : known;
      if (inner !== undefined && inner.kind !== 'table') throw new TomlError(`"${name}" is no table`, at.start);
      const next = inner ?? this.newTable(at);
      if (!inner) table.entries.set(name, { keyAt: at, value: next });
      table = next;
    }
    return table;
  }

  private value(): TomlValue {
    const start = this.at;
    if (++this.depth > DEEPEST) this.fail('This is nested too deep');
    const value = this.valueAt(start);
    this.depth--;
    return value;
  }

  private valueAt(start: number): TomlValue {
    if (this.peek('"') || this.peek("'")) {
      const value = this.string();
      return { kind: 'string', value, at: this.rangeFrom(start) };
    }
    if (this.peek('[')) return this.array(start);
    if (this.peek('{')) return this.inlineTable(start);
    const word = this.take(/[^\s,\]}#]+(?: \d\d:[\d:.+Zz-]+)?/y);
    if (word === undefined) this.fail('A value is expected here');
    const at = this.rangeFrom(start);
    if (word === 'true' || word === 'false') return { kind: 'boolean', value: word === 'true', at };
    if (!/^[+-]?(?:\d|inf|nan)/.test(word))
      throw new TomlError(`"${word}" is no value: a string stands in quotes`, at.start);
    return { kind: 'other', at };
  }

  private array(start: number): TomlValue {
    const items: TomlValue[] = [];
    this.at++;
    for (;;) {
      this.space();
      if (this.skip(/\]/y)) return { kind: 'array', items, at: this.rangeFrom(start) };
      items.push(this.value());
      this.space();
      if (!this.peek(',') && !this.peek(']')) this.fail('The list has to go on with "," or end with "]"');
      this.skip(/,/y);
    }
  }

  private inlineTable(start: number): TomlValue {
    const table = this.newTable(this.rangeFrom(start));
    this.at++;
    for (;;) {
      this.space();
      if (this.skip(/\}/y)) return { ...table, at: this.rangeFrom(start) };
      this.pair(table);
      this.space();
      if (!this.peek(',') && !this.peek('}')) this.fail('The table has to go on with "," or end with "}"');
      this.skip(/,/y);
    }
  }

  private string(): string {
    const start = this.at;
    const quote = this.text[this.at] ?? '';
    const isLong = this.peek(quote.repeat(3));
    const close = isLong ? quote.repeat(3) : quote;
    this.at += close.length;
    if (isLong) this.skip(/\r?\n/y);
    let value = '';
    for (;;) {
      if (this.peek(close)) {
        // Up to two quotes may stand before those that close.
        const extra = isLong ? (this.take(quote === '"' ? /"{0,2}(?=""")/y : /'{0,2}(?=''')/y) ?? '') : '';
        this.at += close.length;
        return value + extra;
      }
      const char = this.text[this.at++];
      if (char === undefined || (char === '\n' && !isLong)) {
        this.at = start;
        this.fail('This string has no end');
      }
      value += char === '\\' && quote === '"' ? this.escape(isLong) : char;
    }
  }

  private escape(isLong: boolean): string {
    if (isLong && this.skip(/[ \t]*\r?\n[ \t\r\n]*/y)) return '';
    const code = this.take(/x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}/y);
    const point = code === undefined ? NaN : Number.parseInt(code.slice(1), 16);
    if (point <= 0x10ffff) return String.fromCodePoint(point);
    const plain = ESCAPES[this.text[this.at] ?? ''];
    if (plain === undefined) this.fail('A backslash in a string begins an escape, which this is not');
    this.at++;
    return plain;
  }

  /** White space, line ends and comments within brackets. */
  private space(): void {
    this.skip(/[ \t\r\n]*(?:#[^\n]*\n?[ \t\r\n]*)*/y);
  }

  private peek(part: string): boolean {
    return this.text.startsWith(part, this.at);
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match) this.at += match[0].length;
    return match?.[0];
  }

  /** Whether the pattern is there; it is then behind us. */
  private skip(pattern: RegExp): boolean {
    return this.take(pattern) !== undefined;
  }

  private expect(part: string): void {
    if (!this.peek(part)) this.fail(`"${part}" is expected here`);
    this.at += part.length;
  }

  private newTable(at: TomlRange): TomlTable {
    return { kind: 'table', entries: new Map(), at };
  }

  private rangeFrom(start: number): TomlRange {
    return { start: this.position(start), end: this.position(this.at) };
  }

  private position(offset: number): TomlPosition {
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.lineStarts[low] ?? 0) + 1 };
  }

  private fail(message: string): never {
    throw new TomlError(`${message}.`, this.position(this.at));
  }
}
