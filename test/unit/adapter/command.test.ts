import assert from 'node:assert/strict';
import { posix, win32 } from 'node:path';
import fc from 'fast-check';
import { LaunchError, parseLaunch } from '../../../src/adapter/launch/arguments';
import { buildCommand, type Surroundings } from '../../../src/adapter/launch/command';
import { parseEnvFile } from '../../../src/adapter/launch/env-file';
import { splitArgs } from '../../../src/adapter/launch/split-args';

function world(windows: boolean, env: Record<string, string> = {}, files: Record<string, string> = {}): Surroundings {
  const paths = windows ? win32 : posix;
  const resolve = (base: string, path: string): string => paths.resolve(base, path);
  const folder = windows ? 'C:\\work' : '/work';
  return {
    windows,
    env,
    cwd: folder,
    readFile: (path) => files[path] ?? '',
    isFile: (path) => path in files,
    isFolder: (path) => path === folder || path === resolve(folder, 'src'),
    resolve,
  };
}

const injection = { bootstrap: '/ours/bootstrap', port: 4711, token: 'secret', children: true };

describe('the command of a launch', () => {
  it('puts us first on PYTHONPATH and leaves what was there', () => {
    const command = buildCommand({ code: '1', env: { PYTHONPATH: '/theirs' } }, injection, world(false));
    assert.equal(command.env['PYTHONPATH'], '/ours/bootstrap:/theirs');
    assert.equal(buildCommand({ code: '1' }, injection, world(false)).env['PYTHONPATH'], '/ours/bootstrap');
    assert.equal(
      buildCommand({ code: '1' }, injection, world(true, { PythonPath: 'D:\\x' })).env['PythonPath'],
      '/ours/bootstrap;D:\\x',
    );
  });

  it('knows that names of variables have no case on Windows, and have one elsewhere', () => {
    const windows = buildCommand(
      { code: '1', env: { PATH: 'new', temp: null } },
      injection,
      world(true, { Path: 'old', TEMP: 'x' }),
    );
    assert.equal(windows.env['Path'], 'new');
    assert.ok(!('PATH' in windows.env) && !('TEMP' in windows.env));
    const other = buildCommand({ code: '1', env: { PATH: 'new' } }, injection, world(false, { Path: 'old' }));
    assert.deepEqual([other.env['Path'], other.env['PATH']], ['old', 'new']);
  });

  it('tells the terminal only what changes', () => {
    const { changes } = buildCommand(
      { code: '1', env: { A: '1', B: null }, envFile: 'x.env' },
      injection,
      world(false, { HOME: '/root' }, { '/work/x.env': 'C=3' }),
    );
    assert.deepEqual(
      [
        changes['A'],
        changes['B'],
        changes['C'],
        'HOME' in changes,
        'PYTHONPATH' in changes,
        changes['LOOPSCOPE_TOKEN'],
      ],
      ['1', null, '3', false, false, 'secret'],
    );
  });

  it('keeps lines and text as a person reads them, unless the person chose otherwise', () => {
    const env = buildCommand({ code: '1' }, injection, world(false)).env;
    assert.deepEqual([env['PYTHONUNBUFFERED'], env['PYTHONIOENCODING']], ['1', 'utf-8']);
    const chosen = buildCommand({ code: '1', env: { PYTHONIOENCODING: 'latin-1' } }, injection, world(false)).env;
    assert.equal(chosen['PYTHONIOENCODING'], 'latin-1');
    assert.ok(
      !('PYTHONUNBUFFERED' in buildCommand({ code: '1', console: 'externalTerminal' }, injection, world(false)).env),
    );
  });

  it('finds programs with either kind of path', () => {
    const windows = world(true, {}, { 'C:\\work\\app.py': '' });
    assert.deepEqual(buildCommand({ program: 'app.py', args: ['x'] }, injection, windows).args, [
      'C:\\work\\app.py',
      'x',
    ]);
    assert.equal(buildCommand({ program: 'app.py' }, injection, windows).name, 'app.py');
    assert.deepEqual(buildCommand({ code: '1' }, injection, windows).python, ['python']);
    assert.deepEqual(buildCommand({ code: '1' }, injection, world(false)).python, ['python3']);
    assert.deepEqual(buildCommand({ module: 'a.b' }, injection, world(false)).args, ['-m', 'a.b']);
    assert.throws(() => buildCommand({ code: '1', python: [] }, injection, world(false)), LaunchError);
  });

  it('knows which options keep us out, and which only look like it', () => {
    const hidden = (...pythonArgs: string[]): boolean =>
      buildCommand({ code: '1', pythonArgs }, injection, world(false)).hidden !== '';
    for (const options of [['-I'], ['-E'], ['-S'], ['-BIu'], ['-X', 'dev', '-Es']])
      assert.ok(hidden(...options), options.join(' '));
    for (const options of [
      ['-B'],
      ['-X', 'IES'],
      ['-W', 'Ignore'],
      ['-Xdev'],
      ['-WError'],
      ['-s'],
      ['-u'],
      ['--check-hash-based-pycs', 'Always'],
      [],
    ])
      assert.ok(!hidden(...options), options.join(' '));
  });

  it('takes what an editor writes for nothing as nothing', () => {
    assert.deepEqual(parseLaunch({ program: '', module: null, code: 'x', request: 'launch', type: 'loopscope' }), {
      code: 'x',
    });
    assert.deepEqual(parseLaunch({ code: 'x', pythonPath: '/old' }), { code: 'x', python: '/old' });
    assert.deepEqual(parseLaunch({ code: 'x', pythonPath: '/old', python: '/new' }), { code: 'x', python: '/new' });
    for (const wrong of [undefined, null, 3, 'x', []]) assert.throws(() => parseLaunch(wrong), LaunchError);
  });
});

describe('splitArgs', () => {
  it('gives back arguments that were quoted as a shell needs it', () => {
    const quoted = (argument: string): string => `'${argument.replaceAll("'", `'\\''`)}'`;
    fc.assert(
      fc.property(fc.array(fc.string()), (args) => {
        assert.deepEqual(splitArgs(args.map(quoted).join('  '), false), args);
      }),
    );
  });

  it('leaves backslashes alone on Windows, where they are in paths', () => {
    assert.deepEqual(splitArgs('C:\\a\\b.txt "C:\\Program Files\\x" it\'s', true), [
      'C:\\a\\b.txt',
      'C:\\Program Files\\x',
      "it's",
    ]);
    assert.deepEqual(splitArgs('a\\ b "c\\"d" ""', false), ['a b', 'c"d', '']);
  });
});

describe('parseEnvFile', () => {
  it('reads what Python editors read', () => {
    const text = `\uFEFF# comment
A=1
export B = two words  # comment
C='single \${A} # not a comment'
D="double \${A}\\n\\"x\\""
E=\${A}\${HOME}\${NOWHERE}
F=\\\${A}
G=
not a line
1X=2
A=3\r
`;
    assert.deepEqual(parseEnvFile(text, { HOME: '/root' }), {
      A: '3',
      B: 'two words',
      C: 'single ${A} # not a comment',
      D: 'double 1\n"x"',
      E: '1/root',
      F: '${A}',
      G: '',
    });
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseEnvFile(text, {})));
  });
});
