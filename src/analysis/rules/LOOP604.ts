/** LOOP604: a client session that nobody closes: of aiohttp, httpx, websockets. */
import type { OpeningKind } from '../flow/openings';
import { defineRule } from './rule';
import { checkOpenings, openingsOf } from './support/openings';

const SESSION: OpeningKind = {
  type: 'aiohttp.ClientSession',
  makers: ['aiohttp.ClientSession', 'httpx.AsyncClient'],
  awaitedMakers: { 'websockets.connect': -1, 'websockets.asyncio.client.connect': -1, 'websockets.client.connect': -1 },
  closers: ['close', 'aclose'],
  isContextManager: true,
  leaveIt: [],
};

export const rule = defineRule({
  code: 'LOOP604',
  name: 'session-left-open',
  summary: 'A client session left open.',
  severity: 'warning',
  doc: {
    what: 'Flags an `aiohttp.ClientSession`, an `httpx.AsyncClient` or an awaited `websockets.connect()` that a function makes and does not close, or not when something raises; as information, one in an attribute that no method closes. Not one that is given away.',
    why: 'A session keeps its connections open. One that is only forgotten leaves them to the garbage collector, which says so on the log and can close them only roughly.',
    bad: 'import aiohttp\n\nasync def fetch(url):\n    session = aiohttp.ClientSession()\n    return await session.get(url)\n',
    good: 'import aiohttp\n\nasync def fetch(url):\n    async with aiohttp.ClientSession() as session:\n        return await session.get(url)\n',
    message: 'Unclosed client session\nclient_session: <aiohttp.client.ClientSession object …>',
    fix: '`async with`, or `await session.close()` in a `finally` (safe where a close() is there).',
    versions: 'All.',
    related: [],
  },
  facts: ['ast', 'names', 'values', 'invocations', 'raising', 'graphs', 'settings', 'places'],

  check(facts, report) {
    const words = { noun: 'session', closed: 'closed', closes: 'closes' };
    const keep = { how: 'async with', closing: 'await NAME.close()' } as const;
    checkOpenings(
      facts,
      openingsOf(facts, SESSION),
      words,
      () => keep,
      report,
      ({ fn }) => fn !== undefined,
    );
  },
});
