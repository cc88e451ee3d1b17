/** LOOP603: a server that nobody closes. serve_forever() closes it when it ends. */
import { LOOP } from '../flow/library';
import type { OpeningKind } from '../flow/openings';
import { defineRule } from './rule';
import { checkOpenings, openingsOf } from './support/openings';

const SERVER: OpeningKind = {
  type: 'asyncio.Server',
  makers: [],
  awaitedMakers: {
    'asyncio.start_server': -1,
    'asyncio.start_unix_server': -1,
    [`${LOOP}.create_server`]: -1,
    [`${LOOP}.create_unix_server`]: -1,
  },
  closers: ['close', 'serve_forever'],
  isContextManager: true,
  leaveIt: [],
};

export const rule = defineRule({
  code: 'LOOP603',
  name: 'server-left-open',
  summary: 'A server left open.',
  severity: 'warning',
  doc: {
    what: 'Flags a server that a function starts and does not close, or not when something raises; as information, one in an attribute that no method closes. `async with server`, `serve_forever()` and `close()` close it. Not one that is given away.',
    why: 'It goes on listening as long as the loop runs, and takes connections that nobody answers any more; at the end its sockets are closed late, with a warning.',
    bad: 'import asyncio\n\nasync def main(handle, stop):\n    server = await asyncio.start_server(handle, port=8000)\n    await stop.wait()\n',
    good: 'import asyncio\n\nasync def main(handle, stop):\n    server = await asyncio.start_server(handle, port=8000)\n    async with server:\n        await stop.wait()\n',
    message: 'ResourceWarning: unclosed <socket.socket …>',
    fix: '`async with server:` around the rest (not safe: its end then waits for connections), or `close()` in a `finally` (safe where a close() is there).',
    versions: 'All.',
    related: [],
  },
  facts: ['ast', 'names', 'values', 'invocations', 'raising', 'graphs', 'settings', 'places'],

  check(facts, report) {
    const words = { noun: 'server', closed: 'closed', closes: 'closes' };
    checkOpenings(
      facts,
      openingsOf(facts, SERVER),
      words,
      ({ fn }) => ({ how: fn?.isAsync === true ? 'async with behind' : 'finally', closing: 'NAME.close()' }),
      report,
      ({ fn }) => fn !== undefined,
    );
  },
});
