// Numbers and places as texts: what is rounded how, and that a text about passing time changes seldom.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  age,
  baseName,
  call,
  count,
  counted,
  dotted,
  exactDuration,
  measured,
  place,
  rate,
  share,
  shortened,
  timeLeft,
} from '../../../src/extension/present/text';

/** A surrogate without its partner. */
const LONE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

describe('texts', () => {
  it('count', () => {
    assert.deepEqual([0, 999, 1000, 1234567].map(count), ['0', '999', '1,000', '1,234,567']);
    assert.deepEqual([counted(1, 'task'), counted(2, 'task')], ['1 task', '2 tasks']);
  });

  it('tell how long something has lasted, coarsely and never ahead of time', () => {
    const seconds = [
      -1, 0, 0.99, 1, 2, 4, 9.9, 10, 19.9, 42, 59.9, 60, 199, 599, 600, 1300, 3599, 3600, 86399, 86400, 1e6,
    ];
    assert.deepEqual(seconds.map(age), [
      ...[
        '<1 s',
        '<1 s',
        '<1 s',
        '1 s',
        '2 s',
        '2 s',
        '5 s',
        '10 s',
        '10 s',
        '40 s',
        '50 s',
        '1 min',
        '2 min',
        '5 min',
      ],
      ...['10 min', '20 min', '50 min', '1 h', '23 h', '1 d', '11 d'],
    ]);
    let changes = 0;
    for (let now = 1; now < 600; now += 1) if (age(now) !== age(now - 1)) changes += 1;
    assert.ok(changes <= 13, `${changes} changes in ten minutes`);
  });

  it('tell how much time is left', () => {
    const seconds = [-3, 0, 0.4, 1, 42.9, 60, 95, 599, 600, 3600, 90000, 1e12, Infinity];
    assert.deepEqual(seconds.map(timeLeft), [
      ...[
        'due',
        'due',
        '<1 s',
        '1 s',
        '42 s',
        '1 min',
        '1 min 30 s',
        '9 min 50 s',
        '10 min',
        '1 h',
        '1 d',
        'never',
        'never',
      ],
    ]);
  });

  it('tell measured times and rates with two digits', () => {
    assert.deepEqual([0.0002, 0.00123, 0.0126, 0.126, 1.26, 12.6, 126].map(measured), [
      ...['<1 ms', '1.2 ms', '13 ms', '126 ms', '1.3 s', '13 s', '2 min'],
    ]);
    assert.deepEqual([0, 0.2, 3.14, 312, 316, 98765].map(rate), ['0/s', '<1/s', '3/s', '310/s', '320/s', '99,000/s']);
    assert.deepEqual([0, 0.001, 0.042, 0.999, 1.3].map(share), ['0 %', '<1 %', '4 %', '100 %', '100 %']);
    assert.deepEqual([0.000351, 0.0125, 3.25, 42, 125, 3720, NaN].map(exactDuration), [
      ...['0.351 ms', '12.5 ms', '3.25 s', '42.0 s', '2 min 5 s', '1 h 2 min', '–'],
    ]);
  });

  it('name places of any system by their last part', () => {
    assert.equal(baseName('C:\\work\\app.py'), 'app.py');
    assert.equal(place({ file: '/srv/app/server.py', line: 41, function: 'main' }), 'server.py:41');
    assert.equal(place({ file: '<string>', line: 0, function: '<module>' }), '<string>');
  });

  it('join what is there', () => {
    assert.equal(dotted('a', '', undefined, false, 'b'), 'a · b');
    assert.deepEqual(['main', 'Server.run', '<lambda>', 'print("x")', ''].map(call), [
      ...['main()', 'Server.run()', '<lambda>', 'print("x")', ''],
    ]);
  });

  it('are cut to length on one line, both ends kept, no pair of surrogates split', () => {
    assert.equal(shortened('a\nb   c', 80), 'a b c');
    assert.equal(shortened('abcdefghij', 6), 'abc…ij');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 4, max: 80 }), (text, limit) => {
        const cut = shortened(text, limit);
        assert.ok(cut.length <= Math.max(limit, 1));
        assert.ok(!cut.includes('\n'));
        if (!LONE.test(text)) assert.ok(!LONE.test(cut));
      }),
    );
  });
});
