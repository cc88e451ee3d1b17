/**
 * The Pythons on which a place of the program can run: the target, narrowed by the tests of `sys.version_info` around it
 * and by those before it that leave. Knows nothing of what those Pythons can do.
 */
import type { TargetVersion } from '../settings';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import type { SymbolInfo } from './model';
import type { Values } from './values';

/** A set of minor versions of Python 3, one bit each; bit 31 stands for all that are later. */
type Minors = number;

const ALL: Minors = ~0;
const MAX_MINOR = 30;

/** The minors that a comparison with `3.minor` allows. */
function minorsFrom(minor: number): Minors {
  return minor > MAX_MINOR ? 0 : minor <= 0 ? ALL : ALL << minor;
}

/** What holds where a condition holds, and where it does not. */
interface Outcome {
  readonly yes: Minors;
  readonly no: Minors;
}

const NOTHING_KNOWN: Outcome = { yes: ALL, no: ALL };

const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/**
 * The Pythons of the target on which a node can run, or undefined where none can.
 * @param target the Pythons of the whole program
 */
export function targetAt(values: Values, node: NodeId, target: TargetVersion): TargetVersion | undefined {
  const minors = minorsAt(values, node);
  if (minors === ALL) return target;
  let lowest = target.lowest;
  while (lowest <= target.highest && !has(minors, lowest)) lowest++;
  let highest = target.highest;
  while (highest >= lowest && !has(minors, highest)) highest--;
  return lowest > highest ? undefined : { lowest, highest };
}

function has(minors: Minors, minor: number): boolean {
  return (minors & (1 << Math.min(minor, MAX_MINOR))) !== 0;
}

function minorsAt(values: Values, node: NodeId): Minors {
  const { ast } = values.names;
  let minors = ALL;
  let inner = node;
  for (let at = ast.parent(node); at !== NONE; inner = at, at = ast.parent(at)) {
    switch (ast.kindOf(at)) {
      case Kind.If:
      case Kind.Elif:
      case Kind.While:
        if (ast.kindOf(inner) === Kind.Block) minors &= conditionOf(values, at + 1).yes;
        else if (inner !== at + 1) minors &= refused(values, at, inner);
        break;
      case Kind.IfExp: {
        const test = ast.child(at, 1);
        if (inner !== test) {
          const outcome = conditionOf(values, test);
          minors &= inner === at + 1 ? outcome.yes : outcome.no;
        }
        break;
      }
      case Kind.And:
        if (inner !== at + 1) minors &= conditionOf(values, at + 1).yes;
        break;
      case Kind.Or:
        if (inner !== at + 1) minors &= conditionOf(values, at + 1).no;
        break;
      case Kind.Block:
      case Kind.Module:
        minors &= leftBefore(values, at, inner);
        break;
      default:
    }
  }
  return minors;
}

/** In an `elif` or `else`: the tests before it do not hold. */
function refused(values: Values, statement: NodeId, clause: NodeId): Minors {
  const { ast } = values.names;
  let minors = conditionOf(values, statement + 1).no;
  for (const each of ast.childrenOfKind(statement, Kind.Elif)) {
    if (each >= clause) break;
    minors &= conditionOf(values, each + 1).no;
  }
  return minors;
}

/** Behind `if …: return` the condition does not hold. */
function leftBefore(values: Values, block: NodeId, statement: NodeId): Minors {
  const { ast } = values.names;
  let minors = ALL;
  for (let node = block + 1; node < statement; node = ast.after(node)) {
    if (ast.kindOf(node) !== Kind.If) continue;
    const [test = NONE, body = NONE, ...rest] = ast.children(node);
    if (rest.length === 0 && leaves(values, body)) minors &= conditionOf(values, test).no;
  }
  return minors;
}

function leaves(values: Values, block: NodeId): boolean {
  const { ast } = values.names;
  const last = ast.lastChild(block);
  if (last === NONE) return false;
  const kind = ast.kindOf(last);
  return kind === Kind.Return || kind === Kind.Raise || kind === Kind.Continue || kind === Kind.Break;
}

function conditionOf(values: Values, node: NodeId, depth = 0): Outcome {
  const { ast } = values.names;
  if (node === NONE || depth > 10) return NOTHING_KNOWN;
  switch (ast.kindOf(node)) {
    case Kind.Compare:
      return comparison(values, node);
    case Kind.Not: {
      const { yes, no } = conditionOf(values, node + 1, depth + 1);
      return { yes: no, no: yes };
    }
    case Kind.And: {
      const [left, right] = ast.children(node).map((child) => conditionOf(values, child, depth + 1));
      if (!left || !right) return NOTHING_KNOWN;
      return { yes: left.yes & right.yes, no: left.no | right.no };
    }
    case Kind.Or: {
      const [left, right] = ast.children(node).map((child) => conditionOf(values, child, depth + 1));
      if (!left || !right) return NOTHING_KNOWN;
      return { yes: left.yes | right.yes, no: left.no & right.no };
    }
    case Kind.Name: {
      const value = onlyValue(values.names.symbolOf(node));
      return value === NONE ? NOTHING_KNOWN : conditionOf(values, value, depth + 1);
    }
    default:
      return NOTHING_KNOWN;
  }
}

/** The value of a name that is bound once. */
function onlyValue(symbol: SymbolInfo | undefined): NodeId {
  const [binding, ...others] = symbol?.bindings ?? [];
  return binding?.kind === 'assign' && binding.element === -1 && others.length === 0 ? binding.value : NONE;
}

/** `sys.version_info >= (3, 10)`, `sys.version_info[:2] < (3, 12)`, `(3, 9) > sys.version_info`, `… .minor >= 10`. */
function comparison(values: Values, node: NodeId): Outcome {
  const { ast } = values.names;
  const [left = NONE, right = NONE, ...others] = ast.children(node);
  if (right === NONE || others.length > 0) return NOTHING_KNOWN;
  const written = ast.text.slice(ast.end[left], ast.start[right]).replace(/[()\s\\]/g, '');
  const leftVersion = versionKind(values, left);
  const rightVersion = versionKind(values, right);
  if (leftVersion === '' && rightVersion === '') return NOTHING_KNOWN;
  const operator = leftVersion === '' ? (MIRRORED[written] ?? written) : written;
  const minor = numberOf(values, leftVersion === '' ? left : right, leftVersion === '' ? rightVersion : leftVersion);
  if (minor === undefined) return NOTHING_KNOWN;
  switch (operator) {
    case '>=':
      return { yes: minorsFrom(minor), no: ~minorsFrom(minor) };
    case '<':
      return { yes: ~minorsFrom(minor), no: minorsFrom(minor) };
    case '>':
      // `version_info > (3, 10)` holds on 3.10.1.
      return leftVersion === 'minor' || rightVersion === 'minor'
        ? { yes: minorsFrom(minor + 1), no: ~minorsFrom(minor + 1) }
        : { yes: minorsFrom(minor), no: ~minorsFrom(minor + 1) };
    case '<=':
      return leftVersion === 'minor' || rightVersion === 'minor'
        ? { yes: ~minorsFrom(minor + 1), no: minorsFrom(minor + 1) }
        : { yes: ~minorsFrom(minor + 1), no: minorsFrom(minor) };
    case '==':
      return { yes: minorsFrom(minor) & ~minorsFrom(minor + 1), no: ~(minorsFrom(minor) & ~minorsFrom(minor + 1)) };
    default:
      return NOTHING_KNOWN;
  }
}

/** Whether an expression is `sys.version_info` (or a slice of it), its minor version, or neither. */
function versionKind(values: Values, node: NodeId): '' | 'whole' | 'minor' {
  const { ast } = values.names;
  const isVersion = (each: NodeId): boolean => {
    const value = values.of(each);
    return value?.tag === 'external' && value.name === 'sys.version_info';
  };
  if (isVersion(node)) return 'whole';
  if (ast.kindOf(node) === Kind.Attribute) return ast.name(node) === 'minor' && isVersion(node + 1) ? 'minor' : '';
  if (ast.kindOf(node) !== Kind.Subscript || !isVersion(node + 1)) return '';
  const index = ast.child(node, 1);
  if (ast.kindOf(index) === Kind.Slice) return 'whole';
  return ast.textOf(index) === '1' ? 'minor' : '';
}

/** 10 of `(3, 10)`, or of `10` for a minor version. */
function numberOf(values: Values, node: NodeId, kind: 'whole' | 'minor' | ''): number | undefined {
  const { ast } = values.names;
  if (kind === 'minor') return ast.kindOf(node) === Kind.Number ? Number(ast.textOf(node)) : undefined;
  if (ast.kindOf(node) !== Kind.Tuple) return undefined;
  const [major = NONE, minor = NONE] = ast.children(node);
  const text = ast.textOf(major);
  if (text === '2') return 0;
  if (text === '4') return MAX_MINOR + 1;
  if (text !== '3') return undefined;
  if (minor === NONE) return 0;
  const number = Number(ast.textOf(minor));
  return Number.isInteger(number) ? number : undefined;
}
