/**
 * The linter on code of others: CPython's asyncio, and the packages of test/corpus/review.json as test/requirements.txt
 * pins them. Every finding of severity warning or error must be listed there as right or wrong, by the text of its line.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Finding } from '../../../src/analysis/finding';
import { DEFAULT_SETTINGS } from '../../../src/analysis/settings';
import { testPythons } from '../../support/pythons';
import { analyzer } from './analyser';
import { lineOf } from './markdown';

interface Reviewed {
  readonly package: string;
  readonly file: string;
  readonly code: string;
  readonly severity: string;
  /** The text of the line on which it begins, without the white space around. */
  readonly line: string;
  /** How often a line of this text has it; once where it is left out. */
  readonly times?: number;
  readonly verdict: 'right' | 'wrong';
  readonly why: string;
}

const PACKAGES: readonly string[] = ['asyncio', 'aiohttp', 'tornado', 'uvicorn', 'websockets', 'anyio'];
const review = JSON.parse(readFileSync(join('test', 'corpus', 'review.json'), 'utf8')) as readonly Reviewed[];

const keyOf = (each: Omit<Reviewed, 'verdict' | 'why'>): string =>
  [each.package, each.file, each.code, each.severity, each.line].join(' | ');

/** The folders of the packages, by name, in the prepared Python of a version (their pins differ between versions). */
function packageFolders(): Map<string, string> {
  const python = testPythons().find(({ version }) => version === '3.12');
  if (!python) throw new Error('The review is of Python 3.12: run `npm test -- pythons` first.');
  const code = `import importlib.util, json; print(json.dumps([importlib.util.find_spec(n).submodule_search_locations[0] for n in ${JSON.stringify(PACKAGES)}]))`;
  const done = spawnSync(python.path, ['-c', code], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  const folders = JSON.parse(done.stdout) as string[];
  return new Map(PACKAGES.map((name, index) => [name, folders[index] ?? '']));
}

function pythonFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py'))
    .map((name) => join(folder, name))
    .sort();
}

describe('code of others', () => {
  const found = new Map<string, number>();
  const texts = new Map<string, string>();

  before(async function () {
    this.timeout(120_000);
    const shared = await analyzer();
    for (const [name, folder] of packageFolders()) {
      for (const path of pythonFiles(folder)) {
        const text = readFileSync(path, 'utf8');
        const file = relative(folder, path).replaceAll('\\', '/');
        texts.set(`${name}/${file}`, text);
        const isGrave = ({ severity }: Finding): boolean => severity === 'warning' || severity === 'error';
        for (const finding of shared.analyze(text, DEFAULT_SETTINGS).filter(isGrave)) {
          const line = text.split('\n')[lineOf(text, finding.span.start) - 1]?.trim() ?? '';
          const key = keyOf({ package: name, file, code: finding.code, severity: finding.severity, line });
          found.set(key, (found.get(key) ?? 0) + 1);
        }
      }
    }
  });

  it('has no finding that is not reviewed', () => {
    const listed = new Map(review.map((each) => [keyOf(each), each.times ?? 1]));
    const open = [...found].filter(([key, times]) => times > (listed.get(key) ?? 0)).map(([key]) => key);
    assert.deepEqual(open, [], 'look at each and list it in test/corpus/review.json');
  });

  it('still has what is listed, where the line is there', () => {
    const gone = review.filter((each) => {
      const text = texts.get(`${each.package}/${each.file}`) ?? '';
      const hasLine = text.split('\n').some((line) => line.trim() === each.line);
      // CPython's patch releases differ; the packages are pinned.
      return !found.has(keyOf(each)) && (hasLine || each.package !== 'asyncio');
    });
    assert.deepEqual(gone.map(keyOf), []);
  });

  it('is judged wrongly in at most one of twenty findings, and never by an error', () => {
    const all = review.reduce((sum, { times }) => sum + (times ?? 1), 0);
    const wrong = review.filter(({ verdict }) => verdict === 'wrong');
    assert.deepEqual(wrong.filter(({ severity }) => severity === 'error').map(keyOf), []);
    const count = wrong.reduce((sum, { times }) => sum + (times ?? 1), 0);
    assert.ok(count / all <= 0.05, `${count} of ${all} are wrong`);
  });
});
