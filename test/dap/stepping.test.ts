import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { StoppedEvent } from '../../src/protocol/stepping';
import type { DapClient } from './client';
import { nextStop, withAdapter } from './session';

type Stack = DebugProtocol.StackTraceResponse['body'];
type Threads = DebugProtocol.ThreadsResponse['body'];

const SLEEPER = `
import asyncio
class Account:
    def __init__(self): self.owner = "Ann"; self.sums = [1, 2, 3]
    def __repr__(self): raise SystemExit("repr was called")
async def deposit(account, amount):
    text = "from a person"
    await asyncio.sleep(600)
async def main():
    account = Account()
    tasks = [asyncio.create_task(deposit(account, n), name=f"deposit-{n}") for n in range(3)]
    print("idle", flush=True)
    await asyncio.gather(*tasks)
asyncio.run(main())
`;

describe('stepping over DAP, without a debugger in the program', () => {
  it(
    'pauses an idle loop, shows its tasks with their frames and values, and goes on',
    withAdapter(async (client) => {
      await client.launch({ code: SLEEPER });
      await client.printed('idle');
      const stop = await nextStop(client, () => client.request('pause', { threadId: 1 }));
      assert.equal(stop.reason, 'pause');
      assert.equal(stop.next, null);
      const told = await client.event<DebugProtocol.StoppedEvent['body']>('stopped');
      assert.equal(told.reason, 'pause');
      assert.equal(told.threadId, 1);
      const { threads } = await client.request<Threads>('threads');
      assert.deepEqual(
        threads.map(({ name }) => name),
        ['MainThread', 'Task-1 · main()', 'deposit-0 · deposit()', 'deposit-1 · deposit()', 'deposit-2 · deposit()'],
      );
      const own = await client.request<Stack>('stackTrace', { threadId: 1 });
      assert.match(own.stackFrames[0]?.name ?? '', /^tick \d+ · \d+ run, 0 ready$/);
      const deposit = threads.find(({ name }) => name.startsWith('deposit-2'));
      const chain = await client.request<Stack>('stackTrace', { threadId: deposit?.id });
      assert.deepEqual(
        chain.stackFrames.map(({ name }) => name),
        ['sleep', 'deposit'],
      );
      const { scopes } = await client.request<DebugProtocol.ScopesResponse['body']>('scopes', {
        frameId: chain.stackFrames[1]?.id,
      });
      const locals = await variables(client, scopes[0]?.variablesReference);
      assert.deepEqual(
        locals.map(({ name, value, type }) => [name, value, type]),
        [
          ['account', '<__main__.Account>', 'Account'],
          ['amount', '2', 'int'],
          ['text', "'from a person'", 'str'],
        ],
      );
      const inside = await variables(client, locals[0]?.variablesReference);
      assert.deepEqual(
        inside.map(({ name, value }) => [name, value]),
        [
          ['owner', "'Ann'"],
          ['sums', '[1, 2, 3]'],
        ],
      );
      assert.deepEqual(
        (await variables(client, inside[1]?.variablesReference)).map(({ name, value }) => [name, value]),
        [
          ['[0]', '1'],
          ['[1]', '2'],
          ['[2]', '3'],
        ],
      );
      const frameId = chain.stackFrames[1]?.id;
      const seen = await client.request<DebugProtocol.EvaluateResponse['body']>('evaluate', {
        expression: 'account.owner',
        frameId,
      });
      assert.equal(seen.result, "'Ann'");
      await assert.rejects(
        client.request('evaluate', { expression: 'len(text)', frameId }),
        /only names and attributes/,
      );
      await client.request('continue', { threadId: 1 });
      await client.event('loopscope/resumed');
      await assert.rejects(client.request('scopes', { frameId }), /The loop has gone on since/);
      await assert.rejects(client.request('stackTrace', { threadId: 1 }), /runs: pause it first/);
    }),
  );

  it(
    'steps over one handle, out to the next tick, into the next task',
    withAdapter(async (client) => {
      await client.launch({
        stopOnFirstTick: true,
        code: `
import asyncio
async def w(name):
    for n in range(3):
        print(name, n)
        await asyncio.sleep(0)
async def main():
    asyncio.get_running_loop().call_soon(print, "called")
    await asyncio.gather(w("a"), w("b"))
asyncio.run(main())
`,
      });
      const first = await client.event<StoppedEvent>('loopscope/stopped');
      assert.equal(first.reason, 'firstTick');
      assert.equal(first.next?.text, 'Task-1 · main()');
      const threadId = first.threadId;
      let stop = await nextStop(client, () => client.request('next', { threadId }));
      assert.equal(stop.next?.text, 'print()');
      assert.deepEqual(stop.did?.counts, { scheduled: 1, woke: 0, created: 2, timers: 0 });
      stop = await nextStop(client, () => client.request('stepIn', { threadId }));
      assert.equal(stop.next?.text, 'Task-2 · w()');
      await client.printed('called'); // It comes on another way than the stop.
      const stack = await client.request<Stack>('stackTrace', { threadId });
      assert.equal(stack.stackFrames[0]?.name, 'w');
      stop = await nextStop(client, () => client.request('stepOut', { threadId }));
      assert.equal(stop.tick, 3);
      assert.equal(stop.position, 0);
      await client.printed('b 0');
      const page = await client.ask('loopscope/ready', { loop: 1, offset: 0, limit: 9 });
      assert.deepEqual(
        page.rows.map(({ text }) => text),
        ['Task-2 · w()', 'Task-3 · w()'],
      );
      const moved = await client.ask('loopscope/order', {
        loop: 1,
        action: 'first',
        handle: page.rows[1]?.handle ?? 0,
      });
      assert.equal(moved.text, 'Task-3 · w() was moved first.');
      const again = await client.ask('loopscope/ready', { loop: 1, offset: 0, limit: 9 });
      assert.deepEqual(
        again.rows.map(({ text, mark }) => [text, mark]),
        [
          ['Task-3 · w()', 'moved first'],
          ['Task-2 · w()', ''],
        ],
      );
      const rows = (await client.ask('loopscope/loops', {})).rows;
      assert.equal(rows[0]?.stop?.tick, 3);
      stop = await nextStop(client, () => client.ask('loopscope/step', { loop: 1, goal: { kind: 'handle' } }));
      assert.deepEqual(stop.changes, ['Task-3 · w() was moved first.']);
      const log = await client.ask('loopscope/log', { after: 0, limit: 1000 });
      const words = log.lines.map(({ text }) => text.trim().split(/\s+/)[2]);
      for (const word of ['stop', 'step', 'order']) assert.ok(words.includes(word), `${word} in ${words.join(' ')}`);
      await client.ask('loopscope/continue', { loop: 1 });
      await client.event('terminated');
      assert.equal(client.output('stdout').replace(/\s+/g, ' ').trim(), 'called a 0 b 0 b 1 a 1 b 2 a 2');
    }),
  );
});

async function variables(client: DapClient, reference: number | undefined): Promise<readonly DebugProtocol.Variable[]> {
  const { variables: found } = await client.request<DebugProtocol.VariablesResponse['body']>('variables', {
    variablesReference: reference,
  });
  return found;
}
