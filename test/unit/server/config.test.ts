/** Settings: what a pyproject.toml says, what is wrong in it and where, and which file's settings hold for a file. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DEFAULT_SETTINGS, NEWEST_PYTHON } from '../../../src/analysis/settings';
import { Projects } from '../../../src/server/config/project';
import { readPyproject } from '../../../src/server/config/pyproject';
import { pythonOf } from '../analysis/oracle';
import { parseTargetVersion, targetOfRequiresPython } from '../../../src/server/config/requires-python';

const KNOWN = new Set(['LOOP101', 'LOOP102', 'LOOP201', 'LOOP900']);

describe('pyproject', () => {
  it('reads every setting', () => {
    const { project, errors } = readPyproject(
      `
[project]
requires-python = ">=3.11"
[tool.loopscope]
select = ["LOOP1", "LOOP201"]
ignore = ["LOOP102"]
severity.LOOP101 = "error"
blocking-calls = ["app.db.query", "legacy.*"]
loop-factories = ["app.make_loop"]
cleanup-functions = ["app.close_loop"]
exclude = ["generated/"]
[tool.loopscope.per-file-ignores]
"tests/**" = ["LOOP1"]
`,
      KNOWN,
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(project.settings, {
      ...DEFAULT_SETTINGS,
      target: { lowest: 11, highest: NEWEST_PYTHON },
      select: ['LOOP1', 'LOOP201'],
      ignore: ['LOOP102'],
      severity: { LOOP101: 'error' },
      blockingCalls: ['app.db.query', 'legacy.*'],
      loopFactories: ['app.make_loop'],
      cleanupFunctions: ['app.close_loop'],
    });
    assert.deepEqual(project.perFileIgnores, [{ pattern: 'tests/**', codes: ['LOOP1'] }]);
    assert.deepEqual(project.exclude, ['generated/']);
  });

  /** Line, column and a part of the message of the only error. */
  function checkError(text: string, line: number, column: number, message: RegExp): void {
    const { errors } = readPyproject(text, KNOWN);
    assert.equal(errors.length, 1, JSON.stringify(errors));
    assert.match(errors[0]?.message ?? '', message);
    assert.deepEqual(errors[0]?.at.start, { line, column });
  }

  it('tells every wrong setting at its place', () => {
    checkError('[tool.loopscope]\nselect = ["LOOP1", "LOOP7"]', 2, 20, /no rule "LOOP7"/);
    checkError('[tool.loopscope]\nselect = "LOOP1"', 2, 10, /list of strings/);
    checkError('[tool.loopscope]\nselect = [1]', 2, 11, /list of strings/);
    checkError('[tool.loopscope]\nignore = [""]', 2, 11, /empty/);
    checkError('[tool.loopscope]\n\nselct = []', 3, 1, /no setting "selct".*"select"/);
    checkError('[tool.loopscope]\nper_file_ignores = {}', 2, 1, /"per-file-ignores"/);
    checkError('[tool.loopscope]\nzzz = {}', 2, 1, /The settings are select/);
    checkError('[tool.loopscope]\ntarget-version = "2.7"', 2, 18, /target-version/);
    checkError('[tool.loopscope]\ntarget-version = 3.12', 2, 18, /target-version/);
    checkError('[tool.loopscope.severity]\nLOOP101 = "fatal"', 2, 11, /"error", "warning", "info", "hint"/);
    checkError('[tool.loopscope.severity]\nLOOP1O1 = "error"', 2, 1, /no rule "LOOP1O1"/);
    checkError('[tool.loopscope]\nblocking-calls = ["time sleep"]', 2, 19, /qualified name/);
    checkError('[tool.loopscope]\nblocking-calls = ["time.sleep", "a.*.b"]', 2, 33, /or package.module\.\* for all/);
    checkError('[tool.loopscope]\nloop-factories = ["app.loops.*"]', 2, 19, /qualified name/);
    checkError('[tool.loopscope]\ncleanup-functions = ["app.loops.*"]', 2, 22, /qualified name/);
    checkError('[tool.loopscope]\nexclude = ["a", "[b-dz-a].py"]', 2, 17, /range z-a is out of order/);
    checkError('[tool.loopscope]\nexclude = [" "]', 2, 12, /empty/);
    checkError('[tool.loopscope]\nexclude = ["#a"]', 2, 12, /comment/);
    checkError('[tool.loopscope.per-file-ignores]\n"a[9-0]" = ["LOOP101"]', 2, 1, /range 9-0/);
    checkError('[project]\nrequires-python = ">>3.9"\n[tool.loopscope]', 2, 19, /specifiers/);
    checkError('[tool.loopscope.per-file-ignores]\n"a" = ["X"]', 2, 8, /no rule "X"/);
    checkError('[tool]\nloopscope = 3', 2, 13, /table/);
    checkError('[tool.loopscope]\nselect = nope', 2, 10, /./);
  });

  it('says nothing of patterns and versions that are right, or are for other tools only', () => {
    for (const text of [
      '[tool.loopscope]\nexclude = ["[a-z]", "[!a-z]x", "[]-a]", "[a-]", "\\\\[z-a]", "[", "!keep.py", "\\\\#a", "[\\\\z-\\\\~]"]',
      '[tool.loopscope]\nblocking-calls = ["app.slow.*"]',
      '[project]\nrequires-python = ">=2.7, <3"\n[tool.loopscope]',
      '[project]\nrequires-python = ">>3.9"\n[tool.loopscope]\ntarget-version = "3.9+"',
      '[project]\nrequires-python = ">>3.9"',
    ]) {
      assert.deepEqual(readPyproject(text, KNOWN).errors, [], text);
    }
  });

  it('keeps what is right beside what is wrong', () => {
    const { project } = readPyproject('[tool.loopscope]\nignore = ["LOOP101", "LOOP7"]\nselect = 1', KNOWN);
    assert.deepEqual([project.settings.ignore, project.settings.select], [['LOOP101'], DEFAULT_SETTINGS.select]);
  });

  it('reads target versions', () => {
    const ends = (source: string): string => {
      const target = parseTargetVersion(source);
      return target ? `${target.lowest}-${target.highest}` : 'none';
    };
    assert.deepEqual(['3.12', 'py39', '3.10-3.13', 'py310-py314', '3.10+'].map(ends), [
      '12-12',
      '9-9',
      '10-13',
      '10-14',
      `10-${NEWEST_PYTHON}`,
    ]);
    assert.deepEqual(['3', '3.7', '3.99', '3.12-3.10', '4.1', '', 'py3'].map(ends), Array<string>(7).fill('none'));
  });

  it('reads requires-python as packaging does', () => {
    const specifiers = [
      '>=3.9',
      '>=3.9,<3.13',
      '>3.9',
      '~=3.10',
      '~=3.11.2',
      '==3.12.*',
      '!=3.10.*,>=3.9',
      '<=3.12',
      '>=2.7',
      '==3.11',
      '>=3.9.2, <4',
      '<3',
      '===3.12.1',
      '',
      '>=3.13.0rc1',
    ];
    const script = `
import sys, json
try:
    from packaging.specifiers import SpecifierSet
except ImportError:
    from pip._vendor.packaging.specifiers import SpecifierSet
def ends(spec):
    s = SpecifierSet(spec)
    ok = [n for n in range(8, ${NEWEST_PYTHON + 1}) if any(s.contains(f"3.{n}.{p}") for p in range(40))]
    return [ok[0], ok[-1]] if ok else None
json.dump([ends(s) for s in json.load(sys.stdin)], sys.stdout)`;
    const done = spawnSync(pythonOf().path, ['-c', script], { input: JSON.stringify(specifiers), encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    const got = specifiers.map((source) => {
      const target = targetOfRequiresPython(source);
      return target ? [target.lowest, target.highest] : null;
    });
    assert.deepEqual(got, JSON.parse(done.stdout));
    assert.equal(targetOfRequiresPython('three'), undefined);
  });
});

describe('projects', () => {
  let root: string;
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'loopscope-config-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('takes the nearest table of ours, and the nearest requires-python', () => {
    write('pyproject.toml', '[project]\nrequires-python=">=3.9"\n[tool.loopscope]\nignore=["LOOP101"]');
    write('a/pyproject.toml', '[project]\nrequires-python=">=3.13"');
    write('b/pyproject.toml', '[tool.loopscope]\nignore=["LOOP102"]\ntarget-version="3.11"');
    const projects = new Projects(KNOWN);
    const { ignore: ignoredInA, target: targetOfA } = projects.of(join(root, 'a/x.py')).settings;
    assert.deepEqual([ignoredInA, targetOfA.lowest], [['LOOP101'], 13]);
    const { ignore: ignoredInB, target: targetOfB } = projects.of(join(root, 'b/c/x.py')).settings;
    assert.deepEqual([ignoredInB, targetOfB], [['LOOP102'], { lowest: 11, highest: 11 }]);
    assert.equal(projects.of(join(root, 'x.py')).settings.target.lowest, 9);
  });

  it('ignores by file, one settings object for files alike', () => {
    write(
      'pyproject.toml',
      '[tool.loopscope.per-file-ignores]\n"tests/" = ["LOOP1"]\n"test_*.py" = ["LOOP2"]\n"!src/**" = ["LOOP9"]',
    );
    const project = new Projects(KNOWN).of(join(root, 'x.py'));
    const off = (path: string): readonly string[] => project.settingsOf(join(root, path)).off;
    assert.deepEqual(off('src/a.py'), []);
    assert.deepEqual(off('tests/a.py'), ['LOOP1', 'LOOP9']);
    assert.deepEqual(off('tests/deep/test_a.py'), ['LOOP1', 'LOOP2', 'LOOP9']);
    assert.deepEqual(off('src/test_a.py'), ['LOOP2']);
    assert.equal(project.settingsOf(join(root, 'tests/a.py')), project.settingsOf(join(root, 'tests/b.py')));
    assert.deepEqual(project.settingsOf('/elsewhere/a.py').off, ['LOOP9']);
  });

  it('excludes, and forgets when told to', () => {
    write('pyproject.toml', '[tool.loopscope]\nexclude = ["gen/", "*_pb2.py"]');
    const projects = new Projects(KNOWN);
    const excluded = (path: string): boolean => projects.of(join(root, path)).isExcluded(join(root, path));
    assert.deepEqual(['gen/a.py', 'x_pb2.py', 'src/x_pb2.py', 'a.py'].map(excluded), [true, true, true, false]);
    write('pyproject.toml', '[tool.loopscope]\nexclude = []');
    assert.equal(excluded('gen/a.py'), true);
    projects.forget();
    assert.equal(excluded('gen/a.py'), false);
  });

  it('lists each file with errors once', () => {
    write('pyproject.toml', '[tool.loopscope]\nselect = ["NO"]');
    const projects = new Projects(KNOWN);
    projects.of(join(root, 'a.py'));
    projects.of(join(root, 'b/a.py'));
    assert.deepEqual(
      projects.errors().map((file) => [file.path, file.errors.length]),
      [[join(root, 'pyproject.toml'), 1]],
    );
  });

  it('knows what Ruff selects', () => {
    write('pyproject.toml', '[tool.ruff.lint]\nselect = ["ASYNC"]\nextend-select = ["RUF006"]');
    write('b/ruff.toml', 'lint.select = ["E"]');
    const projects = new Projects(KNOWN);
    assert.deepEqual(projects.of(join(root, 'a.py')).ruffSelects, ['ASYNC', 'RUF006']);
    assert.deepEqual(projects.of(join(root, 'b/a.py')).ruffSelects, ['E']);
  });
});
