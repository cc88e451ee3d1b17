/** The command line: arguments, formats, exit codes, fixes, baseline, hostile files. The findings are those of fake-analysis. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import Ajv from 'ajv';
import { bundles } from './bundles';
import { CliFolder } from './cli';

const require = createRequire(resolve('package.json'));
const APP = 'import asyncio\n\twhy_101\n😀 = bug_101  # here\nodd_201\n';

describe('command line', function () {
  this.timeout(30_000);
  let folder: CliFolder;
  beforeEach(() => {
    folder = new CliFolder();
  });
  afterEach(() => folder.dispose());

  describe('exit code', () => {
    it('is 0 where nothing is found', async () => {
      folder.write('a.py', 'import asyncio\n').write('b.txt', 'asyncio bug_101');
      assert.deepEqual(await folder.run(['lint']), { code: 0, stdout: 'Nothing found in 1 file.\n', stderr: '' });
    });

    it('is 1 where something is', async () => {
      folder.write('a.py', APP);
      assert.equal((await folder.run(['lint', '.'])).code, 1);
    });

    it('is 2 where it could not do its work, and says why', async () => {
      folder.write('a.py', APP);
      const check = async (args: string[], message: RegExp): Promise<void> => {
        const { code, stderr } = await folder.run(args);
        assert.deepEqual([code, message.test(stderr)], [2, true], `${args.join(' ')}: ${stderr}`);
      };
      await check(['lint', 'nowhere.py'], /nowhere\.py: there is no such file/);
      await check(['lint', '--select', 'LOOP7x'], /no rule "LOOP7x"/);
      await check(['lint', '--select', ''], /It names no code/);
      await check(['lint', '--target-version', '2.7'], /"3\.12"/);
      await check(['lint', '--format', 'xml'], /text, json, sarif, github/);
      await check(['lint', '--fix', '--diff'], /cannot be used with/);
      await check(['lint', '--no-such-flag'], /unknown option/);
      await check(['lint', '--update-baseline'], /needs --baseline/);
      await check(['lint', '--baseline', 'none.json'], /no baseline .*none\.json.*--update-baseline/);
      await check(
        ['lint', '--baseline', 'none/b.json', '--update-baseline'],
        /baseline .*b\.json can not be written: ENOENT[^\n]*\n$/,
      );
      await check(['lint', '-', 'a.py'], /standard input/);
      await check(['lint', 'a.py', '--stdin-filename', 'b.py'], /--stdin-filename is for "-"/);
      await check(['nonsense'], /unknown command/);
      folder.write('pyproject.toml', '[tool.loopscope]\nselect = ["LOOP1"\n  , "NOPE"]\n');
      await check(['lint'], /pyproject\.toml:3:5: There is no rule "NOPE"/);
    });

    it('is 0 for help and version', async () => {
      const { code, stdout } = await folder.run(['lint', '--help']);
      assert.equal(code, 0);
      for (const flag of [
        '--format',
        '--fix',
        '--diff',
        '--select',
        '--ignore',
        '--target-version',
        '--baseline',
        '--stdin-filename',
      ]) {
        assert.ok(stdout.includes(flag), flag);
      }
      const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
      assert.equal((await folder.run(['--version'])).stdout.trim(), version);
    });
  });

  describe('formats', () => {
    it('text: a line that terminals link, the source, the story, a sum', async () => {
      folder.write('src/app.py', APP);
      const { stdout } = await folder.run(['lint', 'src']);
      assert.equal(
        stdout,
        `src/app.py:3:5: LOOP101 warning: A bug 101, for 3.10. [*]
  3 | 😀 = bug_101  # here
    |     ^^^^^^^
  2 | \twhy_101
    | \t------- why 101

src/app.py:4:1: LOOP201 info: A bug 201, for 3.10.
  4 | odd_201
    | ^^^^^^^

2 findings (1 warning, 1 info) in 1 of 1 file. [*] One can be fixed with --fix.
`,
      );
    });

    it('text: colours only where they are wanted', async () => {
      folder.write('a.py', APP);
      assert.ok((await folder.run(['lint'], { env: { FORCE_COLOR: '1' } })).stdout.includes('\u001b['));
      assert.ok(!(await folder.run(['lint'])).stdout.includes('\u001b['));
    });

    it('json: every field of a finding', async () => {
      folder.write('src/app.py', APP);
      const { stdout } = await folder.run(['lint', '--format', 'json']);
      const [first, second] = JSON.parse(stdout) as [Record<string, unknown>, Record<string, unknown>];
      assert.match(String(first['fingerprint']), /^[0-9a-f]{32}$/);
      delete first['fingerprint'];
      const place = { line: 3, column: 5, endLine: 3, endColumn: 12 };
      assert.deepEqual(first, {
        code: 'LOOP101',
        message: 'A bug 101, for 3.10.',
        severity: 'warning',
        path: 'src/app.py',
        ...place,
        related: [{ message: 'why 101', path: 'src/app.py', line: 2, column: 2, endLine: 2, endColumn: 9 }],
        fixes: [{ title: 'Mend 101', safe: true, edits: [{ ...place, newText: 'ok_101' }] }],
      });
      assert.equal((second['fixes'] as [{ safe: boolean }])[0].safe, false);
      folder.write('src/app.py', '');
      assert.equal((await folder.run(['lint', '--format', 'json'])).stdout, '[]\n');
    });

    it('github: commands with escaped text', async () => {
      folder.write('a, b/app.py', APP);
      const { stdout } = await folder.run(['lint', '--format', 'github']);
      assert.equal(
        stdout,
        '::warning file=a%2C b/app.py,line=3,endLine=3,col=5,endColumn=12,title=Loopscope (LOOP101)::LOOP101 A bug 101, for 3.10.%0Aa, b/app.py:2:2: why 101\n' +
          '::notice file=a%2C b/app.py,line=4,endLine=4,col=1,endColumn=8,title=Loopscope (LOOP201)::LOOP201 A bug 201, for 3.10.\n',
      );
    });

    it('sarif: valid against the schema of 2.1.0, with code flows and fingerprints', async () => {
      folder.write('a b/äpp.py', APP).write('bad.py', 'asyncio \0');
      const { stdout, code } = await folder.run(['lint', '--format', 'sarif']);
      assert.equal(code, 1);
      const log = JSON.parse(stdout) as SarifLog;
      const problems = sarifProblems(log);
      assert.deepEqual(problems, []);
      const [run] = log.runs;
      const [result] = run.results;
      assert.ok(result);
      assert.equal(run.tool.driver.rules[result.ruleIndex]?.id, 'LOOP101');
      assert.deepEqual(
        result.codeFlows[0].threadFlows[0].locations.map(({ location }) => location.physicalLocation.region.startLine),
        [2, 3],
      );
      const { uri, uriBaseId } = result.locations[0].physicalLocation.artifactLocation;
      assert.equal(
        new URL(uri, run.originalUriBaseIds[uriBaseId]?.uri).href,
        pathToFileURL(join(folder.path, 'a b/äpp.py')).href,
      );
      assert.match(result.partialFingerprints['loopscope/v1'] ?? '', /^[0-9a-f]{32}$/);
      assert.match(run.invocations[0].toolExecutionNotifications[0]?.message.text ?? '', /null bytes/);
      assert.ok(sarifProblems({ ...log, version: '1.0' }).length > 0, 'the schema must be able to refuse');
    });

    it('fingerprints outlive lines that move, and differ for two alike', async () => {
      const prints = async (text: string): Promise<string[]> => {
        folder.write('a.py', text);
        const { stdout } = await folder.run(['lint', '--format', 'json']);
        return (JSON.parse(stdout) as { fingerprint: string }[]).map((finding) => finding.fingerprint);
      };
      const before = await prints('import asyncio\nbug_101\nbug_101\n');
      const after = await prints('import asyncio\n\n\n  bug_101\nok\nbug_101\n');
      assert.deepEqual(after, before);
      assert.equal(new Set(before).size, 2);
    });
  });

  describe('settings', () => {
    it('of pyproject.toml hold, those of the command line stand over them', async () => {
      folder
        .write(
          'pyproject.toml',
          '[project]\nrequires-python=">=3.11"\n[tool.loopscope]\nignore=["LOOP101"]\nseverity={LOOP201="error"}\n[tool.loopscope.per-file-ignores]\n"tests/"=["LOOP2"]',
        )
        .write('a.py', APP)
        .write('tests/b.py', APP);
      const lines = async (...args: string[]): Promise<string[]> =>
        (await folder.run(['lint', ...args])).stdout.split('\n').filter((line) => /^\S+:\d/.test(line));
      assert.deepEqual(await lines(), ['a.py:4:1: LOOP201 error: A bug 201, for 3.11.']);
      assert.deepEqual(await lines('--ignore', 'LOOP2', '--target-version', 'py312'), [
        'a.py:3:5: LOOP101 warning: A bug 101, for 3.12. [*]',
        'tests/b.py:3:5: LOOP101 warning: A bug 101, for 3.12. [*]',
      ]);
      assert.deepEqual(await lines('--select', 'LOOP9'), []);
    });
  });

  describe('files', () => {
    const found = async (...args: string[]): Promise<string[]> => {
      const { stdout } = await folder.run(['lint', '--format', 'json', ...args]);
      return [...new Set((JSON.parse(stdout) as { path: string }[]).map((finding) => finding.path))];
    };

    it('of a tree: not what version control ignores, environments, caches; always in the same order', async () => {
      const hit = 'asyncio; bug_101';
      for (const name of [
        'z.py',
        'B/x.pyi',
        'a/y.pyw',
        'a/x.txt',
        '.venv/x.py',
        'node_modules/x.py',
        'env/x.py',
        '.git/x.py',
        'out/x.py',
        'gen/keep.py',
        'gen/x.py',
        'a/skip_x.py',
        'sub/skip_x.py',
        'excluded/x.py',
      ]) {
        folder.write(name, hit);
      }
      folder
        .write('env/pyvenv.cfg', '')
        .write('.gitignore', '/out\ngen/*\n!gen/keep.py\n')
        .write('a/.gitignore', 'skip_*\n');
      folder.write('pyproject.toml', '[tool.loopscope]\nexclude=["excluded"]');
      symlinkSync(folder.path, join(folder.path, 'self'));
      assert.deepEqual(await found(), ['B/x.pyi', 'a/y.pyw', 'gen/keep.py', 'sub/skip_x.py', 'z.py']);
      assert.deepEqual(await found('a', 'z.py', 'a/y.pyw', 'out/x.py', '.venv'), [
        'a/y.pyw',
        'z.py',
        'out/x.py',
        '.venv/x.py',
      ]);
    });

    it('named need no .py', async () => {
      folder.write('script', '#!/usr/bin/env python\nimport asyncio; bug_101');
      assert.deepEqual(await found('script'), ['script']);
    });

    it('hundreds of them, in workers, give the same report as one after the other', async () => {
      // Together enough for more than one thread, each part for one.
      const long = `${APP}# ${'x'.repeat(200_000)}\n`;
      for (let index = 0; index < 230; index++)
        folder.write(`p${index % 7}/f${index}.py`, index % 3 === 0 ? long : 'x = 1\n');
      const all = await folder.run(['lint', '--format', 'json']);
      const parts = [];
      for (let part = 0; part < 7; part++)
        parts.push(...(JSON.parse((await folder.run(['lint', '--format', 'json', `p${part}`])).stdout) as unknown[]));
      assert.deepEqual(JSON.parse(all.stdout), parts);
      assert.equal(all.code, 1);
      assert.ok(parts.length > 100);
    });

    it('that make the analysis fail cost only themselves', async () => {
      folder.write('a.py', 'asyncio crash').write('b.py', APP);
      const { code, stdout, stderr } = await folder.run(['lint']);
      assert.deepEqual([code, stderr], [2, 'loopscope: a.py is not checked: crashed\n']);
      assert.match(stdout, /b\.py:3:5/);
    });

    it('that Python would not read are told of; a fault only where they are named', async () => {
      folder.write('bad.py', Buffer.from('asyncio \xe4', 'latin1')).write('bin.py', 'asyncio \0');
      const walked = await folder.run(['lint']);
      assert.equal(walked.code, 0);
      assert.equal(
        walked.stderr,
        'loopscope: bad.py is not checked: it is not UTF-8, and no coding line names another encoding\nloopscope: bin.py is not checked: it holds null bytes: it is no source text\n',
      );
      assert.equal((await folder.run(['lint', 'bad.py'])).code, 2);
    });

    it('that can not be read are a fault', async () => {
      folder.write('a.py', APP).write('b.py', APP);
      chmodSync(join(folder.path, 'a.py'), 0);
      const { code, stdout, stderr } = await folder.run(['lint'], { asNobody: true });
      assert.deepEqual(
        [code, /a\.py is not checked: EACCES/.test(stderr), /b\.py:3:5/.test(stdout)],
        [2, true, true],
        stderr,
      );
    });

    it('that never end are not begun', async () => {
      spawnSync('mkfifo', [join(folder.path, 'pipe.py')]);
      const { code, stderr } = await folder.run(['lint', 'pipe.py', '/dev/zero']);
      assert.equal(code, 2);
      assert.match(stderr, /pipe\.py is not checked: it is no regular file/);
      assert.match(stderr, /\/dev\/zero is not checked: it is no regular file/);
    });

    it('in other encodings and line ends have their own lines and columns', async () => {
      folder
        .write('bom.py', '\ufeffasyncio = bug_101\n')
        .write('crlf.py', 'asyncio\r\n\fbug_101\r\n')
        .write('latin.py', Buffer.from('# coding: latin-1\n"\xe4"; asyncio; bug_101\n', 'latin1'));
      const { stdout } = await folder.run(['lint', '--format', 'json']);
      assert.deepEqual(
        (JSON.parse(stdout) as { path: string; line: number; column: number }[]).map(({ path, line, column }) => [
          path,
          line,
          column,
        ]),
        [
          ['bom.py', 1, 11],
          ['crlf.py', 2, 2],
          ['latin.py', 2, 15],
        ],
      );
    });
  });

  describe('fixing', () => {
    it('--fix writes safe fixes in the encoding of the file and reports what is left', async () => {
      const latin = Buffer.from('# coding: latin-1\r\n"\xe4"; asyncio; bug_101\r\n', 'latin1');
      folder.write('a.py', APP).write('b.py', latin).write('c.py', '\ufeffasyncio; odd_201\n');
      const untouched = folder.bytes('c.py');
      const { code, stdout } = await folder.run(['lint', '--fix']);
      assert.equal(code, 1);
      assert.match(stdout, /^2 findings fixed\. 2 findings \(2 info\) in 2 of 3 files\.$/m);
      assert.equal(folder.read('a.py'), APP.replace('bug_101', 'ok_101'));
      assert.deepEqual(
        folder.bytes('b.py'),
        Buffer.from(latin.toString('latin1').replace('bug_101', 'ok_101'), 'latin1'),
      );
      assert.deepEqual(folder.bytes('c.py'), untouched);
      const again = await folder.run(['lint', '--fix']);
      assert.doesNotMatch(again.stdout, /fixed\./);
    });

    it('--diff shows it and writes nothing', async () => {
      folder.write('src/a.py', APP);
      const { code, stdout, stderr } = await folder.run(['lint', '--diff']);
      assert.equal(
        stdout,
        '--- src/a.py\n+++ src/a.py\n@@ -1,4 +1,4 @@\n import asyncio\n \twhy_101\n-😀 = bug_101  # here\n+😀 = ok_101  # here\n odd_201\n',
      );
      assert.deepEqual([code, stderr], [1, '1 finding would be fixed.\n']);
      assert.equal(folder.read('src/a.py'), APP);
      const patched = spawnSync('git', ['apply', '-p0'], { cwd: folder.path, input: stdout, encoding: 'utf8' });
      assert.deepEqual([patched.stderr, folder.read('src/a.py')], ['', APP.replace('bug_101', 'ok_101')]);
      assert.equal((await folder.run(['lint', '--diff'])).code, 0);
    });

    it('--diff is in the bytes of each file, so that patch does what --fix does', async () => {
      folder
        .write('a b.py', '\ufeffasyncio; bug_101\r\n')
        .write('latin.py', Buffer.from('# coding: latin-1\nasyncio\n"\xe4"; bug_101', 'latin1'));
      const { code } = await folder.run(['lint', '--diff'], { stdoutTo: 'change.diff' });
      assert.equal(code, 1);
      const before = ['a b.py', 'latin.py'].map((name) => [name, folder.bytes(name)] as const);
      const patched = spawnSync('patch', ['-p0', '-F0', '-i', 'change.diff'], { cwd: folder.path, encoding: 'utf8' });
      assert.equal(patched.status, 0, patched.stdout + patched.stderr);
      const after = before.map(([name]) => folder.bytes(name));
      for (const [name, bytes] of before) folder.write(name, bytes);
      await folder.run(['lint', '--fix']);
      assert.deepEqual(
        after,
        before.map(([name]) => folder.bytes(name)),
      );
    });
  });

  describe('standard input', () => {
    it('is checked under the name given, with the settings of its place', async () => {
      folder.write('tests/pyproject.toml', '[tool.loopscope]\nignore=["LOOP2"]');
      const { code, stdout } = await folder.run(['lint', '-', '--stdin-filename', 'tests/x.py', '--format', 'json'], {
        stdin: APP,
      });
      assert.equal(code, 1);
      assert.deepEqual(
        (JSON.parse(stdout) as { path: string; code: string }[]).map(({ path, code: rule }) => [path, rule]),
        [['tests/x.py', 'LOOP101']],
      );
    });

    it('with --fix goes to standard output, mended or as it was', async () => {
      const mended = await folder.run(['lint', '-', '--fix'], { stdin: APP });
      assert.deepEqual([mended.code, mended.stdout], [1, APP.replace('bug_101', 'ok_101')]);
      assert.match(mended.stderr, /stdin\.py:4:1: LOOP201/);
      const clean = await folder.run(['lint', '-', '--fix'], { stdin: 'x = 1\n' });
      assert.deepEqual([clean.code, clean.stdout], [0, 'x = 1\n']);
      const latin = '# coding: latin-1\nasyncio; "\xe4"; bug_101\n';
      await folder.run(['lint', '-', '--fix'], { stdin: Buffer.from(latin, 'latin1'), stdoutTo: 'latin.py' });
      assert.equal(folder.bytes('latin.py').toString('latin1'), latin.replace('bug_101', 'ok_101'));
      const marked = await folder.run(['lint', '-', '--fix'], { stdin: '\ufeffasyncio; bug_101\n' });
      assert.equal(marked.stdout, '\ufeffasyncio; ok_101\n');
    });

    it('that is no Python is a fault', async () => {
      const { code, stderr } = await folder.run(['lint', '-'], { stdin: Buffer.from([0, 1, 2]) });
      assert.deepEqual([code, /standard input is not checked/.test(stderr)], [2, true]);
    });
  });

  describe('baseline', () => {
    it('hides what it holds while lines move, and nothing else', async () => {
      folder.write('a.py', APP);
      const written = await folder.run(['lint', '--baseline', 'known.json', '--update-baseline']);
      assert.deepEqual([written.code, written.stdout], [0, '']);
      assert.equal((await folder.run(['lint', '--baseline', 'known.json'])).code, 0);
      folder.write('a.py', `# new\nbug_301\n${APP}`);
      const { code, stdout } = await folder.run(['lint', '--baseline', 'known.json']);
      assert.equal(code, 1);
      assert.match(stdout, /^1 finding \(1 error\)/m);
    });

    it('is the same one from whatever folder it is used', async () => {
      folder.write('src/a.py', APP);
      await folder.run(['lint', '--baseline', '../known.json', '--update-baseline'], { cwd: 'src' });
      assert.match(folder.read('known.json'), /"path": "src\/a\.py"/);
      const codes = [
        (await folder.run(['lint', '--baseline', 'known.json'])).code,
        (await folder.run(['lint', '--baseline', '../known.json', '..'], { cwd: 'src' })).code,
      ];
      assert.deepEqual(codes, [0, 0]);
    });

    it('that is none is a fault', async () => {
      folder.write('known.json', '{"version": 2}').write('a.py', APP);
      const { code, stderr } = await folder.run(['lint', '--baseline', 'known.json']);
      assert.deepEqual([code, /known\.json can not be read: it is not a baseline/.test(stderr)], [2, true]);
    });
  });

  it('ends quietly when nobody reads on', async () => {
    for (let index = 0; index < 3000; index++)
      folder.write(`f/${index % 10}.py`, `asyncio\n${'bug_101\n'.repeat(400)}`);
    const { cli } = await bundles('fake');
    const ended = spawnSync('sh', ['-c', `"${process.execPath}" "${cli}" lint f | head -1`], {
      cwd: folder.path,
      encoding: 'utf8',
    });
    assert.deepEqual([ended.stdout.split('\n').length, ended.stderr], [2, '']);
  });
});

interface SarifPlace {
  readonly physicalLocation: {
    readonly artifactLocation: { uri: string; uriBaseId: string };
    readonly region: { startLine: number };
  };
}

interface SarifLog {
  readonly version: string;
  readonly runs: [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { id: string }[] } };
      readonly originalUriBaseIds: Readonly<Record<string, { uri: string }>>;
      readonly invocations: [{ readonly toolExecutionNotifications: readonly { message: { text: string } }[] }];
      readonly results: readonly {
        readonly ruleIndex: number;
        readonly locations: [SarifPlace];
        readonly codeFlows: [{ threadFlows: [{ locations: readonly { location: SarifPlace }[] }] }];
        readonly partialFingerprints: Readonly<Record<string, string>>;
      }[];
    },
  ];
}

/** What the schema of SARIF 2.1.0 has against a log. */
function sarifProblems(log: unknown): string[] {
  const schema = JSON.parse(
    readFileSync(require.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'), 'utf8'),
  ) as object;
  const ajv = new Ajv({ schemaId: 'id', meta: false, unknownFormats: 'ignore' });
  ajv.addMetaSchema(require('ajv/lib/refs/json-schema-draft-04.json') as object);
  const validate = ajv.compile(schema);
  if (validate(log)) return [];
  return (validate.errors ?? []).map((error) => `${error.dataPath} ${error.message ?? ''}`);
}
