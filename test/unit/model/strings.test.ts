import assert from 'node:assert/strict';
import { WireError } from '../../../src/model/number-list';
import { MAX_STRING_LENGTH, StringTable } from '../../../src/model/strings';

describe('StringTable', () => {
  it('reads sites and descriptions', () => {
    const strings = new StringTable();
    strings.define([
      [1, 'C:\\app\\server.py\t41\tmain.<locals>.serve'],
      [2, 'fetch\t/app/client.py\t7'],
      [3, 'print'],
    ]);
    assert.deepEqual(strings.site(1), { file: 'C:\\app\\server.py', line: 41, function: 'main.<locals>.serve' });
    assert.deepEqual(strings.described(2), {
      text: 'fetch',
      site: { file: '/app/client.py', line: 7, function: 'fetch' },
    });
    assert.deepEqual(strings.described(3), { text: 'print', site: null });
    assert.equal(strings.site(0), null);
    assert.equal(strings.site(99), null);
    assert.equal(strings.site(3), null, 'a text that is no site');
  });

  it('takes the newest text of an id', () => {
    const strings = new StringTable();
    strings.define([[1, 'a\tx.py\t1']]);
    assert.equal(strings.described(1).text, 'a');
    strings.define([[1, 'b\tx.py\t2']]);
    assert.equal(strings.described(1).text, 'b');
  });

  it('cuts a megabyte of text', () => {
    const strings = new StringTable();
    strings.define([[1, 'x'.repeat(1_000_000)]]);
    assert.ok(strings.text(1).length <= MAX_STRING_LENGTH + 1);
  });

  it('refuses an id that cannot be one', () => {
    for (const id of [0, -1, 1.5, NaN, 2 ** 40]) assert.throws(() => new StringTable().define([[id, 'x']]), WireError);
  });

  it('gives a coroutine one number, whether it came interned or by a sync, in either order', () => {
    const strings = new StringTable();
    strings.define([[7, 'fetch\tapp.py\t3']]);
    assert.equal(strings.coroutine(7), strings.intern('fetch\tapp.py\t3'));
    const own = strings.intern('serve\tapp.py\t9');
    strings.define([[8, 'serve\tapp.py\t9']]);
    assert.equal(strings.coroutine(8), own);
    assert.equal(strings.described(own).text, 'serve');
  });

  it('forgets a text that is used once', () => {
    const strings = new StringTable();
    strings.define([[1, 'name']]);
    assert.equal(strings.once(1), 'name');
    assert.equal(strings.text(1), '');
  });
});
