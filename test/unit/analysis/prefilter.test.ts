/**
 * What is told of a text without parsing it: code is told from comments and strings as CPython's own tokenizer tells it, and
 * no text that is passed over has a finding.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../../src/analysis/code';
import { codeMayHaveFindings, mayHaveFindings } from '../../../src/analysis/prefilter';
import { DEFAULT_SETTINGS } from '../../../src/analysis/settings';
import { analyzer } from './analyser';
import { pythonOf } from './oracle';

/** Prints for each file the names and keywords that its code has, by CPython's tokenizer. */
const NAMES = `
import json, sys, tokenize
names = {}
for path in json.load(sys.stdin):
    with open(path, encoding='utf-8') as file:
        tokens = tokenize.generate_tokens(file.readline)
        names[path] = sorted({token.string for token in tokens if token.type == tokenize.NAME})
json.dump(names, sys.stdout)
`;

function libraryFiles(): string[] {
  const find = ['-c', 'import sysconfig; print(sysconfig.get_path("stdlib"))'];
  const library = execFileSync(pythonOf().path, find, { encoding: 'utf8' }).trim();
  return ['.', 'asyncio', 'concurrent', 'email', 'idlelib', 'json', 'unittest'].flatMap((folder) =>
    readdirSync(join(library, folder))
      .filter((name) => name.endsWith('.py'))
      .map((name) => join(library, folder, name)),
  );
}

describe('what is told of a text without parsing it', () => {
  it('has every name of the code, by CPython, and passes over no text with a finding', async function () {
    this.timeout(120_000);
    const files = libraryFiles();
    const printed = execFileSync(pythonOf().path, ['-c', NAMES], { input: JSON.stringify(files), encoding: 'utf8' });
    const names = JSON.parse(printed) as Record<string, string[]>;
    const analysis = await analyzer();
    let sure = 0;
    let passedOver = 0;
    for (const file of files) {
      const text = readFileSync(file, 'utf8');
      const code = codeOf(text);
      if (code !== undefined) {
        sure++;
        const words = new Set(code.match(/[\p{L}\p{N}_]+/gu));
        const lost = (names[file] ?? []).filter((name) => !words.has(name));
        assert.deepEqual(lost, [], file);
      }
      if (!mayHaveFindings(text, DEFAULT_SETTINGS) || codeMayHaveFindings(text, DEFAULT_SETTINGS)) continue;
      passedOver++;
      const open = analysis.open(text);
      assert.deepEqual(open.findings(DEFAULT_SETTINGS), [], file);
      open.dispose();
    }
    assert.ok(sure > files.length * 0.9, `${sure} of ${files.length}`);
    assert.ok(passedOver > 5, `${passedOver}`);
  });

  for (const [text, code] of [
    ['x = "asyncio"  # asyncio\n', 'x = ""  \n'],
    [`x = r'\\'asyncio' + 1`, `x = r'' + 1`],
    ['"""asyncio\n"""\ny', '""""""\ny'],
    ['x = 1 + \\\r\n  y', 'x = 1 + \\\r\n  y'],
    ['f"{asyncio}"', 'f"{asyncio}"'],
    [`f"{d['k']} {{ }}" + "a"`, `f"{d['k']} {{ }}" + ""`],
    ['if"asyncio":y', 'if"asyncio":y'],
  ] as const) {
    it(`finds the code in ${JSON.stringify(text)}`, () => assert.equal(codeOf(text), code));
  }

  for (const text of [
    ...['x = "asyncio', '"""asyncio', 'x \\ y', 'if"}" in x: "#"; import asyncio', 'f"{d["k"]}"', 'f"{x # y\n}"'],
    ...['f"}"', `f"{x:'{'}..."`, 'f"{x', "f'''{x"],
  ]) {
    it(`is not sure of ${JSON.stringify(text)}`, () => {
      assert.equal(codeOf(text), undefined);
      assert.ok(codeMayHaveFindings(`import asyncio\n${text}`, DEFAULT_SETTINGS));
    });
  }

  it('looks at suppressions in comments', () => {
    assert.ok(codeMayHaveFindings('x = 1  # noqa: LOOP101\n', DEFAULT_SETTINGS));
    assert.ok(!codeMayHaveFindings('x = "asyncio"  # async def\n', DEFAULT_SETTINGS));
  });
});
