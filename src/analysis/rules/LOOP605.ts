/** LOOP605: a subprocess of asyncio that nobody waits for, kills or talks to until its end. */
import type { OpeningKind } from '../flow/openings';
import { defineRule } from './rule';
import { checkOpenings, openingsOf } from './support/openings';

const PROCESS: OpeningKind = {
  type: 'asyncio.subprocess.Process',
  makers: [],
  awaitedMakers: { 'asyncio.create_subprocess_exec': -1, 'asyncio.create_subprocess_shell': -1 },
  closers: ['wait', 'communicate', 'kill', 'terminate', 'send_signal'],
  isContextManager: false,
  leaveIt: [],
};

export const rule = defineRule({
  code: 'LOOP605',
  name: 'subprocess-not-waited-for',
  summary: 'A subprocess left open.',
  severity: 'warning',
  doc: {
    what: 'Flags a process of `create_subprocess_exec()` or `create_subprocess_shell()` that its function never waits for (`wait()`, `communicate()`), nor ends (`terminate()`, `kill()`); as information, one in an attribute with which no method does. Not one that is given away.',
    why: 'Nobody learns how it ended. If the loop is closed before it ends, its transport and pipes stay open.',
    bad: "import asyncio\n\nasync def main():\n    process = await asyncio.create_subprocess_exec('make')\n    print(process.pid)\n",
    good: "import asyncio\n\nasync def main():\n    process = await asyncio.create_subprocess_exec('make')\n    print(process.pid)\n    await process.wait()\n",
    message: 'ResourceWarning: unclosed transport <_UnixSubprocessTransport pid=… running>',
    fix: '`await process.wait()` in a `finally`. Not safe: the function then takes as long as the process.',
    versions: 'All.',
    related: [],
  },
  facts: ['ast', 'names', 'values', 'invocations', 'raising', 'graphs', 'settings', 'places'],

  check(facts, report) {
    const words = { noun: 'subprocess', closed: 'waited for', closes: 'waits for' };
    const keep = { how: 'finally', closing: 'await NAME.wait()' } as const;
    // What an exception on the way leaves running is not told: the process ends by itself.
    checkOpenings(
      facts,
      openingsOf(facts, PROCESS),
      words,
      () => keep,
      report,
      ({ fn, isClosed }) => fn !== undefined && !isClosed,
    );
  },
});
