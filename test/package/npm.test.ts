// The package for npm: installed into an empty folder its command works, and so does the hook of pre-commit, which installs it its own way.
import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repository } from '../support/pythons';

const LEAK = 'import asyncio\n\nloop = asyncio.new_event_loop()\nloop.run_until_complete(asyncio.sleep(0))\n';
const CLEAN = 'import asyncio\n\nasyncio.run(asyncio.sleep(0))\n';

describe('the package for npm', function () {
  this.timeout(300_000);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'loopscope-npm-'));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** Runs a command; fails with what it said where it ends otherwise than expected. */
  function run(cwd: string, code: number, command: string, ...args: string[]): SpawnSyncReturns<string> {
    const env = { ...process.env, PRE_COMMIT_HOME: path.join(folder, 'pre-commit'), NO_COLOR: '1' };
    // npm tells its scripts of the package that it runs in: of ours, where npm runs the tests.
    for (const name of Object.keys(env)) if (/^npm_/i.test(name)) Reflect.deleteProperty(env, name);
    const ended = spawnSync(command, args, { cwd, encoding: 'utf8', env });
    assert.equal(ended.status, code, `${command} ${args.join(' ')}\n${ended.stdout}${ended.stderr}`);
    return ended;
  }

  function write(name: string, text: string): void {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }

  it('is installed into an empty folder, and its command does its work there', () => {
    run(repository, 0, 'npm', 'pack', '--pack-destination', folder);
    const [tarball = ''] = fs.readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    write('empty/package.json', '{ "private": true }');
    const empty = path.join(folder, 'empty');
    run(empty, 0, 'npm', 'install', '--offline', '--no-audit', '--no-fund', path.join(folder, tarball));
    assert.deepEqual(
      fs.readdirSync(path.join(empty, 'node_modules')).filter((name) => !name.startsWith('.')),
      ['loopscope'],
      'it needs no other package',
    );
    write('empty/leak.py', LEAK);
    write('empty/clean.py', CLEAN);
    const found = run(empty, 1, 'npx', '--no-install', 'loopscope', 'lint', '--format', 'json', '.');
    const findings = JSON.parse(found.stdout) as { code: string; path: string }[];
    assert.deepEqual(
      findings.map(({ code, path: file }) => [code, file]),
      [['LOOP101', 'leak.py']],
    );
    assert.match(run(empty, 0, 'npx', '--no-install', 'loopscope', 'lint', 'clean.py').stdout, /^Nothing found/);
    run(empty, 2, 'npx', '--no-install', 'loopscope', 'lint', 'missing.py');
    // The pages that its findings and its manual name.
    assert.ok(fs.existsSync(path.join(empty, 'node_modules/loopscope/docs/rules/LOOP101.md')));
  });

  it('works as hooks of pre-commit: one finds, one mends', () => {
    // The folder as it is now, as a repository that pre-commit can clone.
    const source = path.join(folder, 'source');
    const listed = run(repository, 0, 'git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard').stdout;
    for (const name of listed.split('\0').filter((each) => each !== '' && fs.existsSync(path.join(repository, each)))) {
      fs.mkdirSync(path.dirname(path.join(source, name)), { recursive: true });
      fs.copyFileSync(path.join(repository, name), path.join(source, name));
    }
    const git = (cwd: string, ...args: string[]): string =>
      run(cwd, 0, 'git', '-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args).stdout.trim();
    git(source, 'init', '-q');
    git(source, 'add', '-A');
    git(source, 'commit', '-q', '-m', 'as it is');
    run(folder, 0, 'python3', '-m', 'venv', 'venv');
    const bin = path.join(folder, 'venv', process.platform === 'win32' ? 'Scripts' : 'bin');
    run(folder, 0, path.join(bin, 'python'), '-m', 'pip', 'install', '-q', '--disable-pip-version-check', 'pre-commit');

    const hook = (id: string): string =>
      `repos:\n- repo: file://${source}\n  rev: ${git(source, 'rev-parse', 'HEAD')}\n  hooks: [{ id: ${id} }]\n`;
    write('project/leak.py', LEAK);
    write('project/clean.py', CLEAN);
    write('project/notes.txt', 'asyncio.new_event_loop()\n');
    write('project/.pre-commit-config.yaml', hook('loopscope'));
    const project = path.join(folder, 'project');
    git(project, 'init', '-q');
    git(project, 'add', '-A');
    const preCommit = path.join(bin, 'pre-commit');
    const { stdout } = run(project, 1, preCommit, 'run', '--all-files');
    assert.match(stdout, /leak\.py:3:8: LOOP101 warning/);
    assert.match(stdout, /in 1 of 2 files/);
    assert.equal(fs.readFileSync(path.join(project, 'leak.py'), 'utf8'), LEAK);

    write('project/.pre-commit-config.yaml', hook('loopscope-fix'));
    git(project, 'add', '-A');
    assert.match(run(project, 1, preCommit, 'run', '--all-files').stdout, /files were modified by this hook/);
    git(project, 'add', '-A');
    run(project, 0, preCommit, 'run', '--all-files');
  });
});
