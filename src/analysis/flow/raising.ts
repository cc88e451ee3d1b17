/**
 * Which operations can really raise, and what: awaits, `run_until_complete`, calls of the user's own code. Calls of the
 * standard library and of methods that do not fail in practice do not count: a leak that only they could cause is none.
 * Also: which exceptions a handler catches, which context managers swallow.
 */
import { table } from '../../common/table';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import type { Op } from './cfg';
import { ANY_EXCEPTION, CANCELLED, EXCEPTION, INTERRUPT, OpKind } from './cfg';
import { LOOP, RUNNER } from './library';
import type { LoweringFacts } from './lower';
import type { FunctionInfo } from './model';
import { HARMLESS_METHODS, isStandard } from './standard';
import { externalName } from './value';
import type { Values } from './values';

interface Mask {
  readonly some: number;
  readonly all: number;
}

const CATCHES = table<Mask>({
  BaseException: { some: ANY_EXCEPTION, all: ANY_EXCEPTION },
  Exception: { some: EXCEPTION, all: EXCEPTION },
  KeyboardInterrupt: { some: INTERRUPT, all: INTERRUPT },
  SystemExit: { some: INTERRUPT, all: INTERRUPT },
  'asyncio.CancelledError': { some: CANCELLED, all: CANCELLED },
  'asyncio.exceptions.CancelledError': { some: CANCELLED, all: CANCELLED },
  GeneratorExit: { some: 0, all: 0 },
});

/** Calls that run something, with the classes of exceptions that come out of it. */
const RUNS = table<number>({
  [`${LOOP}.run_until_complete`]: EXCEPTION,
  [`${LOOP}.run_forever`]: INTERRUPT,
  [`${RUNNER}.run`]: EXCEPTION,
  'asyncio.run': EXCEPTION,
  'uvloop.run': EXCEPTION,
});

/** What `run_until_complete` is given in order to clean up: it does not fail in practice. */
const CLEAN_UP: ReadonlySet<string> = new Set([
  `${LOOP}.shutdown_asyncgens`,
  `${LOOP}.shutdown_default_executor`,
  'asyncio.sleep',
  'asyncio.wait',
  'asyncio.StreamWriter.wait_closed',
  'asyncio.Server.wait_closed',
]);

export class Raising implements LoweringFacts {
  private readonly callMasks = new Map<NodeId, number>();
  private readonly functionMasks = new Map<FunctionInfo, boolean>();

  constructor(private readonly values: Values) {}

  exceptionMask(type: NodeId): Mask {
    const name = externalName(this.values.of(type));
    return (name === undefined ? undefined : CATCHES[name]) ?? { some: EXCEPTION, all: 0 };
  }

  swallows(manager: NodeId): Mask | undefined {
    const { names } = this.values;
    const { ast } = names;
    if (ast.kindOf(manager) !== Kind.Call) return undefined;
    const name = this.values.calleeName(manager);
    const isTest = /^assertRaises/.test(ast.name(manager + 1));
    if (name !== 'contextlib.suppress' && name !== 'pytest.raises' && !isTest) return undefined;
    let some = 0;
    let all = 0;
    for (const type of ast.children(manager).slice(1)) {
      const mask = this.exceptionMask(type);
      some |= mask.some;
      all |= mask.all;
    }
    return { some, all };
  }

  /** Classes of exceptions that an operation is likely to raise. */
  of(op: Op, fn: FunctionInfo | undefined): number {
    switch (op.kind) {
      case OpKind.Call:
        return op.isCleanUp ? 0 : this.call(op.node);
      case OpKind.Await:
        return op.isCleanUp ? 0 : EXCEPTION | CANCELLED;
      case OpKind.Yield:
        return fn && !op.isCleanUp && this.throwsAtYield(fn) ? EXCEPTION : 0;
      case OpKind.Raise:
        return this.raised(op.node);
      default:
        return 0;
    }
  }

  /** What a `raise` raises. An assertion is not counted on. */
  private raised(node: NodeId): number {
    const { ast } = this.values.names;
    if (ast.kindOf(node) === Kind.Assert) return 0;
    const exception = ast.firstChild(node);
    if (exception === NONE) return ANY_EXCEPTION;
    const type = ast.kindOf(exception) === Kind.Call ? exception + 1 : exception;
    const { all } = this.exceptionMask(type);
    return all === 0 || all === ANY_EXCEPTION ? EXCEPTION : all;
  }

  /** An exception of the `with` body comes out of a context manager's yield; pytest throws none into a fixture. */
  private throwsAtYield(fn: FunctionInfo): boolean {
    return fn.decorators.some((node) => {
      const name = externalName(this.values.of(node));
      return name === 'contextlib.contextmanager' || name === 'contextlib.asynccontextmanager';
    });
  }

  call(node: NodeId): number {
    const known = this.callMasks.get(node);
    if (known !== undefined) return known;
    this.callMasks.set(node, 0);
    const mask = this.workCall(node);
    this.callMasks.set(node, mask);
    return mask;
  }

  private workCall(node: NodeId): number {
    const { values } = this;
    const { ast } = values.names;
    const callee = values.of(node + 1);
    const name = externalName(callee);
    if (name !== undefined) {
      const runs = RUNS[name];
      if (runs !== undefined) return this.isCleanUpRun(node) ? 0 : runs;
      return isStandard(name) ? 0 : EXCEPTION;
    }
    const fn = values.functionIn(callee);
    if (fn) return !fn.isAsync && !fn.isGenerator && this.canRaise(fn) ? EXCEPTION : 0;
    if (callee) return 0;
    return ast.kindOf(node + 1) === Kind.Attribute && HARMLESS_METHODS.has(ast.name(node + 1)) ? 0 : EXCEPTION;
  }

  private isCleanUpRun(node: NodeId): boolean {
    const { values } = this;
    const { ast } = values.names;
    const argument = ast.child(node, 1);
    if (argument === NONE || ast.kindOf(argument) !== Kind.Call) return false;
    const name = values.calleeName(argument);
    if (name === 'asyncio.gather') {
      return ast
        .childrenOfKind(argument, Kind.Keyword)
        .some((each) => ast.name(each) === 'return_exceptions' && ast.kindOf(each + 1) === Kind.True);
    }
    return (name !== undefined && CLEAN_UP.has(name)) || ast.name(argument + 1) === 'wait_closed';
  }

  /** Whether anything in a function's own code is likely to raise out of it. */
  canRaise(fn: FunctionInfo): boolean {
    const known = this.functionMasks.get(fn);
    if (known !== undefined) return known;
    this.functionMasks.set(fn, false);
    const result = this.workFunction(fn);
    this.functionMasks.set(fn, result);
    return result;
  }

  private workFunction(fn: FunctionInfo): boolean {
    const { ast } = this.values.names;
    const end = ast.after(fn.node);
    for (let node = fn.node + 1; node < end; node++) {
      const kind = ast.kindOf(node);
      if (kind === Kind.Function || kind === Kind.Lambda) {
        node = ast.after(node) - 1;
        continue;
      }
      const raises = kind === Kind.Raise || kind === Kind.Await || (kind === Kind.Call && this.call(node) !== 0);
      if (raises && !this.isCaught(node, fn)) return true;
    }
    return false;
  }

  /** Whether a `try` in the same function catches everything that is raised here. */
  private isCaught(node: NodeId, fn: FunctionInfo): boolean {
    const { ast } = this.values.names;
    let inner = node;
    for (let at = ast.parent(node); at !== NONE && at !== fn.node; inner = at, at = ast.parent(at)) {
      if (ast.kindOf(at) !== Kind.Try || inner !== at + 1) continue;
      const isBroad = ast.childrenOfKind(at, Kind.Handler).some((handler) => {
        const type = handler + 1;
        return ast.kindOf(type) === Kind.Block || (this.exceptionMask(type).all & EXCEPTION) !== 0;
      });
      if (isBroad) return true;
    }
    return false;
  }
}
