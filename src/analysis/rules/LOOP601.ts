/** LOOP601: an executor that nobody shuts down. */
import type { OpeningKind } from '../flow/openings';
import { TAKES_EXECUTOR } from '../flow/openings';
import { defineRule } from './rule';
import { checkOpenings, openingsOf } from './support/openings';

const EXECUTOR: OpeningKind = {
  type: 'concurrent.futures.Executor',
  makers: ['ThreadPoolExecutor', 'ProcessPoolExecutor', 'InterpreterPoolExecutor'].map(
    (name) => `concurrent.futures.${name}`,
  ),
  awaitedMakers: {},
  closers: ['shutdown'],
  isContextManager: true,
  leaveIt: [TAKES_EXECUTOR],
};

export const rule = defineRule({
  code: 'LOOP601',
  name: 'executor-left-open',
  summary: 'An executor left open.',
  severity: 'warning',
  doc: {
    what: 'Flags an executor of `concurrent.futures` that a function makes and does not shut down, or not when something raises; as information, one in an attribute that no method of the class shuts down. An executor that is given away (returned, stored, `set_default_executor()`) or that belongs to the module is not flagged.',
    why: 'Its threads or processes stay until it is collected, work that was handed in is lost or still runs while the program goes on, and its errors are seen by nobody.',
    bad: 'import asyncio\nfrom concurrent.futures import ThreadPoolExecutor\n\nasync def main():\n    pool = ThreadPoolExecutor()\n    await asyncio.get_running_loop().run_in_executor(pool, print)\n',
    good: 'import asyncio\nfrom concurrent.futures import ThreadPoolExecutor\n\nasync def main():\n    with ThreadPoolExecutor() as pool:\n        await asyncio.get_running_loop().run_in_executor(pool, print)\n',
    message: '',
    fix: '`with`, or `shutdown()` in a `finally`. Moving a `shutdown()` into a `finally` is safe; `with` waits for the work that is left, so it is not.',
    versions: 'All; InterpreterPoolExecutor is there from 3.14.',
    related: [{ tool: 'pylint', rule: 'consider-using-with (R1732)' }],
  },
  facts: ['ast', 'names', 'values', 'invocations', 'raising', 'graphs', 'settings', 'places'],

  check(facts, report) {
    const words = { noun: 'executor', closed: 'shut down', closes: 'shuts down' };
    const keep = { how: 'with', closing: 'NAME.shutdown()' } as const;
    const isWanted = ({ fn }: { fn: unknown }): boolean => fn !== undefined;
    checkOpenings(facts, openingsOf(facts, EXECUTOR), words, () => keep, report, isWanted);
  },
});
