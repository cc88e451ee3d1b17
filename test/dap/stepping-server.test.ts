import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { StoppedEvent } from '../../src/protocol/stepping';
import { PYTHON } from './client';
import { alive, nextStop, until, withAdapter } from './session';

type Answered = NonNullable<DebugProtocol.SetExceptionBreakpointsResponse['body']>;

const SERVER = `
import asyncio
from aiohttp import web, ClientSession
async def handle(request):
    name = request.query["name"]
    async with asyncio.timeout(1) if hasattr(asyncio, "timeout") else web_null():
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
    return web.Response(text="hello " + name)
class web_null:
    async def __aenter__(self): return self
    async def __aexit__(self, *_): return None
async def main():
    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    print(f"port {port} ", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
`;

describe('stepping real programs over DAP', () => {
  it(
    'an aiohttp server is stepped through one request, handle by handle, and its timeout does not fire',
    withAdapter(async (client) => {
      await client.launch({ code: SERVER });
      const [port = ''] = await client.printed(/port (\d+) /);
      let stop = await nextStop(client, () => client.ask('loopscope/pause', {}));
      assert.equal(stop.next, null);
      const response = fetch(`http://127.0.0.1:${port}/?name=Ann`).then(async (answer) => answer.text());
      const ran: string[] = [];
      let handled = false;
      let looked = false;
      const answered = { yes: false };
      void response.then(() => (answered.yes = true));
      for (let steps = 0; steps < 200 && !answered.yes; steps++) {
        const before = stop;
        if (before.next === null && handled && ran.some((text) => text === 'sleep')) break;
        stop = await nextStop(client, () => client.request('next', { threadId: before.threadId }));
        if (stop.did) ran.push(stop.did.ran.text);
        const at = stop.next?.at?.function ?? '';
        if (at === 'handle') {
          handled = true;
          const stack = await client.request<DebugProtocol.StackTraceResponse['body']>('stackTrace', {
            threadId: stop.threadId,
          });
          const frame = stack.stackFrames.find(({ name }) => name === 'handle');
          assert.ok(frame, stack.stackFrames.map(({ name }) => name).join(' < '));
          const seen = await client.request<DebugProtocol.EvaluateResponse['body']>('evaluate', {
            expression: 'name',
            frameId: frame.id,
          });
          assert.equal(seen.result, "'Ann'");
          if (!looked) {
            looked = true;
            // Longer than the timeout of the handler: a person looks.
            await new Promise((resolve) => setTimeout(resolve, 1300));
          }
        }
      }
      assert.ok(handled, ran.join('; '));
      await client.ask('loopscope/continue', {});
      assert.equal(await response, 'hello Ann');
      assert.ok(looked);
    }),
  );

  it(
    'break filters are set before and while the program runs, and their conditions are answered',
    withAdapter(async (client) => {
      const capabilities = await client.initialize();
      const filters = capabilities.exceptionBreakpointFilters ?? [];
      assert.equal(filters.filter(({ filter }) => filter.startsWith('loopscope.')).length, 8);
      const launched = client.request('launch', {
        noDebug: true,
        python: PYTHON,
        code: `
import asyncio, time
async def main():
    loop = asyncio.get_running_loop()
    loop.call_soon(time.sleep, 0.2)
    await asyncio.sleep(0.01)
    print("end")
asyncio.run(main())
`,
      });
      await client.event('initialized');
      const early = await client.request<Answered>('setExceptionBreakpoints', {
        filters: [],
        filterOptions: [{ filterId: 'loopscope.slowHandle', condition: '150' }],
      });
      assert.deepEqual(early.breakpoints, [{ verified: true }]);
      await client.request('configurationDone');
      await launched;
      const stop = await client.event<StoppedEvent>('loopscope/stopped');
      assert.equal(stop.kind, 'slowHandle');
      const told = await client.event<DebugProtocol.StoppedEvent['body']>('stopped');
      assert.equal(told.reason, 'exception');
      assert.match(told.text ?? '', /^sleep\(\) took 2\d\d ms, more than 150 ms\.$/);
      const info = await client.request<DebugProtocol.ExceptionInfoResponse['body']>('exceptionInfo', {
        threadId: stop.threadId,
      });
      assert.equal(info.exceptionId, 'slowHandle');
      const late = await client.request<Answered>('setExceptionBreakpoints', {
        filters: ['uncaught'],
        filterOptions: [{ filterId: 'loopscope.longQueue', condition: 'many' }],
      });
      assert.equal(late.breakpoints?.[0]?.verified, false);
      assert.match(late.breakpoints[1]?.message ?? '', /'many' is no whole number/);
      await client.request('continue', { threadId: stop.threadId });
      await client.event('terminated');
      assert.match(client.output('stdout'), /end/);
    }),
  );

  it(
    'a client that goes while a loop is stopped leaves a program that goes on, or none, as it asked',
    withAdapter(async (client) => {
      await client.launch({
        stopOnFirstTick: true,
        code: 'import asyncio, os\nprint(f"pid {os.getpid()} ", flush=True)\nasync def main():\n    await asyncio.sleep(600)\nasyncio.run(main())',
      });
      const [pid = ''] = await client.printed(/pid (\d+) /);
      await client.event('loopscope/stopped');
      await client.request('terminate');
      await client.event('terminated');
      await until('the program has ended', () => !alive(Number(pid)));
    }),
  );
});
