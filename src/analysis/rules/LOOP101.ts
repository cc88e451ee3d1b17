/** LOOP101: an event loop that is never closed. Loops kept in a field are LOOP103's. */
import { CLEANUP, CLOSED, CURRENT, ESCAPED, FIELD, GLOBAL, RAN } from '../flow/bits';
import type { Life } from '../flow/lives';
import type { Facts } from '../facts';
import type { Severity } from '../finding';
import { Kind } from '../syntax/kinds';
import { defineRule } from './rule';
import { fixes } from './support/edits';
import { heldOpen, loopFields } from './support/holders';
import { capitalized, closeInFinally, changesOwner, storyOf, theLoop, useRun, useRunner } from './support/loops';

export const rule = defineRule({
  code: 'LOOP101',
  name: 'loop-never-closed',
  severity: 'warning',
  summary: 'An event loop that is made or run, and that nothing closes.',
  facts: ['ast', 'names', 'values', 'lives', 'raising', 'settings', 'invocations', 'graphs', 'places'],
  doc: {
    what: 'Flags the creation of an event loop (`asyncio.new_event_loop()`, a loop class, a policy, `uvloop`, a factory named in `loop-factories`, or a function of the file that returns one) that no path closes. Synchronous code that takes a loop with `asyncio.get_event_loop()` and runs it owns it, and is flagged too.\n\nA loop that is returned, stored in another object, or handed to code out of sight has changed its owner and is not flagged. Neither is one that `set_event_loop()` hands to its thread, unless the same function also runs it. A loop that the file only makes, and never runs, is reported as information. Also flags where a function makes an object of a class of the file that keeps a loop, has it for itself, and neither calls the method that closes the loop nor enters the object with `with`.',
    why: 'An open loop keeps its selector, its self-pipe (two sockets) and, if one was used, its default executor with all its threads. Programs that make loops again and again run out of file descriptors.',
    bad: 'import asyncio\n\nloop = asyncio.new_event_loop()\nloop.run_until_complete(asyncio.sleep(0))\n',
    good: 'import asyncio\n\nloop = asyncio.new_event_loop()\ntry:\n    loop.run_until_complete(asyncio.sleep(0))\nfinally:\n    loop.close()\n',
    message: 'ResourceWarning: unclosed event loop <_UnixSelectorEventLoop running=False closed=False debug=False>',
    fix: 'Best: let `asyncio.run()` or, from 3.11, `asyncio.Runner` make and close the loop. Else close it in a `finally` block. The quick fixes do each of these where the code allows it; *close in a finally block* is safe, the others are not, because they also cancel what is left running.',
    versions: 'All. `asyncio.Runner` is there from Python 3.11.',
    related: [
      { tool: 'pytest', rule: 'unraisableexception (at run time)' },
      { tool: 'CodeQL', rule: 'py/file-not-closed (the same for files)' },
    ],
  },
  check(facts, report) {
    for (const life of facts.lives.owned) {
      const severity = severityOf(facts, life);
      const [end] = life.openEnds.filter(({ isException }) => !isException).concat(life.openEnds);
      if (severity === undefined || !end) continue;
      report({
        span: facts.ast.span(life.creation),
        severity,
        message: isSometimesClosed(facts, life)
          ? `${capitalized(theLoop(life))} is closed only under a condition that has nothing to do with it: close it in a finally block.`
          : `${capitalized(theLoop(life))} is never closed: close it in a finally block, or let asyncio.run() make and close one.`,
        related: storyOf(facts, life, end),
        fixes:
          severity === 'info' ? [] : fixes(closeInFinally(facts, life), useRun(facts, life), useRunner(facts, life)),
        defect: life.creation,
      });
    }
    for (const life of scatteredLoops(facts)) {
      report({
        span: facts.ast.span(life.creation),
        severity: 'info',
        message: 'Nothing in this file closes the event loop that is made here: close it where its use ends.',
        defect: life.creation,
      });
    }
    for (const { call, cls, advice, isClosed } of heldOpen(facts, loopFields(facts))) {
      if (isClosed) continue;
      report({
        span: facts.ast.span(call),
        message: `Nothing closes the event loop that this ${cls.name} keeps: ${advice}.`,
        related: [{ span: facts.ast.span(cls.node + 1), message: 'This class makes the loop.' }],
        defect: call,
      });
    }
  },
});

/** Whether a function of the file closes the variable that keeps it, but leaves it open on another way out. */
function isSometimesClosed({ lives }: Pick<Facts, 'lives'>, { variable }: Life): boolean {
  return variable !== undefined && lives.ofVariable(variable).sometimes !== undefined;
}

/**
 * Loops of a script that are put into a container or a variable of the module and given around, where the file runs
 * loops and there is no `close` in it that could be theirs.
 */
function scatteredLoops({ ast, names, values, lives, places }: ScriptFacts): Life[] {
  const isRun = ['run_until_complete', 'run_forever'].some((name) => ast.isNamed(name));
  const isScript = (life: Life): boolean => !life.fn || places.evidenceFor(life.fn, 'top level') !== undefined;
  if (!isRun) return [];
  const found = lives.owned.filter((life) => {
    const isClosed = (life.done & (CLOSED | CLEANUP | FIELD)) !== 0;
    return life.origin === 'new' && !isClosed && isScript(life) && isPutAway(ast, life);
  });
  if (found.length === 0) return [];
  for (let node = 0; node < ast.length; node++) {
    if (ast.kindOf(node) !== Kind.Attribute || !/close(?!d|_)|^shutdown$|^stop$|^dispose$/.test(ast.name(node)))
      continue;
    const owner = values.of(node + 1);
    if (owner === undefined || values.isLoop(node + 1)) return [];
  }
  const isForeign = names.classes.some((cls) => values.externalBases(cls).includes(undefined));
  return isForeign ? [] : found;
}

/** Whether a loop escapes only into displays, or by returning the variable of the module that keeps it. */
function isPutAway(ast: Facts['ast'], life: Life): boolean {
  const isDisplay = [Kind.List, Kind.Tuple, Kind.Dict, Kind.Pair, Kind.Set, Kind.ListComp, Kind.DictComp].includes(
    ast.kindOf(ast.parent(life.creation)),
  );
  const escapes = life.exploration.events.filter(({ effect }) => ((effect.must | effect.may) & ESCAPED) !== 0);
  const isReturned = escapes.every(({ op }) => ast.kindOf(op.node) === Kind.Return);
  return (isDisplay && life.name === '') || (isReturned && escapes.length > 0 && (life.done & GLOBAL) !== 0);
}

type ScriptFacts = Pick<Facts, 'ast' | 'names' | 'values' | 'lives' | 'places'>;

/** The severity of a loop that is never closed; undefined where it is closed, or is not this function's to close. */
function severityOf({ lives }: Pick<Facts, 'lives'>, life: Life): Severity | undefined {
  if ((life.done & CLOSED) !== 0 || life.openEnds.length === 0) return undefined;
  // Its end is somebody else's, whatever goes wrong before they have it.
  const isGiven = changesOwner(life.exploration);
  if (life.openEnds.every(({ bits, isException }) => (bits & FIELD) !== 0 || (isGiven && isException)))
    return undefined;
  const kept = life.variable ? lives.ofVariable(life.variable).may : 0;
  if ((kept & CLOSED) !== 0) return undefined;
  const isRun = ((life.done | kept) & RAN) !== 0;
  if (life.origin === 'taken') return lives.isRun(life) ? 'warning' : undefined;
  if (isRun) return 'warning';
  return (life.done & CURRENT) !== 0 || life.variable ? 'info' : 'warning';
}
