/** LOOP606: an asyncio.Runner that nobody closes. */
import type { OpeningKind } from '../flow/openings';
import { defineRule } from './rule';
import { checkOpenings, openingsOf } from './support/openings';

const RUNNER: OpeningKind = {
  type: 'asyncio.Runner',
  makers: ['asyncio.Runner'],
  awaitedMakers: {},
  closers: ['close'],
  isContextManager: true,
  leaveIt: [],
};

export const rule = defineRule({
  code: 'LOOP606',
  name: 'runner-left-open',
  summary: 'A Runner left open.',
  severity: 'warning',
  doc: {
    what: 'Flags an `asyncio.Runner` that is neither entered with `with` nor closed, or not when something raises; as information, one in an attribute that no method closes.',
    why: 'A runner owns an event loop with its selector, sockets and executor; closing it cancels what is left running, ends async generators and closes the loop.',
    bad: 'import asyncio\n\ndef start(main):\n    runner = asyncio.Runner()\n    runner.run(main())\n',
    good: 'import asyncio\n\ndef start(main):\n    with asyncio.Runner() as runner:\n        runner.run(main())\n',
    message: 'ResourceWarning: unclosed event loop <_UnixSelectorEventLoop running=False closed=False debug=False>',
    fix: '`with`, or `close()` in a `finally` (safe where a close() is there).',
    versions: 'asyncio.Runner is there from 3.11.',
    related: [],
  },
  facts: ['ast', 'names', 'values', 'invocations', 'raising', 'graphs', 'settings', 'places'],

  check(facts, report) {
    const words = { noun: 'runner', closed: 'closed', closes: 'closes' };
    const keep = { how: 'with', closing: 'NAME.close()' } as const;
    checkOpenings(facts, openingsOf(facts, RUNNER), words, () => keep, report);
  },
});
