import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { LoopRow } from '../../../src/protocol/dap';
import { withAdapter } from '../session';
import { debug, frames, place, pythons, setBreakpoints, Source, stop, topFrame, value } from './debug';

const PROGRAM = `import asyncio

async def double(n):
    await asyncio.sleep(0)
    result = n * 2  # @double
    return result

async def main():
    total = 0
    for n in range(4):
        total += await double(n)  # @loop
    print("total", total)  # @printed
    try:
        {}["missing"]  # @raise
    except KeyError:
        pass
    return total

asyncio.run(main())  # @run
raise ValueError("the end")  # @uncaught
`;

for (const { version, path: python } of pythons('3.9', '3.11', '3.13', '3.14', '3.15'))
  describe(`debugging with Python ${version}`, () => {
    it(
      'stops at a line, shows and changes its variables, evaluates, steps, and the loop stays in sight',
      withAdapter(async (client) => {
        const source = new Source(PROGRAM);
        await debug(client, source, ['double'], { python });
        const first = await stop(client);
        assert.equal(first.reason, 'breakpoint');
        assert.equal(await place(client, first), `double:${source.line('double')}`);

        const frame = await topFrame(client, first);
        const scopes = await client.request<DebugProtocol.ScopesResponse['body']>('scopes', { frameId: frame });
        const locals = scopes.scopes.find(({ name }) => name === 'Locals');
        assert.ok(locals);
        const names = async (): Promise<Record<string, string>> => {
          const body = await client.request<DebugProtocol.VariablesResponse['body']>('variables', {
            variablesReference: locals.variablesReference,
          });
          return Object.fromEntries(body.variables.map((variable) => [variable.name, variable.value]));
        };
        assert.deepEqual(await names(), { n: '0' });
        await client.request('setVariable', { variablesReference: locals.variablesReference, name: 'n', value: '21' });
        assert.equal(await value(client, frame, 'n + 1'), '22');
        const body = await client.request<DebugProtocol.EvaluateResponse['body']>('evaluate', {
          expression: 'print("said in the console")',
          frameId: frame,
          context: 'repl',
        });
        assert.equal(body.result, '');
        await client.printed('said in the console');
        await assert.rejects(value(client, frame, 'nothing_like_it'), /NameError/);

        const loops = await client.ask('loopscope/loops', {});
        assert.deepEqual(
          loops.rows.map((row: LoopRow) => [row.state, row.liveTasks]),
          [['running', 1]],
          'the live view is there',
        );

        await client.request('next', { threadId: first.threadId });
        const stepped = await stop(client, 2);
        assert.equal(stepped.reason, 'step');
        assert.equal(await place(client, stepped), `double:${source.line('double') + 1}`);
        assert.equal(await value(client, await topFrame(client, stepped), 'result'), '42');
        await setBreakpoints(client, source, []);
        await client.request('stepOut', { threadId: stepped.threadId });
        assert.equal(await place(client, await stop(client, 3)), `main:${source.line('loop')}`);
        await client.request('continue', { threadId: stepped.threadId });
        await client.event('terminated');
        assert.match(client.output('stdout'), /total 54\n/);
        assert.deepEqual(await client.event('exited'), { exitCode: 1 });
        assert.doesNotMatch(client.output('stderr'), /_loopscope|src.runtime/);
      }),
    );

    it(
      'conditions, hit counts and log points are kept',
      withAdapter(async (client) => {
        const source = new Source(PROGRAM);
        await debug(
          client,
          source,
          [
            source.breakpoint('double', { condition: 'n == 2' }),
            source.breakpoint('loop', { hitCondition: '4' }),
            source.breakpoint('printed', { logMessage: 'logged {total}' }),
          ],
          { python },
        );
        const conditional = await stop(client);
        assert.equal(await value(client, await topFrame(client, conditional), 'n'), '2');
        await client.request('continue', { threadId: conditional.threadId });
        const hit = await stop(client, 2);
        assert.equal(await value(client, await topFrame(client, hit), 'n'), '3');
        await client.request('continue', { threadId: hit.threadId });
        await client.event('terminated');
        assert.match(client.output('stdout') + client.output('console'), /logged 12/);
      }),
    );

    it(
      'stops at exceptions, raised and uncaught, and says which',
      withAdapter(async (client) => {
        const source = new Source(PROGRAM);
        await debug(client, source, [], { python }, ['raised', 'uncaught']);
        const raised = await stop(client);
        assert.equal(raised.reason, 'exception');
        assert.equal(await place(client, raised), `main:${source.line('raise')}`);
        const info = await client.request<DebugProtocol.ExceptionInfoResponse['body']>('exceptionInfo', {
          threadId: raised.threadId,
        });
        assert.match(info.exceptionId, /KeyError/);
        await client.request('continue', { threadId: raised.threadId });
        const last = await stop(client, 2);
        assert.equal(await place(client, last), `<module>:${source.line('uncaught')}`);
        await client.request('disconnect', { terminateDebuggee: true });
      }),
    );

    for (const justMyCode of [true, false])
      it(
        `justMyCode ${justMyCode}: a step into a library's function ${justMyCode ? 'goes on in the person’s code' : 'leads into it'}`,
        withAdapter(async (client) => {
          const source = new Source('import json\ntext = json.dumps([1])  # @call\nlast = 1  # @last\n');
          await debug(client, source, ['call'], { python, justMyCode });
          const at = await stop(client);
          await client.request('stepIn', { threadId: at.threadId });
          const next = await stop(client, 2);
          const [top] = await frames(client, next);
          if (justMyCode) assert.equal(await place(client, next), `<module>:${source.line('last')}`);
          else assert.match(top?.source?.path ?? '', /json[\\/]__init__\.py$/);
          await client.request('continue', { threadId: next.threadId });
          await client.event('terminated');
        }),
      );

    it(
      'steps of one task never lead into our own files, even without justMyCode',
      withAdapter(async (client) => {
        const source = new Source(
          'import asyncio\nasync def main():\n    await asyncio.sleep(0)  # @sleep\nasyncio.run(main())\n',
        );
        await debug(client, source, ['sleep'], { python, justMyCode: false });
        let at = await stop(client);
        for (let count = 2; count < 12; count++) {
          const files = (await frames(client, at)).map(({ source: file }) => file?.path ?? '');
          assert.ok(!files.some((file) => /[\\/]src[\\/]runtime[\\/]/.test(file)), files.join('\n'));
          await client.request('stepIn', { threadId: at.threadId });
          const next = await Promise.race([stop(client, count), client.event('terminated').then(() => undefined)]);
          if (!next) return;
          at = next;
        }
      }),
    );
  });
