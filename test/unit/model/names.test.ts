import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AUTOMATIC, Names } from '../../../src/model/names';

const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc
    .tuple(
      fc.constantFrom('worker-', 'w', '', 'Task-', 'a0', '٣'),
      fc.constantFrom('0', '7', '007', '10', '1'.repeat(20), '9007199254740993'),
    )
    .map(([prefix, number]) => prefix + number),
);

describe('Names', () => {
  it('gives back exactly the name that was taken', () => {
    fc.assert(
      fc.property(fc.array(name), (list) => {
        const names = new Names();
        const taken = list.map((text) => names.take(text));
        assert.deepEqual(
          taken.map(({ prefix, number }) => names.text(prefix, number)),
          list,
        );
      }),
    );
  });

  it('shares a prefix, and knows the one that asyncio gives', () => {
    const names = new Names();
    assert.equal(names.take('Task-3').prefix, AUTOMATIC);
    assert.equal(names.take('worker-1').prefix, names.take('worker-22').prefix);
  });

  it('orders numbers as numbers', () => {
    const names = new Names();
    const order = ['worker-10', 'a', 'worker-2', 'Task-1', 'worker-'].map((text) => ({ text, ...names.take(text) }));
    order.sort((a, b) => names.compare(a.prefix, a.number, b.prefix, b.number));
    assert.deepEqual(
      order.map(({ text }) => text),
      ['Task-1', 'a', 'worker-', 'worker-2', 'worker-10'],
    );
  });

  it('forgets a name when nobody has it and the log is past it, not before', () => {
    const names = new Names();
    const { prefix } = names.take('request-a');
    names.take('request-a');
    names.release(prefix, 10);
    names.sweep(1000);
    assert.equal(names.prefix(prefix), 'request-a', 'one still has it');
    names.release(prefix, 2000);
    names.sweep(2000);
    assert.equal(names.prefix(prefix), 'request-a', 'the log may still speak of it');
    names.sweep(2001);
    assert.equal(names.prefix(prefix), '');
    const again = names.take('request-a');
    assert.notEqual(again.prefix, prefix);
    assert.equal(names.prefix(again.prefix), 'request-a');
  });

  it('keeps a name that was taken again after it had been let go', () => {
    const names = new Names();
    const { prefix } = names.take('x');
    names.release(prefix, 1);
    assert.equal(names.take('x').prefix, prefix);
    names.sweep(100);
    assert.equal(names.prefix(prefix), 'x');
  });
});
