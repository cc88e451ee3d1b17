import assert from 'node:assert/strict';
import { launchForDebugpy, withoutOurs } from '../../../src/adapter/debugpy/arguments';
import { parseLaunch } from '../../../src/adapter/launch/arguments';
import type { Command } from '../../../src/adapter/launch/command';

/** What debugpy knows and we do not: docs of the Python Debugger extension. */
const THEIRS = {
  justMyCode: false,
  django: true,
  jinja: true,
  pyramid: true,
  gevent: true,
  redirectOutput: true,
  showReturnValue: false,
  subProcess: false,
  sudo: false,
  autoStartBrowser: false,
  steppingResumesAllThreads: false,
  consoleTitle: 'mine',
  rules: [{ path: '**/vendored/**', include: false }],
  pathMappings: [{ localRoot: '/a', remoteRoot: '/b' }],
  variablePresentation: { special: 'hide' },
  somethingNew: { in: ['a', 'later', 'version'] },
};
const OURS = {
  detail: 'full',
  freezeClock: false,
  stopOnFirstTick: true,
  debuggerFrom: 'bundled',
  holdLastState: true,
};

const COMMAND = {
  python: ['/usr/bin/python3'],
  pythonArgs: ['-X', 'dev'],
  args: ['/work/app.py', 'one'],
  cwd: '/work',
  changes: { SET: 'yes', GONE: null },
  bootstrap: '/loopscope/bootstrap',
  inheritedPath: undefined,
} as unknown as Command;

describe('what debugpy is given of a configuration', () => {
  it('is everything that is not ours, unchanged, with the command and the way in for the runtime', () => {
    const raw = { program: '/work/app.py', args: ['one'], ...THEIRS, ...OURS };
    const given = launchForDebugpy(raw, parseLaunch(raw), COMMAND, true, false);
    assert.deepEqual(given, {
      ...THEIRS,
      program: '/work/app.py',
      args: ['one'],
      python: ['/usr/bin/python3'],
      pythonArgs: ['-X', 'dev'],
      cwd: '/work',
      console: 'internalConsole',
      env: { SET: 'yes', GONE: null, PYTHONPATH: '/loopscope/bootstrap' },
    });
  });

  for (const console of ['internalConsole', 'integratedTerminal', 'externalTerminal'] as const)
    it(`is the console that was asked for: ${console}`, () => {
      const raw = { program: '/work/app.py', console };
      assert.equal(launchForDebugpy(raw, parseLaunch(raw), COMMAND, true, false)['console'], console);
    });

  it('is of an attach everything that is not ours', () => {
    assert.deepEqual(withoutOurs({ connect: { port: 1 }, ...THEIRS, ...OURS }), { connect: { port: 1 }, ...THEIRS });
  });
});
