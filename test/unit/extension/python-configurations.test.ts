// Configurations of Python's own debugger that run through Loopscope: which ones, and that nothing of them is lost.
import assert from 'node:assert/strict';
import { canRunHere, throughLoopscope } from '../../../src/extension/launch/python-configurations';

const LAUNCH = {
  type: 'debugpy',
  request: 'launch',
  name: 'Django',
  program: '${workspaceFolder}/manage.py',
  args: ['runserver'],
  django: true,
  jinja: true,
  justMyCode: false,
  subProcess: true,
  redirectOutput: true,
  gevent: false,
  purpose: ['debug-test'],
  pythonPath: '/old/python',
  env: { A: '1' },
  envFile: '${workspaceFolder}/dev.env',
  pathMappings: [{ localRoot: '.', remoteRoot: '/app' }],
  presentation: { hidden: false },
  somethingNew: { of: 'debugpy' },
};

describe('configurations of Python’s own debugger', () => {
  it('keep every option but their type', () => {
    assert.deepEqual(throughLoopscope(LAUNCH, true), { ...LAUNCH, type: 'loopscope' });
    const attach = { type: 'python', request: 'attach', name: 'A', connect: { host: 'far', port: 5678 }, sudo: true };
    assert.deepEqual(throughLoopscope(attach, true), { ...attach, type: 'loopscope' });
  });

  it('read the .env of their folder, as Python’s own debugger does', () => {
    const config = { type: 'python', request: 'launch', name: 'A', module: 'app' };
    assert.deepEqual(throughLoopscope(config, true), {
      ...config,
      type: 'loopscope',
      envFile: '${workspaceFolder}/.env',
    });
    assert.deepEqual(throughLoopscope(config, false), { ...config, type: 'loopscope' });
  });

  it('run here if they are Python’s, and belong to no session or adapter of their own', () => {
    const of = (more: object) => canRunHere({ type: 'debugpy', request: 'launch', name: 'A', ...more });
    assert.equal(of({}), true);
    assert.equal(of({ type: 'python', request: 'attach', processId: '${command:pickProcess}' }), true);
    assert.equal(of({ type: 'node' }), false);
    assert.equal(of({ type: 'loopscope' }), false);
    assert.equal(of({ request: 'test' }), false);
    // A child that debugpy's adapter has announced: its parent's debugpy waits for it.
    assert.equal(of({ request: 'attach', subProcessId: 77, connect: { port: 1 } }), false);
    assert.equal(of({ debugServer: 5678 }), false);
  });
});
