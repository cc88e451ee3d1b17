/** Source bytes as Python reads them: CPython itself is asked what each of the files holds. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { decode, encode, NotPython } from '../../../src/server/text/decode';
import { codePoints, Lines } from '../../../src/server/text/lines';
import { pythonOf } from '../analysis/oracle';

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Files, and whether Python reads them. */
const FILES: Readonly<Record<string, Buffer>> = {
  plain: Buffer.from('x = "ä€😀"\n'),
  bom: Buffer.from('\ufeffx = 1\n'),
  'bom and coding': Buffer.from('\ufeff# coding: utf-8\nx = "ä"\n'),
  'bom and another coding': Buffer.from('\ufeff# coding: latin-1\nx = 1\n'),
  latin1: latin('# -*- coding: latin-1 -*-\nx = "\xe4\x80"\n'),
  'iso-8859-15': latin('# vim: set fileencoding=iso-8859-15 :\nx = "\xa4"\n'),
  'second line': latin('#!/usr/bin/python\n# coding=latin1\nx = "\xe4"\n'),
  'second line below a blank one': latin('\n# coding=latin1\nx = "\xe4"\n'),
  'second line below code': latin('y = 1\n# coding=latin1\nx = "\xe4"\n'),
  'third line': latin('#\n#\n# coding=latin1\nx = "\xe4"\n'),
  cp1252: latin('# coding: cp1252\nx = "\x80"\n'),
  'windows-1251': latin('# coding: windows-1251\nx = "\xe4"\n'),
  koi8: latin('# coding: koi8-r\nx = "\xe4"\n'),
  sjis: Buffer.concat([Buffer.from('# coding: shift_jis\nx = "'), Buffer.from([0x82, 0xa0]), Buffer.from('"\n')]),
  'euc-jp': Buffer.concat([Buffer.from('# coding: euc-jp\nx = "'), Buffer.from([0xa4, 0xa2]), Buffer.from('"\n')]),
  gbk: Buffer.concat([Buffer.from('# coding: gbk\nx = "'), Buffer.from([0xc4, 0xe3]), Buffer.from('"\n')]),
  ascii: latin('# coding: ascii\nx = 1\n'),
  'not ascii': latin('# coding: ascii\nx = "\xe4"\n'),
  'not utf-8': latin('x = "\xe4"\n'),
  'unknown coding': latin('# coding: no-such-thing\nx = 1\n'),
  'utf-16': Buffer.from('\ufeffx = 1\n', 'utf16le'),
  'null byte': latin('x = 1\0\n'),
  empty: Buffer.from(''),
  crlf: Buffer.from('# coding: utf-8\r\nx = "ä"\r\n'),
  'old mac': Buffer.from('x = 1\ry = 2\r'),
  'form feed': Buffer.from('x = 1\n\f\ny = 2\n'),
};

const READ = `
import sys, json, io, tokenize, base64
def read(data):
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        compile(data, "f", "exec")
        return data.decode(encoding)
    except (SyntaxError, ValueError, UnicodeDecodeError, LookupError):
        return None
json.dump({k: read(base64.b64decode(v)) for k, v in json.load(sys.stdin).items()}, sys.stdout)
`;

describe('decode', () => {
  it('reads what CPython reads, as it does, and nothing else', () => {
    const input = JSON.stringify(
      Object.fromEntries(Object.entries(FILES).map(([name, bytes]) => [name, bytes.toString('base64')])),
    );
    const done = spawnSync(pythonOf().path, ['-W', 'ignore', '-c', READ], { input, encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    const expected = JSON.parse(done.stdout) as Record<string, string | null>;
    const got = Object.fromEntries(
      Object.entries(FILES).map(([name, bytes]) => {
        try {
          return [name, decode(bytes).text];
        } catch (error) {
          assert.ok(error instanceof NotPython, name);
          return [name, null];
        }
      }),
    );
    assert.deepEqual(got, expected);
    assert.ok(Object.values(expected).includes(null) && expected['sjis'] !== null);
  });

  it('says why', () => {
    const why = (name: string): string => {
      try {
        decode(FILES[name] ?? Buffer.alloc(0));
      } catch (error) {
        return error instanceof NotPython ? error.message : '';
      }
      return '';
    };
    assert.match(why('utf-16'), /UTF-16/);
    assert.match(why('unknown coding'), /no-such-thing/);
    assert.match(why('not utf-8'), /not UTF-8/);
    assert.match(why('null byte'), /null/);
    assert.match(why('not ascii'), /e4/);
    assert.match(why('bom and another coding'), /latin-1.*byte order mark/);
  });

  it('writes back the bytes that it read', () => {
    for (const [name, bytes] of Object.entries(FILES)) {
      let source;
      try {
        source = decode(bytes);
      } catch {
        continue;
      }
      assert.deepEqual(Buffer.from(encode(source.text, source)), bytes, name);
    }
  });

  it('refuses to write what the encoding has not', () => {
    assert.throws(() => encode('x = "€"', { encoding: 'latin-1', hasBom: false }), /€/);
    assert.throws(() => encode('x = "ä"', { encoding: 'shift_jis', hasBom: false }), /ä/);
    assert.throws(() => encode('x = "ä"', { encoding: 'ascii', hasBom: false }), /ä/);
  });

  it('throws nothing but NotPython, whatever the bytes', () => {
    const head = fc.constantFrom(
      '',
      '# coding: utf-16\n',
      '# coding: gb18030\n',
      '# coding: ../x\n',
      '\ufeff',
      '# coding: iso-2022-jp\n',
    );
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 200 }), (first, rest) => {
        try {
          decode(Buffer.concat([Buffer.from(first), rest]));
        } catch (error) {
          assert.ok(error instanceof NotPython);
        }
      }),
    );
  });
});

describe('lines', () => {
  it('counts code points, from 1, in lines of every end', () => {
    const lines = new Lines('a\n😀b\r\nc\rd\fe');
    assert.deepEqual(lines.position(0), { line: 1, column: 1 });
    assert.deepEqual(lines.position(4), { line: 2, column: 2 });
    assert.deepEqual(lines.position(5), { line: 2, column: 3 });
    assert.deepEqual(lines.position(7), { line: 3, column: 1 });
    assert.deepEqual(lines.position(11), { line: 4, column: 3 });
    assert.deepEqual([lines.count, lines.textOf(2), lines.textOf(4), lines.textOf(9)], [4, '😀b', 'd\fe', '']);
  });

  it('counts code points as a string iterator does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(codePoints(text), Array.from(text).length)),
    );
  });
});
