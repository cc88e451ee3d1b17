/** Recorded wire transcripts: what a runtime sent over one connection after its token, as test/wire/record.py keeps it. */

export interface RecordedFrame {
  readonly kind: number;
  readonly payload: Buffer;
}

/** The frames of a transcript; throws if it does not end with a whole frame. */
export function framesOf(bytes: Buffer): RecordedFrame[] {
  const frames: RecordedFrame[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 5 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new Error('The transcript ends within a frame.');
    frames.push({ kind: bytes[at + 4] ?? 0, payload: bytes.subarray(at + 5, end) });
    at = end;
  }
  return frames;
}
