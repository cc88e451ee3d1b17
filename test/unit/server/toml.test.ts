/** TOML: CPython's tomllib is asked what each text holds, and whether it is TOML at all. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import type { TomlValue } from '../../../src/server/config/toml';
import { readToml, TomlError } from '../../../src/server/config/toml';
import { pythonOf } from '../analysis/oracle';

const READ = `
import json, sys, tomllib
def plain(v):
    if isinstance(v, dict): return {k: plain(w) for k, w in v.items()}
    if isinstance(v, list): return [plain(w) for w in v]
    return v if isinstance(v, (str, bool)) else "(other)"
def read(text):
    try: return plain(tomllib.loads(text))
    except tomllib.TOMLDecodeError: return None
json.dump([read(t) for t in json.load(sys.stdin)], sys.stdout)
`;

function ofPython(texts: readonly string[]): unknown[] {
  const input = JSON.stringify(texts);
  const done = spawnSync(pythonOf().path, ['-c', READ], { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout) as unknown[];
}

function plain(value: TomlValue): unknown {
  switch (value.kind) {
    case 'string':
    case 'boolean':
      return value.value;
    case 'array':
      return value.items.map(plain);
    case 'table':
      return Object.fromEntries([...value.entries].map(([key, entry]) => [key, plain(entry.value)]));
    case 'other':
      return '(other)';
  }
}

function ours(text: string): unknown {
  try {
    return plain(readToml(text));
  } catch (error) {
    assert.ok(error instanceof TomlError);
    return null;
  }
}

const TEXTS = [
  '',
  '# only a comment',
  'a = "x" # c\r\nb = \'\\n\'\n',
  'a = "\\u00e4\\U0001F600\\t\\"\\\\"',
  'a = """\nx\n  y\\\n   z"" """\nb = \'\'\'\nq\'\'\'',
  'a = """x"""""',
  "a = '''it''s'''''",
  'a.b."c d".e = true\na.x = false',
  '[a.b]\nx = 1\n[a]\ny = 2.5e3\n[c]\nz = 1979-05-27 07:32:00Z\nt = 07:32:00\nh = 0xdead_beef\ni = -inf',
  '[[a]]\nx = 1\n[[a]]\nx = 2\n[a.b]\ny = 3\n',
  'a = [ 1, [ "x", ], # c\n  { b = 1, c.d = "e" }, ]',
  'a = {}\nb = []',
  '"quoted key" = 1\n\'literal\' = 2\n1 = 3',
  'a = nope',
  'a = ',
  'a',
  '= 1',
  '[a',
  '[a]]\nb = 1',
  'a = "x\ny"',
  'a = "\\q"',
  'a = 1 b = 2',
  'a = 1\na = 2',
  'a = [1 2]',
  'a = "never',
  'a = 1\n[a.b]\n',
];

describe('toml', () => {
  it('reads what tomllib reads, as it does, and nothing else', () => {
    const expected = ofPython(TEXTS);
    TEXTS.forEach((text, index) => assert.deepEqual(ours(text), expected[index], text));
    assert.ok(expected.some((value) => value === null));
  });

  it('reads every document of random keys and values as tomllib does', () => {
    const quoted = fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text));
    const key = fc.oneof(fc.stringMatching(/^[A-Za-z0-9_-]{1,6}$/), quoted);
    const literal = fc.stringMatching(/^[^'\\\x00-\x1f\x7f]{0,6}$/).map((text) => `'${text}'`);
    const fixed = fc.constantFrom(
      'true',
      'false',
      '1',
      '-2.5',
      '0x1f',
      '1979-05-27',
      "'''a\nb'''",
      '"""\n x\\\n  y"""',
    );
    const unique = (name: string): string => (name.startsWith('"') ? (JSON.parse(name) as string) : name);
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.oneof(quoted, literal, fixed),
        fc.array(tie('value'), { maxLength: 3 }).map((items) => `[ ${items.join(',\n ')} ]`),
        fc
          .uniqueArray(fc.tuple(key, tie('value')), { selector: ([name]) => unique(name), maxLength: 3 })
          .map((pairs) => `{ ${pairs.map(([name, each]) => `${name} = ${each}`).join(', ')} }`),
      ),
    }));
    const line = fc.tuple(key, value).map(([name, each]) => `${name} = ${each}`);
    const header = fc.array(key, { minLength: 1, maxLength: 2 }).map((keys) => `[${keys.join('.')}]`);
    const document = fc.array(fc.oneof({ weight: 4, arbitrary: line }, { weight: 1, arbitrary: header }), {
      maxLength: 6,
    });
    const texts = fc.sample(document, { numRuns: 400, seed: 7 }).map((lines) => lines.join('\n'));
    const expected = ofPython(texts);
    // What tomllib refuses for reasons that no setting meets (a table declared twice) may be read.
    let compared = 0;
    texts.forEach((text, index) => {
      if (expected[index] === null) return;
      compared++;
      assert.deepEqual(ours(text), expected[index], text);
    });
    assert.ok(compared > 200, String(compared));
  });

  it('throws nothing but TomlError, with a place in the text', () => {
    const part = fc.constantFrom(
      '[',
      ']',
      '=',
      '"',
      "'",
      '"""',
      '\n',
      'a',
      '.',
      ',',
      '{',
      '}',
      '#',
      '\\',
      ' ',
      '1',
      'true',
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join('');
        try {
          readToml(text);
        } catch (error) {
          assert.ok(error instanceof TomlError);
          assert.ok(error.at.line >= 1 && error.at.line <= text.split('\n').length, text);
        }
      }),
      { numRuns: 2000 },
    );
    assert.throws(() => readToml(`a = ${'['.repeat(10_000)}`), TomlError);
  });
});
