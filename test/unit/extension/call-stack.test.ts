// A row of VS Code's Call Stack, told from rows of ours, and DAP's number in its id.
import assert from 'node:assert/strict';
import { isCallStackRow, taskOfCallStack, threadNumber } from '../../../src/extension/commands/call-stack';
import type { CustomRequests } from '../../../src/protocol/dap';
import type { EventLoopViews } from '../../../src/extension/views/views';

const SESSION = '5ca6ea9f-1111-4b22-8c33-0123456789ab';

/** Views whose only session answers `loopscope/row` so. */
function views(answer: CustomRequests['loopscope/row'][1], over = false): EventLoopViews {
  const session = { over, request: () => Promise.resolve(answer) };
  return { hub: { get: (id: string) => (id === SESSION ? session : undefined) } } as unknown as EventLoopViews;
}

describe('rows of the call stack', () => {
  it('are told from rows of a view, and from nothing', () => {
    assert.ok(isCallStackRow({ sessionId: SESSION, threadId: `thread:${SESSION}:7` }));
    for (const other of [undefined, null, {}, 'thread:1', { sessionId: SESSION }, { row: {}, id: 't1' }])
      assert.ok(!isCallStackRow(other));
  });

  it('have DAP’s number at the end of their id', () => {
    assert.equal(threadNumber(`thread:${SESSION}:1000007`), 1_000_007);
    assert.equal(threadNumber('3'), 3);
    assert.equal(threadNumber('thread:'), undefined);
  });

  it('that are no task’s are answered with the adapter’s sentence; of a program that has ended there are none', async () => {
    const row = { sessionId: SESSION, threadId: `thread:${SESSION}:1` };
    assert.equal(
      await taskOfCallStack(views({ task: null, text: 'That row is a thread.' }), row),
      'That row is a thread.',
    );
    const ended = 'The program of that row has ended: start it again to act on its tasks.';
    assert.equal(await taskOfCallStack(views({ task: null, text: '' }, true), row), ended);
    const other = { ...row, sessionId: 'other' };
    assert.equal(await taskOfCallStack(views({ task: null, text: '' }), other), ended);
  });
});
