/**
 * Cuts a byte stream of the wire into frames and writes frames. A length is looked at before a byte of the payload is
 * kept: a frame that says it is too long, or of a kind that does not exist, is an error and ends the connection.
 */
import { WireError } from '../../model/number-list';
import { FRAME_HEADER_BYTES, FrameKind, MAX_FRAME_BYTES } from '../../protocol/wire';

export interface Frame {
  readonly kind: FrameKind;
  readonly payload: Buffer;
}

const KINDS: ReadonlySet<number> = new Set(Object.values(FrameKind));

/** Collects bytes until frames are whole. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #needed = FRAME_HEADER_BYTES;

  /** Frames that are whole with these bytes, in order. Throws WireError; the stream is of no use afterwards. */
  *push(chunk: Buffer): Generator<Frame, void, undefined> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes >= this.#needed) {
      let bytes = this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks);
      while (bytes.length >= FRAME_HEADER_BYTES) {
        const length = bytes.readUInt32BE(0);
        const kind = bytes[4] ?? 0;
        if (length > MAX_FRAME_BYTES) throw new WireError(`A frame says it holds ${length} bytes.`);
        if (!isKind(kind)) throw new WireError(`A frame has the unknown kind 0x${kind.toString(16)}.`);
        const end = FRAME_HEADER_BYTES + length;
        if (bytes.length < end) break;
        const payload = bytes.subarray(FRAME_HEADER_BYTES, end);
        bytes = bytes.subarray(end);
        this.#chunks = [bytes];
        this.#bytes = bytes.length;
        yield { kind, payload };
      }
      this.#chunks = [bytes];
      this.#bytes = bytes.length;
      this.#needed =
        bytes.length >= FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES + bytes.readUInt32BE(0) : FRAME_HEADER_BYTES;
    }
  }

  /** Bytes that are waiting for the rest of their frame. */
  get pending(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** One frame as bytes. */
export function encodeFrame(kind: FrameKind, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame[4] = kind;
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/** A JSON message as a frame. */
export function encodeMessage(message: object): Buffer {
  return encodeFrame(FrameKind.json, Buffer.from(JSON.stringify(message), 'utf8'));
}

function isKind(kind: number): kind is FrameKind {
  return KINDS.has(kind);
}
