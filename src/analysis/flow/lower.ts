/**
 * Makes the control flow graph (cfg.ts) of a function or of the module's code from the syntax tree. Statements that can
 * never be reached get no operations. Knows which names are exception classes only through `exceptionMask`.
 */
import type { Ast, NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Flag, Kind } from '../syntax/kinds';
import type { Cfg, HandlerEdge } from './cfg';
import { ANY_EXCEPTION, OpKind } from './cfg';
import type { Loose } from './graph';
import { ExpressionLowering } from './lower-expressions';
import type { FunctionInfo } from './model';

/** What lowering asks about names. */
export interface LoweringFacts {
  /** The classes of exceptions that a handler's type stands for. */
  exceptionMask(type: NodeId): { some: number; all: number };
  /** What a context manager swallows (`contextlib.suppress(…)`), or undefined where it swallows nothing. */
  swallows(manager: NodeId): { some: number; all: number } | undefined;
}

export function lowerFunction(ast: Ast, fn: FunctionInfo, facts: LoweringFacts): Cfg {
  return new Lowering(ast, fn, facts).run(fn.node);
}

/** The module's own code; functions in it are definitions only. */
export function lowerModule(ast: Ast, facts: LoweringFacts): Cfg {
  return new Lowering(ast, undefined, facts).run(0);
}

class Lowering extends ExpressionLowering {
  constructor(
    ast: Ast,
    private readonly fn: FunctionInfo | undefined,
    private readonly facts: LoweringFacts,
  ) {
    super(ast);
  }

  run(node: NodeId): Cfg {
    const { ast, fn } = this;
    const entry = this.create(OpKind.Join, node);
    this.tails = [{ op: this.op(entry), slot: 'next' }];
    if (fn?.isLambda) this.expression(ast.lastChild(node));
    else if (fn) this.block(ast.childOfKind(node, Kind.Block));
    else this.statements(node);
    this.link(this.end);
    const { ops, end, throws, opOf, isBroken } = this;
    return { fn, ops, entry, end, throws, isBroken: isBroken || this.standsInBroken(node), opOf };
  }

  /** Whether lines that were left out belong to this code. */
  private standsInBroken(node: NodeId): boolean {
    const { ast, fn } = this;
    if (!ast.hasErrors) return false;
    const { start, end } = ast.span(node);
    return ast.broken.some((span) => {
      if (span.end < start || span.start > end) return false;
      if (fn) return true;
      // Of the module only what is in none of its functions and classes.
      return !ast.children(0).some((child) => {
        const kind = ast.kindOf(child);
        const isDefinition = kind === Kind.Function || kind === Kind.Class || kind === Kind.Decorated;
        return isDefinition && (ast.start[child] ?? 0) < span.start && span.end <= (ast.end[child] ?? 0);
      });
    });
  }

  private block(block: NodeId): void {
    if (block !== NONE) this.statements(block);
  }

  private statements(parent: NodeId): void {
    const { ast } = this;
    const end = ast.after(parent);
    for (let node = parent + 1; node < end; node = ast.after(node)) this.statement(node);
  }

  private statement(node: NodeId): void {
    const { ast } = this;
    switch (ast.kindOf(node)) {
      case Kind.ExprStmt:
      case Kind.TypeAlias:
        this.parts(node);
        return;
      case Kind.Assign: {
        const value = ast.lastChild(node);
        this.expression(value);
        for (let target = node + 1; target < value; target = ast.after(target)) this.bind(target, value);
        return;
      }
      case Kind.AnnAssign: {
        const value = ast.child(node, 2);
        if (value === NONE) return;
        this.expression(value);
        this.bind(node + 1, value);
        return;
      }
      case Kind.AugAssign:
        this.expression(ast.child(node, 1));
        this.bind(node + 1, NONE);
        return;
      case Kind.Return:
        this.parts(node);
        this.emit(OpKind.Return, node);
        this.leave('return');
        return;
      case Kind.Raise:
        this.parts(node);
        this.emitRaising(OpKind.Raise, node);
        this.tails = [];
        return;
      case Kind.Delete:
        for (const target of ast.children(node)) this.unbind(target);
        return;
      case Kind.Assert:
        this.assertion(node);
        return;
      case Kind.Break:
        this.leave('break');
        return;
      case Kind.Continue:
        this.leave('continue');
        return;
      case Kind.If:
        this.ifStatement(node);
        return;
      case Kind.While:
        this.whileStatement(node);
        return;
      case Kind.For:
        this.forStatement(node);
        return;
      case Kind.Try:
        this.tryStatement(node);
        return;
      case Kind.With:
        this.withStatement(node);
        return;
      case Kind.Match:
        this.matchStatement(node);
        return;
      case Kind.Decorated:
        for (const child of ast.children(node)) {
          if (ast.kindOf(child) === Kind.Decorator) this.parts(child);
          else this.statement(child);
        }
        return;
      case Kind.Function:
        this.emit(OpKind.Define, node);
        return;
      case Kind.Class:
        for (const child of ast.children(node)) {
          if (ast.kindOf(child) === Kind.Block) this.block(child);
          else if (ast.kindOf(child) !== Kind.TypeParams) this.expression(child);
        }
        return;
      case Kind.Error:
      case Kind.Opaque:
        this.isBroken = true;
        return;
      default:
    }
  }

  private assertion(node: NodeId): void {
    const [condition = NONE] = this.ast.children(node);
    if (condition === NONE) return;
    const { yes, no } = this.condition(condition);
    this.tails = no;
    this.emitRaising(OpKind.Raise, node);
    this.tails = yes;
  }

  private ifStatement(node: NodeId): void {
    const { ast } = this;
    const [test = NONE, body = NONE, ...rest] = ast.children(node);
    let { yes, no } = this.condition(test);
    this.tails = yes;
    this.block(body);
    const ends = this.tails;
    for (const clause of rest) {
      this.tails = no;
      if (ast.kindOf(clause) === Kind.Elif) {
        ({ yes, no } = this.condition(clause + 1));
        this.tails = yes;
        this.block(ast.child(clause, 1));
      } else {
        this.block(ast.childOfKind(clause, Kind.Block));
        no = [];
      }
      ends.push(...this.tails);
    }
    this.tails = [...ends, ...no];
  }

  private whileStatement(node: NodeId): void {
    const { ast } = this;
    const head = this.emit(OpKind.Join, node);
    if (!head) return;
    const [test = NONE, body = NONE, orElse = NONE] = ast.children(node);
    const { yes, no } = this.condition(test);
    const breaks: Loose[] = [];
    this.around.push({ tag: 'loop', id: ++this.loops, breaks, head: head.id });
    this.tails = yes;
    this.block(body);
    this.link(head.id);
    this.around.pop();
    this.tails = no;
    if (orElse !== NONE) this.block(ast.childOfKind(orElse, Kind.Block));
    this.tails.push(...breaks);
  }

  private forStatement(node: NodeId): void {
    const { ast } = this;
    const [target = NONE, iterable = NONE, body = NONE, orElse = NONE] = ast.children(node);
    this.expression(iterable);
    const head = this.emitRaising(OpKind.Iterate, node);
    if (!head) return;
    const { id } = head;
    if (ast.hasFlag(node, Flag.Async)) this.emitRaising(OpKind.Await, node);
    this.bind(target, NONE);
    const breaks: Loose[] = [];
    this.around.push({ tag: 'loop', id: ++this.loops, breaks, head: id });
    this.block(body);
    this.link(id);
    this.around.pop();
    this.tails = [{ op: head, slot: 'alt' }];
    if (orElse !== NONE) this.block(ast.childOfKind(orElse, Kind.Block));
    this.tails.push(...breaks);
  }

  private tryStatement(node: NodeId): void {
    const { ast } = this;
    if (this.tails.length === 0) return;
    const last = ast.childOfKind(node, Kind.Finally);
    if (last === NONE) {
      this.tryExcept(node);
      return;
    }
    const block = ast.childOfKind(last, Kind.Block);
    this.protect(
      () => this.tryExcept(node),
      () => this.block(block),
      undefined,
    );
  }

  private tryExcept(node: NodeId): void {
    const { ast } = this;
    const handlers = ast.childrenOfKind(node, Kind.Handler);
    const body = ast.childOfKind(node, Kind.Block);
    const orElse = ast.childOfKind(node, Kind.Else);
    if (handlers.length === 0) {
      this.block(body);
      return;
    }
    const dispatch = this.create(OpKind.Dispatch, node);
    this.around.push({ tag: 'try', dispatch });
    this.block(body);
    this.around.pop();
    if (orElse !== NONE) this.block(ast.childOfKind(orElse, Kind.Block));
    const ends = this.tails;
    const choose = this.op(dispatch);
    choose.exc = this.exceptionTarget();
    for (const handler of handlers) {
      const entry = this.create(OpKind.Catch, handler);
      choose.handlers.push({ op: entry, ...this.handlerMask(handler) });
      this.tails = [{ op: this.op(entry), slot: 'next' }];
      this.block(ast.childOfKind(handler, Kind.Block));
      ends.push(...this.tails);
    }
    this.tails = ends;
  }

  private handlerMask(handler: NodeId): { some: number; all: number } {
    const { ast } = this;
    const types = ast
      .children(handler)
      .filter((child) => ast.kindOf(child) !== Kind.Ident && ast.kindOf(child) !== Kind.Block)
      .flatMap((child) => (ast.kindOf(child) === Kind.Tuple ? ast.children(child) : [child]));
    if (types.length === 0) return { some: ANY_EXCEPTION, all: ANY_EXCEPTION };
    let some = 0;
    let all = 0;
    for (const type of types) {
      const mask = this.facts.exceptionMask(type);
      some |= mask.some;
      all |= mask.all;
    }
    return { some, all };
  }

  private withStatement(node: NodeId): void {
    const { ast } = this;
    const items = ast.childrenOfKind(node, Kind.WithItem);
    this.withItems(node, items, ast.childOfKind(node, Kind.Block));
  }

  private withItems(node: NodeId, items: readonly NodeId[], body: NodeId): void {
    const { ast } = this;
    const [item, ...rest] = items;
    if (item === undefined) {
      this.block(body);
      return;
    }
    const isAsync = ast.hasFlag(node, Flag.Async);
    this.expression(item + 1);
    if (isAsync) this.emitRaising(OpKind.Await, item);
    if (!this.emitRaising(OpKind.Enter, item)) return;
    const target = ast.child(item, 1);
    if (target !== NONE) this.bind(target, item + 1);
    const swallowed: Loose[] = [];
    const mask = this.facts.swallows(item + 1);
    const swallow =
      mask &&
      ((tails: Loose[]) => {
        const id = this.create(OpKind.Dispatch, item);
        this.tails = tails;
        this.link(id);
        const after = this.create(OpKind.Join, item);
        const edge: HandlerEdge = { op: after, ...mask };
        this.op(id).handlers.push(edge);
        this.op(id).exc = this.exceptionTarget();
        swallowed.push({ op: this.op(after), slot: 'next' });
        this.tails = [];
      });
    this.protect(
      () => this.withItems(node, rest, body),
      () => {
        this.emitRaising(OpKind.Exit, item);
        if (isAsync) this.emitRaising(OpKind.Await, item);
      },
      swallow,
    );
    this.tails.push(...swallowed);
  }

  private matchStatement(node: NodeId): void {
    const { ast } = this;
    const body = ast.childOfKind(node, Kind.Block);
    if (body === NONE) return;
    for (let subject = node + 1; subject < body; subject = ast.after(subject)) this.expression(subject);
    const ends: Loose[] = [];
    let isTotal = false;
    for (const clause of ast.childrenOfKind(body, Kind.Case)) {
      if (this.tails.length === 0) break;
      const guard = ast.childOfKind(clause, Kind.CompIf);
      const choice = this.emit(OpKind.Iterate, clause);
      if (!choice) break;
      let no: Loose[] = [{ op: choice, slot: 'alt' }];
      isTotal = guard === NONE && this.isTotal(clause);
      if (isTotal) no = [];
      if (guard !== NONE) {
        const outcome = this.condition(guard + 1);
        this.tails = outcome.yes;
        no.push(...outcome.no);
      }
      this.block(ast.childOfKind(clause, Kind.Block));
      ends.push(...this.tails);
      this.tails = no;
    }
    this.tails.push(...ends);
  }

  /** `case _:` and `case name:`. */
  private isTotal(clause: NodeId): boolean {
    const { ast } = this;
    const patterns = ast.childrenOfKind(clause, Kind.Pattern);
    if (patterns.length !== 1) return false;
    return /^[A-Za-z_]\w*$/.test(ast.textOf(patterns[0] ?? NONE));
  }
}
