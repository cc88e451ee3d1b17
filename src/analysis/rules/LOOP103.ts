/** LOOP103: a loop that an object keeps and none of its methods closes. */
import type { Facts } from '../facts';
import { CLEANUP, CLOSED, ESCAPED } from '../flow/bits';
import { selfField } from '../flow/explore';
import type { Life } from '../flow/lives';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { defineRule } from './rule';

export const rule = defineRule({
  code: 'LOOP103',
  name: 'loop-field-never-closed',
  severity: 'info',
  summary: 'An event loop that is kept in an attribute and that no method of the class closes.',
  facts: ['ast', 'names', 'values', 'lives'],
  doc: {
    what: 'Flags the creation of an event loop that is put into an attribute of `self` when no method of the class, of its bases and of its subclasses in the file closes that attribute, under whatever other name. A class with a base from another file may inherit the clean-up: there it is a hint.',
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
      if (!field || life.origin === 'taken' || (life.done & (CLOSED | CLEANUP)) !== 0) continue;
      const { may } = facts.lives.ofField(field.cls, field.name);
      if ((may & (CLOSED | CLEANUP)) !== 0) continue;
      if (((may | life.done) & ESCAPED) !== 0 && isGivenAway(facts, field.name)) continue;
      const isOpen = facts.values.externalBases(field.cls).some((base) => base === undefined || !HARMLESS.test(base));
      report({
        span: facts.ast.span(life.creation),
        severity: isOpen ? 'hint' : 'info',
        message: `No method of ${field.cls.name} closes the event loop that "${life.name}" keeps.`,
        related: keptHere(facts, life),
        defect: life.creation,
      });
    }
  },
});

/** Bases from the standard library that close no loop of a subclass. */
const HARMLESS =
  /^(object|abc\.ABC|typing\.\w+|threading\.Thread|unittest\.TestCase|enum\.\w+|Exception|contextlib\.\w+)$/;

/** Whether the attribute is used otherwise than by methods of its own and by returning it. */
function isGivenAway({ ast, names }: Pick<Facts, 'ast' | 'names'>, name: string): boolean {
  for (let node = 0; node < ast.length; node++) {
    if (selfField(names, node) !== name) continue;
    const parent = ast.kindOf(ast.parent(node));
    const isCallee = parent === Kind.Attribute || parent === Kind.Return || parent === Kind.Assign;
    if (!isCallee && parent !== Kind.AnnAssign && parent !== Kind.Compare && parent !== Kind.If) return true;
  }
  return false;
}

function keptHere(
  { ast, lives }: Pick<Facts, 'ast' | 'lives'>,
  life: Life,
): { span: { start: number; end: number }; message: string }[] {
  const target = lives.targetOf(life.creation);
  return target === NONE ? [] : [{ span: ast.span(target), message: 'It is kept here.' }];
}
