// Stepping while a client looks: its questions wake the loop, and what wakes it for them is no handle of the program.
import assert from 'node:assert/strict';
import type { StoppedEvent } from '../../src/protocol/stepping';
import type { DapClient } from './client';
import { nextStop, withAdapter } from './session';

const IDLE = `
import asyncio
def heard(line):
    print("heard", line, flush=True)
async def main():
    loop = asyncio.get_running_loop()
    for turn in range(3):
        await asyncio.sleep(0.3)
        loop.call_soon(heard, turn)
    print("idle", flush=True)
    await loop.create_future()
asyncio.run(main())
`;

/** Asks for every page, again and again, as open views do after each change. */
function look(client: DapClient): { stop(): Promise<void> } {
  const state = { over: false };
  const asking = (async () => {
    while (!state.over) {
      const page = { loop: 1, offset: 0, limit: 50 };
      await Promise.allSettled([
        client.ask('loopscope/ready', page),
        client.ask('loopscope/timers', page),
        client.ask('loopscope/selector', { loop: 1 }),
        client.ask('loopscope/tasks', { tree: 'flat', offset: 0, limit: 50, sort: 'age', group: 'none', filter: '' }),
      ]);
    }
  })();
  return {
    stop: () => {
      state.over = true;
      return asking;
    },
  };
}

describe('stepping while a client looks', () => {
  it(
    'stops before the handles of the program and before no other',
    withAdapter(async (client) => {
      await client.launch({ code: IDLE, stopOnFirstTick: true });
      let stop = await client.event<StoppedEvent>('loopscope/stopped');
      const looking = look(client);
      const ran: string[] = [];
      while (!client.output('stdout').includes('idle')) {
        stop = await nextStop(client, () => client.ask('loopscope/step', { loop: 1, goal: { kind: 'handle' } }));
        if (stop.did) ran.push(stop.did.ran.text);
        if (ran.length > 40) break;
      }
      await looking.stop();
      assert.deepEqual(
        ran.filter((text) => /another thread|_read_from_self/.test(text)),
        [],
      );
      // The third stands behind the step that prints "idle": what is printed may overtake what a stop says.
      assert.ok([2, 3].includes(ran.filter((text) => text === 'heard()').length), ran.join('; '));
    }),
  );
});
