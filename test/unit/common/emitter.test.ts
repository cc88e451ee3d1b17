import assert from 'node:assert/strict';
import { Emitter } from '../../../src/common/emitter';

describe('Emitter', () => {
  it('calls every listener in order, also after one has thrown, and then throws', () => {
    const emitter = new Emitter<number>();
    const heard: string[] = [];
    emitter.event((value) => heard.push(`a${value}`));
    emitter.event(() => {
      throw new Error('b failed');
    });
    emitter.event((value) => heard.push(`c${value}`));
    assert.throws(() => emitter.fire(1), /b failed/);
    assert.deepEqual(heard, ['a1', 'c1']);
  });

  it('gives errors to its handler where it has one', () => {
    const errors: unknown[] = [];
    const emitter = new Emitter<number>((error) => errors.push(error));
    emitter.event(() => {
      throw new Error('failed');
    });
    emitter.fire(1);
    assert.equal(errors.length, 1);
  });

  it('ends a subscription alone, even the same function subscribed twice', () => {
    const emitter = new Emitter<number>();
    let heard = 0;
    const listener = (): void => {
      heard++;
    };
    const first = emitter.event(listener);
    emitter.event(listener);
    first.dispose();
    first.dispose();
    emitter.fire(1);
    assert.equal(heard, 1);
  });

  it('does not call a listener that was added while firing', () => {
    const emitter = new Emitter<number>();
    let late = 0;
    emitter.event(() => {
      emitter.event(() => {
        late++;
      });
    });
    emitter.fire(1);
    assert.equal(late, 0);
  });
});
