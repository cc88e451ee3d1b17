/** LOOP606: an asyncio.Runner that nobody closes. */
import type { OpeningKind } from '../flow/openings';
import { CLOSED } from '../flow/bits';
import type { FunctionInfo } from '../flow/model';
import { defineRule } from './rule';
import { heldOpen } from './support/holders';
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
    const runners = openingsOf(facts, RUNNER);
    checkOpenings(facts, runners, words, () => keep, report);
    const fields = runners.all().flatMap(({ field, fn, isClosed }) => {
      if (!field || isClosed) return [];
      const closes = (method: FunctionInfo): boolean => (runners.ofField(method, field.name).may & CLOSED) !== 0;
      return [{ ...field, fn, closes }];
    });
    for (const { call, cls, advice, isClosed } of heldOpen(facts, fields)) {
      report({
        span: facts.ast.span(call),
        message: isClosed
          ? `The runner that this ${cls.name} keeps stays open on one of the ways out: ${advice}.`
          : `Nothing closes the runner that this ${cls.name} keeps: ${advice}.`,
        related: [{ span: facts.ast.span(cls.node + 1), message: 'This class makes the runner.' }],
      });
    }
  },
});
