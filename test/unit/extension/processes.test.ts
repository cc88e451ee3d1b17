// Which processes are offered to attach to, on each system.
import assert from 'node:assert/strict';
import { pythonProcesses, type ProcessSystem } from '../../../src/extension/launch/processes';

const none = (): Promise<never> => Promise.reject(new Error('not here'));
const system = (more: Partial<ProcessSystem>): ProcessSystem => ({
  platform: 'linux',
  list: none,
  read: none,
  link: none,
  run: none,
  ...more,
});

describe('processes to attach to', () => {
  it('Linux: those whose program is a Python and may be looked at, the last first', async () => {
    const processes: Record<string, [string, string[]]> = {
      '/proc/7': ['/usr/bin/python3.12', ['python3', '/srv/app/server.py', '--port', '80']],
      '/proc/9': ['/usr/bin/bash', ['bash']],
      '/proc/12': ['/v/bin/python3.13t (deleted)', ['gunicorn: worker [app]']],
      '/proc/20': ['/usr/bin/python3.12', ['/usr/bin/python3', '/x/debugpy/adapter', '--for-server', '1']],
      '/proc/21': ['/usr/bin/python3.12', ['python', '-m', 'uvicorn', 'main:app']],
    };
    const found = await pythonProcesses(
      system({
        list: () => Promise.resolve(['1', '7', '9', '12', '20', '21', 'self', 'meminfo']),
        link: (file) => {
          const [exe] = processes[file.replace('/exe', '')] ?? [];
          return exe === undefined ? Promise.reject(new Error('EACCES')) : Promise.resolve(exe);
        },
        read: (file) => Promise.resolve(`${(processes[file.replace('/cmdline', '')]?.[1] ?? []).join('\0')}\0`),
      }),
    );
    assert.deepEqual(
      found.map(({ pid, program, runs }) => [pid, program, runs]),
      [
        [21, 'python3.12', '-m uvicorn main:app'],
        [12, 'python3.13t', 'python3.13t'],
        [7, 'python3.12', 'server.py --port 80'],
      ],
    );
  });

  it('are shown in one line that is not too long', async () => {
    const text = `import asyncio\n\nasync def main():\n    ${'await asyncio.sleep(1)\n    '.repeat(100)}`;
    const [found] = await pythonProcesses(
      system({
        list: () => Promise.resolve(['7']),
        link: () => Promise.resolve('/usr/bin/python3.12'),
        read: () => Promise.resolve(['python3', '-c', text, ''].join('\0')),
      }),
    );
    assert.match(found?.runs ?? '', /^-c import asyncio async def main\(\): await [^\n]+…$/);
    assert.equal(found?.runs.length, 80);
    assert.equal(found.command.length, 300);
  });

  it('macOS: by ps', async () => {
    const asked: string[] = [];
    const found = await pythonProcesses(
      system({
        platform: 'darwin',
        run: (command, args) => {
          asked.push([command, ...args].join(' '));
          return Promise.resolve(
            '  501 zsh              -zsh\n  612 Python           /opt/homebrew/Python.app/Contents/MacOS/Python /Users/ann/app.py -v\n',
          );
        },
      }),
    );
    assert.deepEqual(asked, ['ps -xww -o pid=,ucomm=,command=']);
    assert.deepEqual(
      found.map(({ pid, program, runs }) => [pid, program, runs]),
      [[612, 'Python', 'app.py -v']],
    );
  });

  it('Windows: by PowerShell, which gives one object or a list', async () => {
    const one = {
      ProcessId: 40,
      Name: 'python.exe',
      CommandLine: '"C:\\Program Files\\Python\\python.exe" C:\\a\\app.py x',
    };
    const other = { ProcessId: 41, Name: 'pyright.exe', CommandLine: 'pyright.exe' };
    const found = (printed: unknown) =>
      pythonProcesses(
        system({
          platform: 'win32',
          run: () => Promise.resolve(printed === undefined ? '\r\n' : JSON.stringify(printed)),
        }),
      );
    const wanted = [{ pid: 40, program: 'python.exe', runs: 'app.py x', command: one.CommandLine }];
    assert.deepEqual(await found(one), wanted);
    assert.deepEqual(await found([one, other]), wanted);
    assert.deepEqual(await found(undefined), []);
    assert.deepEqual(await found({ ...one, CommandLine: null }), [
      { pid: 40, program: 'python.exe', runs: 'python.exe', command: 'python.exe' },
    ]);
  });

  it('a system that cannot be asked is an error', async () => {
    await assert.rejects(pythonProcesses(system({ platform: 'win32' })), /not here/);
  });
});
