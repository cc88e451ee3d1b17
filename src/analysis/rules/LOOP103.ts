/** LOOP103: a loop that an object keeps and none of its methods closes. */
import type { Facts } from '../facts';
import { CLEANUP, CLOSED, ESCAPED } from '../flow/bits';
import type { Life } from '../flow/lives';
import { NONE } from '../syntax/ast';
import { defineRule } from './rule';
import { isGivenAway } from './support/holders';

export const rule = defineRule({
  code: 'LOOP103',
  name: 'loop-field-never-closed',
  severity: 'info',
  summary: 'An event loop that is kept in an attribute and that no method of the class closes.',
  facts: ['ast', 'names', 'values', 'lives'],
  doc: {
    what: 'Flags the creation of an event loop that is put into an attribute of `self` when no method of the class, of its bases and of its subclasses in the file closes that attribute, under whatever other name, or where the only one that does does so under a condition that names nothing of the object. A class with a base from another file may inherit the clean-up: there it is a hint.',
    why: 'Each object of the class keeps a selector and two sockets open for as long as something refers to it.',
    bad: 'import asyncio\n\nclass Client:\n    def __init__(self):\n        self._loop = asyncio.new_event_loop()\n\n    def call(self):\n        return self._loop.run_until_complete(asyncio.sleep(0, 1))\n',
    good: 'import asyncio\n\nclass Client:\n    def __init__(self):\n        self._loop = asyncio.new_event_loop()\n\n    def call(self):\n        return self._loop.run_until_complete(asyncio.sleep(0, 1))\n\n    def close(self):\n        self._loop.close()\n',
    message: 'ResourceWarning: unclosed event loop <_UnixSelectorEventLoop running=False closed=False debug=False>',
    fix: 'Give the class a `close()` method, or make it a context manager, and close the loop there. There is no quick fix: who calls it is yours to decide.',
    versions: 'All.',
    related: [],
  },
  check(facts, report) {
    for (const life of facts.lives.owned) {
      const { field } = life;
      if (!field || life.origin === 'taken' || (life.done & CLOSED) !== 0) continue;
      // Its clean-up is registered, on every way out of the method but for what raises before that.
      if ((life.done & CLEANUP) !== 0 && life.openEnds.every(({ isException }) => isException)) continue;
      const { may, sometimes } = facts.lives.ofField(field.cls, field.name);
      if ((may & (CLOSED | CLEANUP)) !== 0) continue;
      if (((may | life.done) & ESCAPED) !== 0 && isGivenAway(facts, field.name)) continue;
      const isOpen = facts.values.externalBases(field.cls).some((base) => base === undefined || !HARMLESS.test(base));
      report({
        span: facts.ast.span(life.creation),
        severity: isOpen ? 'hint' : 'info',
        message: sometimes
          ? `${sometimes.name}() closes the event loop that "${life.name}" keeps only under a condition that has nothing to do with it: close it in any case.`
          : `No method of ${field.cls.name} closes the event loop that "${life.name}" keeps: give it a method that does, and call that.`,
        related: [
          ...keptHere(facts, life),
          ...(sometimes ? [{ span: facts.ast.span(sometimes.node), message: 'This leaves it open otherwise.' }] : []),
        ],
        defect: life.creation,
      });
    }
  },
});

/** Bases from the standard library that close no loop of a subclass. */
const HARMLESS =
  /^(object|abc\.ABC|typing\.\w+|threading\.Thread|unittest\.TestCase|enum\.\w+|Exception|contextlib\.\w+)$/;

function keptHere(
  { ast, lives }: Pick<Facts, 'ast' | 'lives'>,
  life: Life,
): { span: { start: number; end: number }; message: string }[] {
  const target = lives.targetOf(life.creation);
  return target === NONE ? [] : [{ span: ast.span(target), message: 'It is kept here.' }];
}
