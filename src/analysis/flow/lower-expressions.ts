/**
 * Lowers expressions: calls, awaits, walruses, comprehensions and conditions in the order of evaluation, and bindings of
 * targets. Part of lower.ts.
 */
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Flag, Kind } from '../syntax/kinds';
import type { Op } from './cfg';
import { OpKind } from './cfg';
import type { Loose } from './graph';
import { Graph } from './graph';

export class ExpressionLowering extends Graph {
  protected bind(target: NodeId, value: NodeId, element = -1): void {
    const { ast } = this;
    switch (ast.kindOf(target)) {
      case Kind.Tuple:
      case Kind.List: {
        const targets = ast.children(target);
        const kind = value === NONE ? Kind.Error : ast.kindOf(value);
        const values = kind === Kind.Tuple || kind === Kind.List ? ast.children(value) : [];
        const isPlain = ![...targets, ...values].some((each) => ast.kindOf(each) === Kind.Star);
        targets.forEach((each, index) => {
          if (isPlain && values.length === targets.length) this.bind(each, values[index] ?? NONE);
          else this.bind(each, isPlain && element === -1 ? value : NONE, isPlain ? index : -1);
        });
        return;
      }
      case Kind.Star:
        this.bind(target + 1, NONE);
        return;
      case Kind.Attribute:
      case Kind.Subscript:
        this.parts(target);
        this.emit(OpKind.Bind, target, value, element);
        return;
      default:
        this.emit(OpKind.Bind, target, value, element);
    }
  }

  protected unbind(target: NodeId): void {
    const kind = this.ast.kindOf(target);
    if (kind === Kind.Tuple || kind === Kind.List) {
      for (const each of this.ast.children(target)) this.unbind(each);
    } else this.emit(OpKind.Unbind, target);
  }

  protected parts(node: NodeId): void {
    const { ast } = this;
    const end = ast.after(node);
    for (let child = node + 1; child < end; child = ast.after(child)) this.expression(child);
  }

  /** Whether anything in an expression does something that the graph shows. */
  protected hasEffects(node: NodeId): boolean {
    const { ast } = this;
    const end = ast.after(node);
    for (let at = node; at < end; at++) if (EFFECTS.has(ast.kindOf(at))) return true;
    return false;
  }

  protected expression(node: NodeId): void {
    if (node === NONE || !this.hasEffects(node)) return;
    const { ast } = this;
    switch (ast.kindOf(node)) {
      case Kind.Call:
        this.parts(node);
        this.emitRaising(OpKind.Call, node);
        return;
      case Kind.Await:
        this.parts(node);
        this.emitRaising(OpKind.Await, node);
        return;
      case Kind.Yield:
      case Kind.YieldFrom:
        this.parts(node);
        this.emitRaising(OpKind.Yield, node);
        return;
      case Kind.NamedExpr:
        this.expression(ast.child(node, 1));
        this.bind(node + 1, ast.child(node, 1));
        return;
      case Kind.Lambda:
        this.emit(OpKind.Define, node);
        return;
      case Kind.IfExp: {
        const [body = NONE, test = NONE, orElse = NONE] = ast.children(node);
        const { yes, no } = this.condition(test);
        this.tails = yes;
        this.expression(body);
        const ends = this.tails;
        this.tails = no;
        this.expression(orElse);
        this.tails.push(...ends);
        return;
      }
      case Kind.And:
      case Kind.Or: {
        const { yes, no } = this.condition(node);
        this.tails = [...yes, ...no];
        return;
      }
      case Kind.ListComp:
      case Kind.SetComp:
      case Kind.DictComp:
      case Kind.GenExp:
        this.comprehension(node);
        return;
      case Kind.Error:
      case Kind.Opaque:
        this.isBroken = true;
        return;
      default:
        this.parts(node);
    }
  }

  protected comprehension(node: NodeId): void {
    const { ast } = this;
    const [element = NONE, ...clauses] = ast.children(node);
    const heads: Op[] = [];
    const skipped: Loose[] = [];
    for (const clause of clauses) {
      if (ast.kindOf(clause) === Kind.CompFor) {
        for (const iterable of ast.children(clause).slice(1)) this.expression(iterable);
        const head = this.emitRaising(OpKind.Iterate, clause);
        if (!head) return;
        if (ast.hasFlag(clause, Flag.Async)) this.emitRaising(OpKind.Await, clause);
        heads.push(head);
      } else {
        const { yes, no } = this.condition(clause + 1);
        skipped.push(...no);
        this.tails = yes;
      }
    }
    this.expression(element);
    const first = heads[0];
    if (!first) return;
    this.tails.push(...skipped);
    // Inner loops that end go on with the outermost one: enough for what is followed here.
    this.link(first.id);
    for (const head of heads.slice(1)) head.alt = first.id;
    this.tails = [{ op: first, slot: 'alt' }];
  }

  /** A condition: the edges that are taken where it holds, and where it does not. */
  protected condition(node: NodeId): { yes: Loose[]; no: Loose[] } {
    const { ast } = this;
    if (node === NONE) return { yes: this.tails, no: [] };
    switch (ast.kindOf(node)) {
      case Kind.Not: {
        const { yes, no } = this.condition(node + 1);
        return { yes: no, no: yes };
      }
      case Kind.And: {
        const left = this.condition(node + 1);
        this.tails = left.yes;
        const right = this.condition(ast.child(node, 1));
        return { yes: right.yes, no: [...left.no, ...right.no] };
      }
      case Kind.Or: {
        const left = this.condition(node + 1);
        this.tails = left.no;
        const right = this.condition(ast.child(node, 1));
        return { yes: [...left.yes, ...right.yes], no: right.no };
      }
      case Kind.True:
        return { yes: this.tails, no: [] };
      case Kind.False:
      case Kind.None:
        return { yes: [], no: this.tails };
      case Kind.Number:
        return ast.textOf(node) === '0' ? { yes: [], no: this.tails } : { yes: this.tails, no: [] };
      default: {
        this.expression(node);
        const op = this.emit(OpKind.Test, node);
        if (!op) return { yes: [], no: [] };
        this.tails = [];
        return { yes: [{ op, slot: 'next' }], no: [{ op, slot: 'alt' }] };
      }
    }
  }
}

const EFFECTS: ReadonlySet<Kind> = new Set([
  Kind.Call,
  Kind.Await,
  Kind.Yield,
  Kind.YieldFrom,
  Kind.NamedExpr,
  Kind.Lambda,
  Kind.CompFor,
  Kind.Error,
  Kind.Opaque,
]);
