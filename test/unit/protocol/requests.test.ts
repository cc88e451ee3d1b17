/** Every custom request has a handler and a line in docs/protocol.md; nothing handles one that is not in the table. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { logHandlers } from '../../../src/adapter/features/log';
import { loopHandlers } from '../../../src/adapter/features/loops';
import { queueHandlers } from '../../../src/adapter/features/queues';
import { TaskRows } from '../../../src/adapter/features/rows';
import { snapshotHandlers } from '../../../src/adapter/features/snapshot';
import { taskHandlers } from '../../../src/adapter/features/tasks';
import { CUSTOM_COMMANDS } from '../../../src/protocol/dap';

const program = (): never => {
  throw new Error('not called');
};
/** What is not asked for anything here. */
const nobody = {} as never;

describe('the custom requests', () => {
  it('are handled, each by one', () => {
    const handled = [logHandlers, loopHandlers, queueHandlers, snapshotHandlers, taskHandlers].flatMap((handlers) =>
      Object.keys(handlers(program)),
    );
    handled.push(...Object.keys(new TaskRows(nobody, program, program).handlers(nobody)));
    // loopscope/seen belongs to the session's life.
    assert.deepEqual([...handled, 'loopscope/seen'].sort(), [...CUSTOM_COMMANDS].sort());
  });

  it('are described for other editors', () => {
    const text = readFileSync('docs/protocol.md', 'utf8');
    for (const command of CUSTOM_COMMANDS) assert.ok(text.includes(`\`${command}\``), command);
  });
});
