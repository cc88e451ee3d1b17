/**
 * Source bytes as Python reads them, and back: byte order mark, coding line (PEP 263), UTF-8 otherwise. Tells why where
 * Python would not read a file either. Keeps line ends and form feeds as they are.
 */
import { table } from '../../common/table';
import { TextDecoder } from 'node:util';
import { codePoints } from './lines';

/** A decoded file. `text` is without the byte order mark. */
export interface Source {
  readonly text: string;
  /** The name that Node knows the encoding by. */
  readonly encoding: string;
  readonly hasBom: boolean;
}

/** Bytes that are no Python source, and why. */
export class NotPython extends Error {}

const UTF8_BOM = [0xef, 0xbb, 0xbf] as const;
const CODING = /^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)/;
const BLANK_OR_COMMENT = /^[ \t\f]*(?:[#\r\n]|$)/;

/** Python's names, in lower case with `-` for `_`, that TextDecoder knows by another name or takes for another encoding. */
const ALIASES = table<string>({
  utf8: 'utf-8',
  'utf-8-sig': 'utf-8',
  u8: 'utf-8',
  latin1: 'latin-1',
  'iso-8859-1': 'latin-1',
  'iso8859-1': 'latin-1',
  'iso-latin-1': 'latin-1',
  l1: 'latin-1',
  8859: 'latin-1',
  cp819: 'latin-1',
  'us-ascii': 'ascii',
  646: 'ascii',
  'mac-roman': 'macintosh',
  'mac-cyrillic': 'x-mac-cyrillic',
  cp932: 'shift_jis',
  ms932: 'shift_jis',
  sjis: 'shift_jis',
  'shift-jis': 'shift_jis',
  cp949: 'euc-kr',
  cp936: 'gbk',
  cp950: 'big5',
  'euc-jp': 'euc-jp',
  eucjp: 'euc-jp',
  ujis: 'euc-jp',
});

/** Windows-1252 from 0x80 to 0x9f, '' where it has nothing. TextDecoder of Node 20 reads these bytes as Latin-1. */
const WINDOWS_1252 = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ'.split('').map((char) => char.trim());

/** Decodes a file. @throws NotPython */
export function decode(bytes: Uint8Array): Source {
  const hasBom = UTF8_BOM.every((byte, at) => bytes[at] === byte);
  const body = hasBom ? bytes.subarray(UTF8_BOM.length) : bytes;
  if (body.includes(0))
    throw new NotPython(
      looksLikeUtf16(bytes)
        ? 'it is in UTF-16, which Python does not read as source'
        : 'it holds null bytes: it is no source text',
    );
  const named = codingLine(body);
  const encoding = named === undefined ? 'utf-8' : nodeName(named);
  if (hasBom && encoding !== 'utf-8')
    throw new NotPython(`its coding line says ${named ?? ''}, but it begins with the byte order mark of UTF-8`);
  return { text: decodeAs(body, encoding, named), encoding, hasBom };
}

/** The encoding that one of the first two lines names, if any. The second counts only below a blank line or a comment. */
function codingLine(body: Uint8Array): string | undefined {
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, 1000)).toString('latin1');
  const [first = '', second = ''] = head.split(/\r\n|\r|\n/, 2);
  return CODING.exec(first)?.[1] ?? (BLANK_OR_COMMENT.test(first) ? CODING.exec(second)?.[1] : undefined);
}

function nodeName(named: string): string {
  const plain = named.toLowerCase().replaceAll('_', '-');
  if (plain === 'utf-8' || plain.startsWith('utf-8-')) return 'utf-8';
  if (plain === 'latin-1' || plain.startsWith('latin-1-') || plain.startsWith('iso-8859-1-')) return 'latin-1';
  const codePage = /^cp(125\d|874|866)$/.exec(plain)?.[1];
  if (codePage !== undefined) return codePage === '866' ? 'ibm866' : `windows-${codePage}`;
  return ALIASES[plain] ?? plain.replace(/^iso-?8859-?/, 'iso-8859-');
}

function decodeAs(body: Uint8Array, encoding: string, named: string | undefined): string {
  if (encoding === 'latin-1') return Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  if (encoding === 'ascii') {
    const at = body.findIndex((byte) => byte > 127);
    if (at >= 0) throw new NotPython(`it is not ASCII, as its coding line says: byte ${hex(body[at] ?? 0)} at ${at}`);
    return Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  }
  if (encoding === 'windows-1252') return decodeWindows1252(body, named);
  const decoder = decoderOf(encoding);
  if (!decoder) throw new NotPython(`its coding line names an encoding that is not known: ${named ?? encoding}`);
  try {
    return decoder.decode(body);
  } catch {
    throw new NotPython(
      named === undefined
        ? 'it is not UTF-8, and no coding line names another encoding'
        : `it is not ${named}, as its coding line says`,
    );
  }
}

function decodeWindows1252(body: Uint8Array, named: string | undefined): string {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  return text.replace(/[\x80-\x9f]/g, (char) => {
    const real = WINDOWS_1252[char.charCodeAt(0) - 0x80] ?? '';
    if (real === '') throw new NotPython(`it is not ${named ?? 'windows-1252'}, as its coding line says`);
    return real;
  });
}

function decoderOf(encoding: string): TextDecoder | undefined {
  // Python reads neither as source: a null byte, or an ASCII letter that is none.
  if (/^utf-?(16|32|7)|^replacement$|^x-user-defined$/.test(encoding)) return undefined;
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  } catch {
    return undefined;
  }
}

function looksLikeUtf16(bytes: Uint8Array): boolean {
  const mark = `${hex(bytes[0] ?? 0)}${hex(bytes[1] ?? 0)}`;
  return mark === 'fffe' || mark === 'feff' || (bytes[0] !== 0 && bytes[1] === 0 && bytes[3] === 0);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/**
 * The bytes of a text in the encoding that its file had. @throws Error where it has a character that the encoding has not
 */
export function encode(text: string, source: Pick<Source, 'encoding' | 'hasBom'>): Uint8Array {
  const body = encodeAs(text, source.encoding);
  return source.hasBom ? Buffer.concat([Buffer.from(UTF8_BOM), body]) : body;
}

function encodeAs(text: string, encoding: string): Buffer {
  if (encoding === 'utf-8') return Buffer.from(text, 'utf8');
  const limit = encoding === 'ascii' ? 0x7f : 0xff;
  if (encoding === 'ascii' || encoding === 'latin-1') {
    for (const char of text) if ((char.codePointAt(0) ?? 0) > limit) throw new Error(`${encoding} has no ${char}`);
    return Buffer.from(text, 'latin1');
  }
  const table = tableOf(encoding);
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    const found = code < 0x80 ? [code] : table.get(char);
    if (!found) throw new Error(`${encoding} has no ${char}`);
    bytes.push(...found);
  }
  return Buffer.from(bytes);
}

const tables = new Map<string, ReadonlyMap<string, readonly number[]>>();

/** Each character beyond ASCII with its bytes: made by decoding every sequence of one or two bytes. */
function tableOf(encoding: string): ReadonlyMap<string, readonly number[]> {
  const known = tables.get(encoding);
  if (known) return known;
  const table = new Map<string, readonly number[]>();
  const add = (bytes: readonly number[]): void => {
    const text = decodeIfWhole(Uint8Array.from(bytes), encoding);
    if (codePoints(text) === 1 && !table.has(text)) table.set(text, bytes);
  };
  for (let lead = 0x80; lead < 0x100; lead++) add([lead]);
  for (let lead = 0x80; lead < 0x100; lead++) for (let trail = 0x30; trail < 0x100; trail++) add([lead, trail]);
  tables.set(encoding, table);
  return table;
}

function decodeIfWhole(bytes: Uint8Array, encoding: string): string {
  try {
    return decodeAs(bytes, encoding, encoding);
  } catch {
    return '';
  }
}
