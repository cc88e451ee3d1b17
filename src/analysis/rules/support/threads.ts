/**
 * What LOOP502 and LOOP503 share: whose loop or primitive it is that code of another thread touches. An object belongs to
 * a thread that makes it or runs it there; of one that comes from elsewhere the file must show that it does.
 */
import type { Facts } from '../../facts';
import { dotted } from '../../flow/calls';
import { LOOP } from '../../flow/library';
import type { FunctionInfo } from '../../flow/model';
import type { NodeId } from '../../syntax/ast';
import { NONE } from '../../syntax/ast';
import { Kind } from '../../syntax/kinds';

export type ThreadFacts = Pick<Facts, 'ast' | 'names' | 'values' | 'invocations' | 'places'>;

const RUNS: readonly string[] = ['run_until_complete', 'run_forever'];

/** Functions that run in another thread than the loop's, as far as the file shows, and do not ask where they are. */
export function threadFunctions({ names, places }: ThreadFacts): FunctionInfo[] {
  return names.functions.filter(
    (fn) => !fn.isAsync && places.evidenceFor(fn, 'thread') !== undefined && !places.asksWhereItRuns(fn),
  );
}

/** What an object is known by in the whole file: a field of its class, or the symbol of a variable; '' for others. */
export function identityOf({ ast, names }: ThreadFacts, node: NodeId): string {
  if (ast.kindOf(node) === Kind.Name) {
    const symbol = names.symbolOf(node);
    return symbol ? `symbol ${symbol.id}` : '';
  }
  if (ast.kindOf(node) !== Kind.Attribute) return '';
  const cls = ast.kindOf(node + 1) === Kind.Name ? names.selfClassOf(node + 1) : undefined;
  return cls ? `field ${cls.id} ${ast.name(node)}` : `text ${dotted(names, node)}`;
}

/** Whether the code of a thread runs a loop of its own, whichever. */
export function runsOwnLoop(facts: ThreadFacts, fn: FunctionInfo): boolean {
  return facts.places.callsIn(fn).some((call) => {
    const name = facts.values.calleeName(call) ?? '';
    return /^(asyncio|uvloop|winloop|anyio)\.run$/.test(name) || /\.Runner\.run$/.test(name) || isRun(name);
  });
}

function isRun(name: string): boolean {
  return RUNS.some((method) => name === `${LOOP}.${method}`);
}

/** Loops that the code of threads runs, sets as its thread's, or makes: calls there are the thread's own business. */
export function loopsOfThreads(facts: ThreadFacts): Set<string> {
  const { ast, names, values, places, invocations } = facts;
  const found = new Set<string>();
  const note = (node: NodeId): void => {
    if (node === NONE) return;
    const identity = identityOf(facts, node);
    if (identity !== '') found.add(identity);
    // What a parameter is called outside is the same loop.
    const param = names.symbolOf(node)?.param;
    if (param)
      for (const argument of invocations.argumentsOf(param.fn, param.index)) found.add(identityOf(facts, argument));
  };
  for (const fn of names.functions) {
    if (!places.evidenceFor(fn, 'thread')) continue;
    for (const call of places.callsIn(fn)) {
      const name = values.calleeName(call) ?? '';
      if (isRun(name)) note(call + 2);
      if (name === 'asyncio.set_event_loop') note(ast.child(call, 1));
      // A loop that is made or taken here belongs here, whatever it is called.
      if (/\.(new_event_loop|get_event_loop)$/.test(name)) note(targetOf(facts, call));
    }
  }
  // `Thread(target=loop.run_forever)`
  for (const { how, value } of invocations.all) {
    if ((how !== 'thread' && how !== 'executor') || value?.tag !== 'method') continue;
    if (value.type === LOOP && RUNS.includes(value.name)) note(value.receiver);
  }
  found.delete('');
  return found;
}

/** What the value of a call is assigned to, or NONE. */
export function targetOf({ ast }: ThreadFacts, call: NodeId): NodeId {
  const parent = ast.parent(call);
  return ast.kindOf(parent) === Kind.Assign && ast.lastChild(parent) === call ? parent + 1 : NONE;
}

/** Whether a variable or a field is bound to something in the code of a thread. */
export function isMadeInThread({ ast, names, places }: ThreadFacts, node: NodeId): boolean {
  if (ast.kindOf(node) === Kind.Name) {
    const symbol = names.symbolOf(node);
    return (
      symbol?.bindings.some(({ kind, target }) => kind !== 'param' && isInThread(places, names.functionOf(target))) ??
      false
    );
  }
  const cls = ast.kindOf(node) === Kind.Attribute ? names.selfClassOf(node + 1) : undefined;
  const field = cls?.fields.get(ast.name(node));
  return field?.bindings.some(({ target }) => isInThread(places, names.functionOf(target))) ?? false;
}

function isInThread(places: ThreadFacts['places'], fn: FunctionInfo | undefined): boolean {
  for (let at = fn; at; at = at.parent) if (places.evidenceFor(at, 'thread')) return true;
  return false;
}
