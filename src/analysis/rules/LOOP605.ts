/** LOOP605: a subprocess of asyncio that nobody waits for, kills or talks to until its end. */
import type { Facts } from '../facts';
import type { Opening, OpeningKind } from '../flow/openings';
import { isLeftOpen } from '../flow/tracker';
import type { NodeId } from '../syntax/ast';
import { defineRule } from './rule';
import { someNode } from './support/edits';
import { checkOpenings, openingsOf } from './support/openings';

const PROCESS: OpeningKind = {
  type: 'asyncio.subprocess.Process',
  makers: [],
  awaitedMakers: { 'asyncio.create_subprocess_exec': -1, 'asyncio.create_subprocess_shell': -1 },
  closers: ['wait', 'communicate'],
  isContextManager: false,
  leaveIt: [],
};

/** Whether a normal way out, on which no condition names the process, leaves it open. */
function isLeftAnyway({ ast, names }: Pick<Facts, 'ast' | 'names'>, opening: Opening): boolean {
  const { exploration, openEnds, openThrows, target } = opening;
  const symbol = names.symbolOf(target);
  if (!symbol) return false;
  const isAboutOther = (test: NodeId): boolean => !someNode(ast, test, (node) => names.symbolOf(node) === symbol);
  return openEnds.some((at) => !openThrows.includes(at) && isLeftOpen(exploration, at, isAboutOther));
}

export const rule = defineRule({
  code: 'LOOP605',
  name: 'subprocess-not-waited-for',
  summary: 'A subprocess left open.',
  severity: 'warning',
  doc: {
    what: 'Flags a process of `create_subprocess_exec()` or `create_subprocess_shell()` that its function never waits for (`wait()`, `communicate()`), also where it is told to end (`terminate()`, `kill()`); as information, one in an attribute with which no method does. Not one that is given away.',
    why: 'Nobody learns how it ended. If the loop is closed before it has ended and been waited for, its transport and pipes stay open; `kill()` returns before the process is gone.',
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
    // What an exception on the way leaves running is not told: the process ends by itself. Nor what a condition about the
    // process leaves open: it may ask whether the process has ended.
    checkOpenings(
      facts,
      openingsOf(facts, PROCESS),
      words,
      () => keep,
      report,
      (opening) => opening.fn !== undefined && (!opening.isClosed || isLeftAnyway(facts, opening)),
    );
  },
});
