// Reads the table of contents of a zip file: names and sizes. Does not unpack. Facts: PKWARE APPNOTE.TXT 4.3.12 and 4.3.16.
import fs from 'node:fs';

/** One file in an archive. */
export interface ZipEntry {
  name: string;
  /** Unpacked, in bytes. */
  size: number;
  /** As it is in the archive, in bytes. */
  packed: number;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;

/** The files of an archive, in its order. @throws when the file is no zip file */
export function zipEntries(file: string): ZipEntry[] {
  const bytes = fs.readFileSync(file);
  let end = bytes.length - 22;
  while (end >= 0 && bytes.readUInt32LE(end) !== END_OF_DIRECTORY) end -= 1;
  if (end < 0) throw new Error(`${file} is no zip file`);
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  const entries: ZipEntry[] = [];
  for (let index = 0; index < count; index += 1) {
    if (bytes.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error(`${file}: entry ${String(index)} is broken`);
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    if (!name.endsWith('/'))
      entries.push({ name, size: bytes.readUInt32LE(at + 24), packed: bytes.readUInt32LE(at + 20) });
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}
