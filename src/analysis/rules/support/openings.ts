/**
 * The one check behind LOOP601 to LOOP606: something that is opened and left open, by every path, by an exception, or in a
 * field that no method closes. A rule says what its kind is called and how it is closed.
 */
import type { Facts } from '../../facts';
import type { Fix, Related } from '../../finding';
import type { Opening, OpeningKind } from '../../flow/openings';
import { Openings } from '../../flow/openings';
import { writtenCallee } from '../../flow/places';
import type { NodeId } from '../../syntax/ast';
import { NONE } from '../../syntax/ast';
import { Kind } from '../../syntax/kinds';
import { CLOSED } from '../../flow/bits';
import type { Report, Reporter } from '../rule';
import {
  fix,
  indented,
  indentOf,
  indentUnit,
  lineEndOf,
  linesOf,
  linesOfRange,
  siblingsOf,
  statementOf,
} from './edits';
import { changesOwner } from './loops';

export type OpeningFacts = Pick<
  Facts,
  'ast' | 'names' | 'values' | 'invocations' | 'raising' | 'graphs' | 'settings' | 'places'
>;

/** What a rule says of its kind. */
export interface Words {
  /** `executor` */
  readonly noun: string;
  /** `shut down` */
  readonly closed: string;
  /** `shuts down` */
  readonly closes: string;
}

/** How the quick fix keeps it: entered where it is made, entered behind that, or closed in a `finally`. */
export interface Keep {
  readonly how: 'with' | 'async with' | 'async with behind' | 'finally';
  /** What a `finally` says, with `NAME` for the thing. */
  readonly closing: string;
}

/** What to do where it is left open. */
function adviceOf({ how, closing }: Keep): string {
  const call = closing.replace(/NAME\.(\w+)\(\)/, '$1()').replace('await ', '');
  switch (how) {
    case 'with':
    case 'async with':
      return `enter it using "${how}", or call ${call} in a finally block`;
    case 'async with behind':
      return `enter it using "async with", or call ${call} in a finally block`;
    case 'finally':
      return `${closing.startsWith('await') ? 'await' : 'call'} ${call} in a finally block`;
  }
}

/** Bases from the standard library that close nothing of a subclass. */
export const HARMLESS = /^(object|abc\.ABC|typing\.\w+|threading\.Thread|enum\.\w+|Exception)$/;

export function openingsOf(facts: OpeningFacts, kind: OpeningKind): Openings {
  const { names, values, invocations, raising, graphs, settings } = facts;
  const cleanupFunctions = new Set(settings.cleanupFunctions);
  return new Openings({ names, values, invocations, raising, graphs, cleanupFunctions }, kind);
}

/** Reports everything of a kind that is left open. */
export function checkOpenings(
  facts: OpeningFacts,
  openings: Openings,
  words: Words,
  keepOf: (opening: Opening) => Keep,
  report: Reporter,
  isWanted: (opening: Opening) => boolean = () => true,
): void {
  for (const opening of openings.all()) {
    if (!isWanted(opening)) continue;
    const found = judge(facts, openings, opening, words, keepOf(opening));
    if (found) report({ span: facts.ast.span(opening.call), ...found });
  }
}

function judge(
  facts: OpeningFacts,
  openings: Openings,
  opening: Opening,
  words: Words,
  keep: Keep,
): Omit<Report, 'span'> | undefined {
  const { ast, values } = facts;
  const [end] = opening.openEnds;
  if (end === undefined) return undefined;
  if (opening.field) {
    const { cls, name } = opening.field;
    const isKnown = values.externalBases(cls).every((base) => base !== undefined && HARMLESS.test(base));
    if (!isKnown || openings.isFieldCared(cls, name, opening.fn)) return undefined;
    const sometimes = openings.sometimesClosing(cls, name);
    return {
      severity: 'info',
      message: sometimes
        ? `${sometimes.name}() ${words.closes} the ${words.noun} that self.${name} keeps only under a condition that has nothing to do with it: do it in any case.`
        : `No method of ${cls.name} ${words.closes} the ${words.noun} that self.${name} keeps: give it one that does, and call that.`,
    };
  }
  const isGiven = changesOwner(opening.exploration);
  if (!opening.isClosed) {
    // Its end is somebody else's, whatever goes wrong before they have it.
    if (isGiven && opening.openEnds.length === opening.openThrows.length) return undefined;
    return {
      message: `This ${words.noun} is never ${words.closed}: ${adviceOf(keep)}.`,
      fixes: [isGiven ? undefined : keptFix(facts, opening, keep)].filter((each) => each !== undefined),
    };
  }
  const thrown = opening.openEnds.length > opening.openThrows.length ? undefined : opening.openThrows[0];
  const raiser = thrown === undefined ? NONE : openings.raiserBefore(opening.exploration, thrown);
  const related: Related[] = [];
  if (raiser !== NONE) related.push({ span: ast.span(raiser), message: 'If this raises, it stays open.' });
  return {
    message:
      raiser === NONE
        ? `This ${words.noun} is not ${words.closed} on one of the ways out: ${adviceOf(keep)}.`
        : `This ${words.noun} is not ${words.closed} when ${wordsOf(facts, raiser)} raises: ${adviceOf(keep)}.`,
    related,
    fixes: [isGiven ? undefined : movedFix(facts, opening)].filter((each) => each !== undefined),
  };
}

function wordsOf({ ast, values }: OpeningFacts, node: NodeId): string {
  switch (ast.kindOf(node)) {
    case Kind.Call:
      return `${writtenCallee(values, node)}()`;
    case Kind.Await:
      return ast.kindOf(node + 1) === Kind.Call ? `${writtenCallee(values, node + 1)}()` : 'an await';
    case Kind.Raise:
      return 'this function';
    default:
      return 'something';
  }
}

// ------------------------------------------------------------------ fixes

/** What stands behind the statement that makes it, in the same block. */
interface Rest {
  readonly creation: NodeId;
  readonly name: string;
  readonly first: NodeId;
  readonly last: NodeId;
}

function restOf({ ast }: OpeningFacts, opening: Opening, isEmptyRight = false): Rest | undefined {
  const creation = statementOf(ast, opening.birth);
  const { target } = opening;
  if (target === NONE || ast.kindOf(target) !== Kind.Name || ast.kindOf(creation) !== Kind.Assign) return undefined;
  const siblings = siblingsOf(ast, creation);
  const rest = siblings.slice(siblings.indexOf(creation) + 1);
  const [first = isEmptyRight ? creation : undefined] = rest;
  const last = rest.at(-1) ?? (isEmptyRight ? creation : undefined);
  return first === undefined || last === undefined ? undefined : { creation, name: ast.textOf(target), first, last };
}

/** Puts the rest of the block under a `with`, or under `try … finally`. */
function keptFix(facts: OpeningFacts, opening: Opening, keep: Keep): Fix | undefined {
  const { ast } = facts;
  const rest = restOf(facts, opening);
  if (!rest) return undefined;
  const lines = linesOfRange(ast, rest.first, rest.last);
  const own = linesOf(ast, rest.creation);
  if (!lines || !own || lines.start < own.end) return undefined;
  const eol = lineEndOf(ast);
  const indent = indentOf(ast, rest.creation);
  const unit = indentUnit(ast);
  let body = indented(ast, lines, unit);
  if (!body.endsWith('\n')) body += eol;
  switch (keep.how) {
    case 'with':
    case 'async with': {
      const word = keep.how;
      const made = ast.textOf(opening.call);
      if (ast.parent(opening.birth) !== rest.creation) return undefined;
      const head = `${indent}${word} ${made} as ${rest.name}:${eol}`;
      const between = ast.text.slice(own.end, lines.start);
      return fix(`Use ${word}`, false, [
        { span: { start: own.start, end: lines.end }, newText: head + between + body },
      ]);
    }
    case 'async with behind':
      return fix('Use async with', false, [{ span: lines, newText: `${indent}async with ${rest.name}:${eol}${body}` }]);
    case 'finally': {
      const closing = `${indent}${unit}${keep.closing.replace('NAME', rest.name)}${eol}`;
      const newText = `${indent}try:${eol}${body}${indent}finally:${eol}${closing}`;
      return fix('Close it in a finally block', false, [{ span: lines, newText }]);
    }
  }
}

/** Moves the statement that closes it, and the wait behind it, into a `finally` around what stands before. */
function movedFix(facts: OpeningFacts, opening: Opening): Fix | undefined {
  const { ast, names } = facts;
  const rest = restOf(facts, opening);
  if (!rest) return undefined;
  const closes = opening.exploration.events
    .filter(({ effect }) => (effect.must & CLOSED) !== 0)
    .map(({ op }) => op.node);
  const statements = new Set(closes.map((node) => statementOf(ast, node)));
  const [close = NONE] = [...statements].sort((a, b) => a - b);
  if (close === NONE || ast.parent(close) !== ast.parent(rest.creation) || ast.kindOf(close) !== Kind.ExprStmt)
    return undefined;
  if ([...statements].some((each) => ast.parent(each) !== ast.parent(close))) return undefined;
  const siblings = siblingsOf(ast, close);
  const before = siblings[siblings.indexOf(close) - 1];
  if (before === undefined || before < rest.first || close === rest.first) return undefined;
  const symbol = names.symbolOf(opening.target);
  // `await writer.wait_closed()` belongs to the close.
  const next = siblings[siblings.indexOf(close) + 1];
  const isWait =
    next !== undefined &&
    ast.kindOf(next) === Kind.ExprStmt &&
    ast.kindOf(next + 1) === Kind.Await &&
    ast.kindOf(next + 2) === Kind.Call &&
    ast.kindOf(next + 3) === Kind.Attribute &&
    names.symbolOf(next + 4) === symbol;
  const body = linesOfRange(ast, rest.first, before);
  const closing = linesOfRange(ast, close, isWait ? next : close);
  if (!body || closing?.start === undefined || closing.start < body.end) return undefined;
  const eol = lineEndOf(ast);
  const indent = indentOf(ast, rest.creation);
  const unit = indentUnit(ast);
  let tail = indented(ast, closing, unit);
  if (!tail.endsWith('\n') && closing.end < ast.text.length) tail += eol;
  const between = ast.text.slice(body.end, closing.start);
  const newText = `${indent}try:${eol}${indented(ast, body, unit)}${between}${indent}finally:${eol}${tail}`;
  return fix('Move it into a finally block', true, [{ span: { start: body.start, end: closing.end }, newText }]);
}
