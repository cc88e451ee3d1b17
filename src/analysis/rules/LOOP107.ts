/** LOOP107: a new loop in each round of a loop statement, or several open loops in one thread. */
import type { Facts } from '../facts';
import type { Fix } from '../finding';
import { BORN, CLEANUP, CLOSED, ELSEWHERE, ESCAPED, FIELD, GLOBAL, RAN, WEAK } from '../flow/bits';
import type { Life } from '../flow/lives';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { defineRule } from './rule';
import {
  fix,
  fixes,
  indented,
  indentOf,
  indentUnit,
  lineEndOf,
  linesOf,
  removal,
  someNode,
  statementOf,
} from './support/edits';
import { capitalized, moduleOf, theLoop } from './support/loops';
import { isFree } from './support/rewrites';

export const rule = defineRule({
  code: 'LOOP107',
  name: 'several-loops',
  severity: 'warning',
  summary: 'A new event loop per iteration, or several open loops in one thread.',
  facts: ['ast', 'names', 'values', 'lives', 'raising', 'settings'],
  doc: {
    what: 'Flags a loop that is made anew in each round of a `for` or `while` while the one before is still open, and a second loop that is made and run in a function while another one that it runs is still open. Loops one after another, each closed before the next, are fine, as is `asyncio.run()` in a retry loop. A comprehension that makes several at once means to, and is not flagged.',
    why: 'Tasks, locks, queues and connections belong to the loop that they were made on: with two in one thread they end up on the wrong one ("attached to a different loop"). A loop per round leaks file descriptors with every round.',
    bad: 'import asyncio\n\nfor delay in range(3):\n    loop = asyncio.new_event_loop()\n    loop.run_until_complete(asyncio.sleep(0))\n',
    good: 'import asyncio\n\nloop = asyncio.new_event_loop()\ntry:\n    for delay in range(3):\n        loop.run_until_complete(asyncio.sleep(0))\nfinally:\n    loop.close()\n',
    message: 'RuntimeError: Task … got Future … attached to a different loop',
    fix: 'Make one loop outside, or use one `asyncio.Runner` for all rounds. The quick fixes move the creation in front of the loop statement and close it behind, or let a Runner do so; they are not marked safe, because what one round leaves behind the next one then sees.',
    versions: 'All. `asyncio.Runner` is there from Python 3.11.',
    related: [],
  },
  check(facts, report) {
    const { ast, lives } = facts;
    for (const life of lives.owned) {
      const { states } = life.exploration;
      if (life.origin === 'taken' || life.exploration.isCut || isElement(facts, life)) continue;
      const isAgain = life.exploration.rebirths.some((at) => isOpen(states[at]?.bits ?? 0));
      if (isAgain) {
        report({
          span: ast.span(life.creation),
          message: `${capitalized(theLoop(life))} is made anew in each round, and the one before is still open: make one before the loop, or close each.`,
          related: [],
          fixes: fixes(hoisted(facts, life), hoisted(facts, life, true)),
          defect: life.creation,
        });
        continue;
      }
      const other = lives.owned.find((each) => each !== life && areTogether(each, life));
      if (!other) continue;
      report({
        span: ast.span(life.creation),
        message: `A second event loop in one thread: ${theLoop(other)} is still open here. Close that one first, or use it for both.`,
        related: [{ span: ast.span(other.creation), message: 'The first loop is made here.' }],
      });
    }
  },
});

/** `[new_event_loop() for …]`: many on purpose, perhaps one for each thread. */
function isElement({ ast }: Pick<Facts, 'ast'>, life: Life): boolean {
  const kind = ast.kindOf(ast.parent(life.creation));
  return kind === Kind.ListComp || kind === Kind.SetComp || kind === Kind.DictComp || kind === Kind.Pair;
}

function isOpen(bits: number): boolean {
  return (bits & BORN) !== 0 && (bits & (CLOSED | ESCAPED | CLEANUP | FIELD | GLOBAL | ELSEWHERE | WEAK)) === 0;
}

/** Whether the first loop is open where the second is made, and this function runs both. */
function areTogether(first: Life, second: Life): boolean {
  if (first.fn !== second.fn || first.origin === 'taken') return false;
  const isRunHere = (life: Life): boolean => (life.done & RAN) !== 0 && (life.done & ELSEWHERE) === 0;
  if (!isRunHere(first) || !isRunHere(second)) return false;
  const { exploration } = first;
  const at = exploration.states.filter((state) => exploration.cfg.ops[state.op]?.node === second.creation);
  return (
    at.length > 0 && at.every(({ bits }) => isOpen(bits) || (bits & BORN) === 0) && at.some(({ bits }) => isOpen(bits))
  );
}

type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'lives' | 'raising' | 'settings'>;

/**
 * The creation moved in front of the loop statement, which is then wrapped so that the loop is closed behind it.
 * @param byRunner an asyncio.Runner makes it and closes it
 */
function hoisted(facts: Wanted, life: Life, byRunner = false): Fix | undefined {
  const { ast, names, values, lives, settings } = facts;
  const creation = statementOf(ast, life.creation);
  const target = lives.targetOf(life.creation);
  const around = ast.enclosing(creation, (kind) => kind === Kind.For || kind === Kind.While);
  if (creation === NONE || target === NONE || around === NONE || (life.done & CLOSED) !== 0) return undefined;
  if (ast.kindOf(target) !== Kind.Name || ast.parent(ast.parent(creation)) !== around) return undefined;
  const symbol = names.symbolOf(target);
  const header = ast.childOfKind(around, Kind.Block);
  const isNeeded = someNode(
    ast,
    life.creation,
    (node) => ast.kindOf(node) === Kind.Name && node > life.creation + 2 && node < header,
  );
  const lines = linesOf(ast, around);
  const own = removal(ast, creation);
  if (
    !lines ||
    !own ||
    isNeeded ||
    !symbol ||
    someNode(ast, around + 1, (node) => node < header && names.symbolOf(node) === symbol)
  )
    return undefined;
  const end = lineEndOf(ast);
  const indent = indentOf(ast, around);
  const unit = indentUnit(ast);
  const moved = indented(ast, lines, unit);
  const inner = indented(ast, own.newText === '' ? own.span : lines, unit);
  if (own.newText !== '' || !moved.includes(inner)) return undefined;
  let body = moved.replace(inner, '');
  if (!body.endsWith('\n')) body += end;
  if (byRunner) {
    const module = moduleOf(facts, life.creation);
    const isThere = settings.target.lowest >= 11 && module !== undefined && life.origin === 'new';
    if (!isThere || !isFree(values, around, 'runner')) return undefined;
    const name = ast.textOf(target);
    const head = `${indent}with ${module}.Runner() as runner:${end}${indent}${unit}${name} = runner.get_loop()${end}`;
    return fix('Use one asyncio.Runner for all rounds', false, [{ span: lines, newText: head + body }]);
  }
  const newText =
    `${indent}${ast.textOf(creation)}${end}${indent}try:${end}${body}` +
    `${indent}finally:${end}${indent}${unit}${ast.textOf(target)}.close()${end}`;
  return fix('Make one loop for all rounds', false, [{ span: lines, newText }]);
}
