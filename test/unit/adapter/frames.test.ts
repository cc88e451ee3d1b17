import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeFrame, encodeMessage, FrameReader } from '../../../src/adapter/link/frames';
import { parseMessage, parseStrings } from '../../../src/adapter/link/messages';
import { WireError } from '../../../src/model/number-list';
import { FrameKind, MAX_FRAME_BYTES } from '../../../src/protocol/wire';

const kind = fc.constantFrom(...Object.values(FrameKind));
const frames = fc.array(fc.tuple(kind, fc.uint8Array({ maxLength: 300 })), { maxLength: 12 });

describe('FrameReader', () => {
  it('gives the same frames wherever the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(([kind, payload]) => encodeFrame(kind, payload)));
        const reader = new FrameReader();
        const read: [number, number[]][] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const end = Math.min(bytes.length, at + (cuts[turn % cuts.length] ?? 1));
          for (const { kind, payload } of reader.push(Buffer.from(bytes.subarray(at, end))))
            read.push([kind, [...payload]]);
          at = end;
        }
        assert.deepEqual(
          read,
          sent.map(([kind, payload]) => [kind, [...payload]]),
        );
        assert.equal(reader.pending.length, 0);
      }),
    );
  });

  it('refuses a length that is too long before it keeps a byte of it, and an unknown kind', () => {
    for (const length of [MAX_FRAME_BYTES + 1, 0xffff_ffff]) {
      const header = Buffer.alloc(5);
      header.writeUInt32BE(length);
      header[4] = FrameKind.json;
      assert.throws(() => [...new FrameReader().push(header)], WireError);
    }
    assert.throws(() => [...new FrameReader().push(Buffer.from([0, 0, 0, 0, 0x5a]))], /unknown kind 0x5a/);
  });

  it('takes a frame of exactly the longest length', () => {
    const [frame] = [...new FrameReader().push(encodeFrame(FrameKind.events, Buffer.alloc(MAX_FRAME_BYTES)))];
    assert.equal(frame?.payload.length, MAX_FRAME_BYTES);
  });

  it('throws nothing but WireError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (chunks) => {
        const reader = new FrameReader();
        try {
          for (const chunk of chunks) for (const { payload } of reader.push(Buffer.from(chunk))) parseMessage(payload);
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('messages of the runtime', () => {
  const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

  it('are taken when they have the form of the contract', () => {
    const log = { type: 'log', level: 'info', text: 'x' };
    assert.deepEqual(parseMessage(bytes(log)), log);
    assert.deepEqual(parseMessage(bytes({ type: 'answer', id: 3, ok: false, error: 'no' })), {
      type: 'answer',
      id: 3,
      ok: false,
      error: 'no',
    });
    assert.deepEqual(parseStrings(bytes([[1, 'a']])), [[1, 'a']]);
  });

  it('are refused with the field that is wrong, whatever JSON it is', () => {
    for (const wrong of [
      { type: 'loop' },
      { type: '__proto__' },
      null,
      3,
      [],
      { type: 'answer', id: 1, ok: 'yes' },
      { type: 'bye' },
    ])
      assert.throws(() => parseMessage(bytes(wrong)), WireError, JSON.stringify(wrong));
    assert.throws(() => parseMessage(bytes({ type: 'log', level: 'loud', text: 'x' })), /level/);
    for (const wrong of [{}, [[1]], [['a', 'b']], [[1, 2]]]) assert.throws(() => parseStrings(bytes(wrong)), WireError);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const parse of [parseMessage, parseStrings])
          try {
            parse(bytes(value));
          } catch (error) {
            assert.ok(error instanceof WireError, String(error));
          }
      }),
    );
  });

  it('are encoded so that the frame can be read back', () => {
    const message = { type: 'welcome', wire: 1, level: 'adaptive', note: 'ü' };
    const [frame] = [...new FrameReader().push(encodeMessage(message))];
    assert.deepEqual(JSON.parse(frame?.payload.toString() ?? ''), message);
  });
});
