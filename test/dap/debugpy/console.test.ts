// `await` in the debug console, through the adapter.
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { until, withAdapter } from '../session';
import { debug, Source, stop, topFrame } from './debug';

const PROGRAM = `import asyncio

begun = []

async def forever():
    begun.append(1)
    print("forever begins", flush=True)
    await asyncio.sleep(3600)

async def waits():
    await asyncio.sleep(3600)

async def main():
    held = asyncio.create_task(waits(), name="held")
    await asyncio.sleep(0)
    print("here", flush=True)  # @here

asyncio.run(main())
`;

describe('await in the debug console', () => {
  it(
    'gives its result, or says which task that stands still it needs; the request "cancel" ends one that does not come',
    withAdapter(async (client) => {
      const source = new Source(PROGRAM);
      await debug(client, source, ['here']);
      const stopped = await stop(client);
      const frameId = await topFrame(client, stopped);
      const evaluate = (expression: string): Promise<DebugProtocol.EvaluateResponse['body']> =>
        client.request('evaluate', { expression, frameId, context: 'repl' });
      assert.equal((await evaluate('await asyncio.sleep(0.01, 42)')).result, '42');
      const needs = /This await needs held · waits, which stands still while the program is stopped/;
      await assert.rejects(evaluate('await held'), needs);
      const awaited = evaluate('await forever()');
      let over = false;
      awaited.catch(() => {
        over = true;
      });
      await client.printed('forever begins');
      await until('it is cancelled', async () => {
        await client.request('cancel', { requestId: 1 });
        return over;
      });
      await assert.rejects(awaited, /cancel/i);
      await client.request('continue', { threadId: stopped.threadId });
      await client.printed('here');
      await client.event('terminated');
    }),
  );
});
