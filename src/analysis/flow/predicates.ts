/**
 * Which conditions of a function are worth remembering along a path, so that `if own:` at the end is understood to go
 * with `if own:` at the beginning: those that are tested more than once, or that a variable stands for. Works out the
 * answers of no condition: explore.ts does, path by path.
 */
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind, Op as CompareOp } from '../syntax/kinds';
import type { Cfg } from './cfg';
import { OpKind } from './cfg';
import type { Names } from './scopes';

/** More conditions than this are not remembered: paths would multiply. */
const MAX_PREDICATES = 6;

/** A condition in its positive form, and whether a node states the opposite. */
export interface Stated {
  readonly key: string;
  readonly isNegated: boolean;
}

export class Predicates {
  /** Keys by index. */
  readonly keys: string[] = [];
  private readonly index = new Map<string, number>();
  /** Names (symbol ids) and fields that a condition depends on, by index. */
  private readonly depends: ReadonlySet<string>[] = [];

  constructor(
    private readonly names: Names,
    cfg: Cfg,
  ) {
    const count = new Map<string, { times: number; node: NodeId }>();
    for (const op of cfg.ops) {
      if (op.kind === OpKind.Test) this.count(op.node, count, 1);
      else if (op.kind === OpKind.Bind && op.value !== NONE && op.element === -1) {
        const target = this.reference(op.node);
        const kind = names.ast.kindOf(op.value);
        if (target === undefined) continue;
        // `own = True`, `own = loop is None`: then `if own` says it again.
        if (kind === Kind.True || kind === Kind.False || kind === Kind.None) this.add(target, count, op.node);
        else this.count(op.value, count, 1);
      }
    }
    const worth = [...count].filter(([, { times }]) => times > 1).slice(0, MAX_PREDICATES);
    for (const [key, { node }] of worth) {
      this.index.set(key, this.keys.length);
      this.keys.push(key);
      this.depends.push(this.referencesIn(node));
    }
  }

  /** The index of the condition that a node states, or -1 where it is not remembered. */
  indexOf(stated: Stated | undefined): number {
    return stated ? (this.index.get(stated.key) ?? -1) : -1;
  }

  /** The indexes of what no longer holds after a name or field was bound. */
  dependingOn(reference: string): number[] {
    return this.depends.flatMap((set, index) => (set.has(reference) ? [index] : []));
  }

  /** The condition that an expression states, or undefined where it calls anything. */
  stated(node: NodeId): Stated | undefined {
    const { ast } = this.names;
    switch (ast.kindOf(node)) {
      case Kind.Name:
      case Kind.Attribute: {
        const reference = this.reference(node);
        return reference === undefined ? undefined : { key: `true ${reference}`, isNegated: false };
      }
      case Kind.Not: {
        const inner = this.stated(node + 1);
        return inner && { key: inner.key, isNegated: !inner.isNegated };
      }
      case Kind.NamedExpr:
        return this.stated(node + 1);
      case Kind.Compare:
        return this.comparison(node);
      default:
        return undefined;
    }
  }

  /** `symbol 3`, `field 3.loop` for a name or an attribute of one; undefined for anything else. */
  reference(node: NodeId): string | undefined {
    const { ast } = this.names;
    const kind = ast.kindOf(node);
    if (kind === Kind.Name) {
      const symbol = this.names.symbolOf(node);
      return symbol && `symbol ${symbol.id}`;
    }
    if (kind !== Kind.Attribute || ast.kindOf(node + 1) !== Kind.Name) return undefined;
    const object = this.names.symbolOf(node + 1);
    return object && `field ${object.id}.${ast.name(node)}`;
  }

  private comparison(node: NodeId): Stated | undefined {
    const { ast } = this.names;
    const op = ast.operatorOf(node);
    const [left = NONE, right = NONE] = ast.children(node);
    const isNegated = op === CompareOp.IsNot || op === CompareOp.NotEq;
    if (op !== CompareOp.Is && op !== CompareOp.Eq && !isNegated) return undefined;
    const a = this.operand(left);
    const b = this.operand(right);
    return a === undefined || b === undefined ? undefined : { key: `${a} is ${b}`, isNegated };
  }

  private operand(node: NodeId): string | undefined {
    const { ast } = this.names;
    switch (ast.kindOf(node)) {
      case Kind.None:
      case Kind.True:
      case Kind.False:
      case Kind.Number:
      case Kind.Str:
        return ast.textOf(node);
      default:
        return this.reference(node);
    }
  }

  private count(node: NodeId, count: Map<string, { times: number; node: NodeId }>, times: number): void {
    const stated = this.stated(node);
    if (stated) this.add(stated.key.replace(/^true /, ''), count, node, stated.key, times);
  }

  private add(
    reference: string,
    count: Map<string, { times: number; node: NodeId }>,
    node: NodeId,
    key = `true ${reference}`,
    times = 1,
  ): void {
    const known = count.get(key);
    if (known) known.times += times;
    else count.set(key, { times, node });
  }

  private referencesIn(node: NodeId): Set<string> {
    const { ast } = this.names;
    const found = new Set<string>();
    const end = ast.after(node);
    for (let at = node; at < end; at++) {
      const reference = this.reference(at);
      if (reference !== undefined) found.add(reference);
    }
    return found;
  }
}
