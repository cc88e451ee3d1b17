/**
 * Objects of the file's own classes that keep something open in a field: where a function makes one, whether it closes it.
 * What LOOP101, LOOP102 and LOOP606 share. Only objects that their function keeps for itself; only classes in view.
 */
import type { Facts } from '../../facts';
import { CLEANUP, CLOSED } from '../../flow/bits';
import { selfField } from '../../flow/explore';
import type { Life } from '../../flow/lives';
import type { ClassInfo, FunctionInfo } from '../../flow/model';
import type { Opening } from '../../flow/openings';
import { Openings } from '../../flow/openings';
import type { NodeId } from '../../syntax/ast';
import { NONE } from '../../syntax/ast';
import { Kind } from '../../syntax/kinds';
import type { OpeningFacts } from './openings';
import { HARMLESS } from './openings';

/** A field of a class that holds something open when the method that fills it has returned. */
export interface OpenField {
  readonly cls: ClassInfo;
  readonly name: string;
  /** The method that fills it. */
  readonly fn: FunctionInfo | undefined;
  /** Whether a method closes what the field holds for certain, or at least where that has to do with the object. */
  closes(method: FunctionInfo): boolean;
}

/** An object that is left with its field open. */
export interface Held {
  /** The call that makes the object. */
  readonly call: NodeId;
  readonly cls: ClassInfo;
  /** What to do about it: `call its close()`. */
  readonly advice: string;
  /** Whether another way out of the function closes it. */
  readonly isClosed: boolean;
}

/** The objects that no way out, or not every one, closes. A way out by an exception is not looked at. */
export function heldOpen(facts: OpeningFacts, fields: readonly OpenField[]): Held[] {
  const { ast, names, values } = facts;
  const found = new Map<NodeId, Held>();
  for (const field of fields) {
    for (const call of names.calls) {
      const value = values.of(call + 1);
      if (value?.tag !== 'class' || found.has(call) || !values.linearBases(value.cls).includes(field.cls)) continue;
      const closers = closersOf(facts, value.cls, field);
      if (!closers) continue;
      if (isEnteredInVain(facts, call, closers)) {
        const advice = `its __exit__() has to call ${closers.methods[0] ?? 'close'}()`;
        found.set(call, { call, cls: value.cls, advice, isClosed: false });
        continue;
      }
      const [opening] = openings(facts, value.cls, closers).ofCalls([call]);
      if (!opening || !isLeft(facts, opening, field)) continue;
      const [method] = closers.methods;
      const end = opening.isClosed ? ' in a finally block' : '';
      const advice = method === undefined ? 'enter it using "with"' : `call its ${method}()${end}`;
      found.set(call, { call, cls: value.cls, advice, isClosed: opening.isClosed });
    }
  }
  return [...found.values()].sort((a, b) => (ast.start[a.call] ?? 0) - (ast.start[b.call] ?? 0));
}

interface Closers {
  readonly methods: readonly string[];
  readonly isContextManager: boolean;
}

/** The methods by which an object is closed; undefined where it may be closed in some way that is not in view. */
function closersOf({ values }: OpeningFacts, cls: ClassInfo, field: OpenField): Closers | undefined {
  if (!values.externalBases(cls).every((base) => base !== undefined && HARMLESS.test(base))) return undefined;
  const methods = new Map(
    values
      .linearBases(cls)
      .toReversed()
      .flatMap((each) => [...each.methods]),
  );
  const closers = [...methods].filter(([, method]) => field.closes(method)).map(([name]) => name);
  const isContextManager = closers.some((name) => name === '__exit__' || name === '__aexit__');
  const named = closers.filter((name) => !name.startsWith('__'));
  if (closers.includes('__del__') || closers.includes('__init__')) return undefined;
  return named.length > 0 || isContextManager ? { methods: named, isContextManager } : undefined;
}

/** `with Api() as api:` where the end of `with` does not close it, and nothing in the function does. */
function isEnteredInVain({ ast, names }: OpeningFacts, call: NodeId, closers: Closers): boolean {
  const item = ast.parent(call);
  if (ast.kindOf(item) !== Kind.WithItem || closers.isContextManager) return false;
  const target = ast.child(item, 1);
  const symbol = target === NONE ? undefined : names.symbolOf(target);
  if (!symbol || symbol.isCaptured) return false;
  return !names.calls.some((each) => {
    const isIt = names.symbolOf(each + 2) === symbol && ast.kindOf(each + 1) === Kind.Attribute;
    const isGiven = ast.children(each).some((child) => child !== each + 1 && names.symbolOf(child) === symbol);
    return isGiven || (isIt && closers.methods.includes(ast.name(each + 1)));
  });
}

function openings(facts: OpeningFacts, cls: ClassInfo, closers: Closers): Openings {
  const { names, values, invocations, raising, graphs, settings } = facts;
  const kind = {
    type: `<${cls.name}>`,
    makers: [],
    awaitedMakers: {},
    closers: closers.methods,
    isContextManager: closers.isContextManager,
    leaveIt: [],
  };
  const cleanupFunctions = new Set(settings.cleanupFunctions);
  return new Openings({ names, values, invocations, raising, graphs, cleanupFunctions }, kind);
}

/** Whether a function that keeps an object for itself ends with it open. */
function isLeft(facts: OpeningFacts, opening: Opening, field: OpenField): boolean {
  const { ast, names } = facts;
  if (opening.field || opening.openEnds.length === opening.openThrows.length) return false;
  const symbol = names.symbolOf(opening.target);
  if (!symbol || ast.kindOf(opening.target) !== Kind.Name) return false;
  if (opening.fn !== undefined && field.fn?.name === '__init__') return true;
  // What is made later than the object is there only if the object is used; a module's object may be its users'.
  return names.calls.some(
    (call) =>
      names.functionOf(call) === opening.fn &&
      ast.kindOf(call + 1) === Kind.Attribute &&
      names.symbolOf(call + 2) === symbol,
  );
}

/** Whether an attribute of `self` is used otherwise than by methods of its own and by returning it. */
export function isGivenAway({ ast, names }: Pick<Facts, 'ast' | 'names'>, name: string): boolean {
  for (let node = 0; node < ast.length; node++) {
    if (selfField(names, node) !== name) continue;
    const parent = ast.kindOf(ast.parent(node));
    const isCallee = parent === Kind.Attribute || parent === Kind.Return || parent === Kind.Assign;
    if (!isCallee && parent !== Kind.AnnAssign && parent !== Kind.Compare && parent !== Kind.If) return true;
  }
  return false;
}

/** The fields that keep an event loop open. */
export function loopFields(facts: Pick<Facts, 'ast' | 'names' | 'lives'>): OpenField[] {
  const { lives } = facts;
  const isKept = ({ origin, done, openEnds, field }: Life): boolean => {
    if (!field || origin === 'taken' || (done & CLOSED) !== 0) return false;
    // A property that returns it gives it to its users, who do not close it.
    return openEnds.length > 0 || ((done & CLEANUP) === 0 && !isGivenAway(facts, field.name));
  };
  return lives.owned.flatMap((life) => {
    const { field, fn } = life;
    if (!field || !isKept(life)) return [];
    const closes = (method: FunctionInfo): boolean => {
      const effect = lives.tracker.summary(method, { field: field.name });
      return (effect.may & CLOSED) !== 0;
    };
    return lives.isClosedFromOutside(field.name) ? [] : [{ ...field, fn, closes }];
  });
}
