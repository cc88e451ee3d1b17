/** What real Pythons sent is decoded to what asyncio itself counted in them. A file that is missing is a failure. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FrameReader } from '../../src/adapter/link/frames';
import { parseMessage, parseStrings } from '../../src/adapter/link/messages';
import { LoopModel } from '../../src/model/model';
import { NumberList } from '../../src/model/number-list';
import type { TaskRow } from '../../src/protocol/dap';
import { FrameKind } from '../../src/protocol/wire';

const VERSIONS = ['3.9', '3.10', '3.11', '3.12', '3.13', '3.14', '3.15'];
const golden = (name: string): Buffer => readFileSync(join(__dirname, 'golden', name));

/** The model after all frames of a transcript, cut into pieces of `size` bytes, and the messages in it. */
function replay(bytes: Buffer, size: number): { readonly model: LoopModel; readonly types: string[] } {
  const model = new LoopModel();
  const list = new NumberList();
  const frames = new FrameReader();
  const types: string[] = [];
  for (let at = 0; at < bytes.length; at += size)
    for (const { kind, payload } of frames.push(bytes.subarray(at, at + size))) {
      if (kind === FrameKind.strings) model.strings.define(parseStrings(payload));
      else if (kind === FrameKind.events) {
        list.decode(payload);
        model.apply(list, 1);
      } else {
        const message = parseMessage(payload);
        types.push(message.type);
        if (message.type === 'loop') model.transition(message, 1);
      }
    }
  assert.equal(frames.pending.length, 0, 'nothing is left over');
  return { model, types };
}

for (const version of VERSIONS)
  describe(`what Python ${version} sent`, () => {
    it('holds the tasks that asyncio says there were, with how they ended', () => {
      const truth = JSON.parse(golden(`run-${version}.json`).toString()) as Record<string, string>;
      for (const size of [1, 7, 1 << 20]) {
        const { model, types } = replay(golden(`run-${version}.bin`), size);
        assert.equal(types[0], 'hello');
        const page = model.page({ tree: 'flat', offset: 0, limit: 200, sort: 'age', group: 'none', filter: '' });
        const rows = page.rows.filter((row): row is TaskRow => row.kind === 'task');
        assert.deepEqual(
          rows.map((row) => row.state),
          Object.values(truth),
        );
        assert.deepEqual(
          rows.map((row) => row.name),
          Object.keys(truth),
        );
        assert.equal(model.totals(1).dropped, 0);
        assert.equal(model.totals(1).liveTasks, Object.values(truth).filter((state) => state === 'waiting').length);
        const main = rows.find((row) => row.coroutine === 'main');
        for (const row of rows.filter(({ coroutine }) => coroutine !== 'main')) {
          assert.equal(row.createdBy, main?.task, `${row.name} was made by main`);
          assert.equal(row.createdAt?.file, '/app/program.py');
          assert.equal(row.definedAt?.file, '/app/program.py');
        }
        assert.equal(rows.find((row) => row.state === 'failed')?.detail, 'LookupError');
      }
    });

    it('holds its numbers as it marshals them', () => {
      const list = new NumberList();
      list.decode(golden(`numbers-${version}.bin`));
      const expected = JSON.parse(golden(`numbers-${version}.json`).toString()) as (number | string)[];
      const decoded = Array.from({ length: list.length }, (_, index) => [list.values[index], list.floats[index] === 1]);
      assert.deepEqual(
        decoded,
        expected.map((value) => (typeof value === 'number' ? [value, false] : [Number(value.replace('inf', 'Infinity')), true])),
      );
    });
  });
