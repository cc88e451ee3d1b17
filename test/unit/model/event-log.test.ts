import assert from 'node:assert/strict';
import { EventLog, LOG_KEPT } from '../../../src/model/event-log';
import { TaskTable } from '../../../src/model/task-table';

describe('EventLog', () => {
  it('gives what came after a number, oldest first, and says how much of it is gone', () => {
    const log = new EventLog();
    const tasks = new TaskTable(() => undefined);
    for (let index = 1; index <= LOG_KEPT + 10; index++) log.event(1, 1, index, tasks, -1, -1, index);
    const { records, missed } = log.read(0, 5);
    assert.equal(missed, 10);
    assert.deepEqual(
      records.map(({ sequence, x }) => [sequence, x]),
      [11, 12, 13, 14, 15].map((value) => [value, value]),
    );
    assert.deepEqual(
      log.read(LOG_KEPT + 9, 5).records.map(({ sequence }) => sequence),
      [LOG_KEPT + 10],
    );
    assert.deepEqual(log.read(LOG_KEPT + 10, 5), { records: [], missed: 0 });
  });

  it('keeps a text as long as its record and no longer', () => {
    const log = new EventLog();
    const tasks = new TaskTable(() => undefined);
    log.text(3, 5, 'loop-created', 'asyncio.run', null);
    const [first] = log.read(0, 1).records;
    assert.deepEqual([first?.word, first?.text, first?.loop, first?.time], ['loop-created', 'asyncio.run', 3, 5]);
    for (let index = 0; index < LOG_KEPT; index++) log.event(1, 1, index, tasks, -1, -1);
    assert.ok(
      log.read(0, LOG_KEPT).records.every(({ word }) => word === ''),
      'an event does not inherit a text',
    );
  });

  it('names the tasks by our ids, not by addresses', () => {
    const log = new EventLog();
    const tasks = new TaskTable(() => undefined);
    const slot = tasks.add(0x7f0000001000, 1, 0);
    log.event(1, 2, 5, tasks, slot, slot);
    const [record] = log.read(0, 1).records;
    assert.deepEqual([record?.task, record?.by], [1, 1]);
  });
});
