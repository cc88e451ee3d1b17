/** The tables of the wire are the same in both languages. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as wire from '../../src/protocol/wire';
import { testPython } from '../support/pythons';

const SCRIPT = `
import json, runpy, sys
names = runpy.run_path(sys.argv[1])
print(json.dumps({name: list(value) if isinstance(value, bytes) else value for name, value in names.items() if name.isupper() or name == "EVENTS"}))
`;

function python(): string {
  const named = process.env['LOOPSCOPE_TEST_PYTHON'];
  if (named) return named;
  try {
    return testPython().path;
  } catch {
    return 'python3';
  }
}

describe('wire.ts and wire.py', () => {
  const twin = JSON.parse(
    execFileSync(python(), ['-c', SCRIPT, join(__dirname, '..', '..', 'src', 'runtime', 'loopscope', 'wire.py')], {
      encoding: 'utf8',
    }),
  ) as Record<string, unknown>;

  it('agree on the frame', () => {
    assert.equal(twin['WIRE_VERSION'], wire.WIRE_VERSION);
    assert.deepEqual(twin['WIRE_MAGIC'], [...Buffer.from(wire.WIRE_MAGIC)]);
    assert.equal(twin['TOKEN_LENGTH'], wire.TOKEN_LENGTH);
    assert.equal(twin['MAX_FRAME_BYTES'], wire.MAX_FRAME_BYTES);
    assert.equal(twin['FRAME_HEADER_BYTES'], wire.FRAME_HEADER_BYTES);
    assert.deepEqual([twin['FRAME_JSON'], twin['FRAME_EVENTS'], twin['FRAME_STRINGS']], [wire.FrameKind.json, wire.FrameKind.events, wire.FrameKind.strings]);
    assert.equal(twin['STRING_FIELD_SEPARATOR'], wire.STRING_FIELD_SEPARATOR);
  });

  it('agree on the header of a batch', () => {
    assert.deepEqual(twin['BATCH_HEADER'], wire.BATCH_HEADER);
  });

  it('agree on every event, its code and its fields', () => {
    assert.deepEqual(
      twin['EVENTS'],
      Object.fromEntries(Object.entries(wire.EVENTS).map(([name, { code, fields }]) => [name, [code, fields]])),
    );
    const codes = Object.values(wire.EVENTS).map(({ code }) => code);
    assert.equal(new Set(codes).size, codes.length);
  });

  it('agree on the events that are one number', () => {
    const names = Object.keys(wire.Short).map((name) => `SHORT_${name.toUpperCase()}`);
    assert.deepEqual(
      names.map((name) => twin[name]),
      Object.values(wire.Short),
    );
    assert.deepEqual(
      [twin['SHORT_FORM'], twin['SHORT_KINDS'], twin['SHORT_STRINGS']],
      [wire.SHORT_FORM, wire.SHORT_KINDS, wire.SHORT_STRINGS],
    );
    assert.ok(wire.SHORT_STRINGS * wire.SHORT_KINDS > wire.SHORT_FORM);
  });
});
