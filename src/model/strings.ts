/**
 * The strings that the runtime interned, by their id, and what they stand for (a site, a coroutine, a callback): parsed
 * once, when first asked for. An id that was never sent reads as an empty text; a text is cut at a length that still
 * fits a row.
 */
import { STRING_FIELD_SEPARATOR, type SourceSite } from '../protocol/wire';
import { WireError } from './number-list';

/** Longest text kept of one string, in UTF-16 units: names may be a megabyte long. */
export const MAX_STRING_LENGTH = 1000;
/** Largest id accepted: far above what a program can have, far below what would harm us. */
const LARGEST_ID = 0x3fff_ffff;
/** Numbers of texts that we intern ourselves begin above all of the runtime's. */
const FIRST_OWN = LARGEST_ID + 1;

/** A coroutine function or a callback: how it is called, and where it is defined. */
export interface Described {
  readonly text: string;
  readonly site: SourceSite | null;
}

const NOTHING: Described = { text: '', site: null };

export class StringTable {
  readonly #texts = new Map<number, string>();
  readonly #sites = new Map<number, SourceSite | null>();
  readonly #described = new Map<number, Described>();
  /** Coroutines: number by text, and the number kept by the runtime's. */
  readonly #own = new Map<string, number>();
  readonly #coroutines = new Map<number, number>();
  #revision = 0;

  /** Where a file of the program's is here; set before the first place is asked for. */
  localPath: (file: string) => string = (file) => file;

  /** Changes whenever a string is added: what was derived from all strings is then out of date. */
  get revision(): number {
    return this.#revision;
  }

  /** Adds `[id, text]` pairs as a `strings` frame holds them. Throws WireError for an id that cannot be one. */
  define(pairs: readonly (readonly [number, string])[]): void {
    for (const [id, text] of pairs) {
      if (!Number.isInteger(id) || id < 1 || id > LARGEST_ID)
        throw new WireError(`A string has the id ${id}, which is not a whole number from 1.`);
      this.#texts.set(id, shorten(text));
      this.#sites.delete(id);
      this.#described.delete(id);
      this.#coroutines.delete(id);
    }
    this.#revision++;
  }

  /** The text of a string; '' if it is not known. */
  text(id: number): string {
    return this.#texts.get(id) ?? '';
  }

  /** The number under which a coroutine is kept: one number a text, whether it came interned or was told by a sync. */
  coroutine(id: number): number {
    let kept = this.#coroutines.get(id);
    if (kept === undefined) {
      const text = this.text(id);
      kept = this.#own.get(text) ?? id;
      this.#own.set(text, kept);
      this.#coroutines.set(id, kept);
    }
    return kept;
  }

  /** The number of a coroutine whose text did not come as an interned string. */
  intern(text: string): number {
    const cut = shorten(text);
    let id = this.#own.get(cut);
    if (id === undefined) {
      id = FIRST_OWN + this.#own.size;
      this.#texts.set(id, cut);
      this.#own.set(cut, id);
    }
    return id;
  }

  /** The text of a string that is used this once, and forgotten with it. */
  once(id: number): string {
    const text = this.text(id);
    this.#texts.delete(id);
    return text;
  }

  /** `file\tline\tfunction` as a place; null for id 0 and for what is not one. */
  site(id: number): SourceSite | null {
    if (id <= 0) return null;
    const known = this.#sites.get(id);
    if (known !== undefined) return known;
    const site = this.#parseSite(this.text(id));
    this.#sites.set(id, site);
    return site;
  }

  /** `text\tfile\tline` of a coroutine or a callback. */
  described(id: number): Described {
    if (id <= 0) return NOTHING;
    const known = this.#described.get(id);
    if (known) return known;
    const described = this.#parseDescribed(this.text(id));
    this.#described.set(id, described);
    return described;
  }

  #parseSite(text: string): SourceSite | null {
    const [file, line, name] = text.split(STRING_FIELD_SEPARATOR);
    return this.#place(file, line, name);
  }

  #parseDescribed(text: string): Described {
    const [name, file, line] = text.split(STRING_FIELD_SEPARATOR);
    return { text: name ?? '', site: this.#place(file, line, name) };
  }

  #place(file: string | undefined, line: string | undefined, name: string | undefined): SourceSite | null {
    const number = Number(line);
    if (!file || !Number.isInteger(number) || number < 1) return null;
    return { file: this.localPath(file), line: number, function: name ?? '' };
  }
}

function shorten(text: string): string {
  return text.length > MAX_STRING_LENGTH ? `${text.slice(0, MAX_STRING_LENGTH)}…` : text;
}
