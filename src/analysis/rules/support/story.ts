/**
 * The steps of a finding's story that several rules tell alike: how a function comes to run where it runs, and through
 * which helpers a call gets where it gets. Plain words for spans; judges nothing.
 */
import type { Place, Places, Reached } from '../../flow/places';
import { writtenCallee } from '../../flow/places';
import type { Invocation } from '../../flow/invocations';
import type { FunctionInfo } from '../../flow/model';
import type { Related } from '../../finding';

/** How a function comes to run in a place, outermost step first; nothing where the function itself says it. */
export function storyTo(places: Places, fn: FunctionInfo | undefined, place: Place): Related[] {
  if (!fn) return [];
  const { ast } = places.values.names;
  return places
    .storyOf(fn, place)
    .map((invocation) => ({ span: ast.span(invocation.target), message: stepOf(places, invocation, place) }));
}

function stepOf(places: Places, invocation: Invocation, place: Place): string {
  const name = nameOf(invocation);
  switch (invocation.how) {
    case 'thread':
      return `${name} runs in another thread`;
    case 'executor':
      return `${name} runs in a thread of an executor`;
    case 'callback':
      return `${name} is a callback of the loop`;
    case 'signal':
      return `${name} is called by the loop when the signal comes`;
    case 'process':
      return `${name} runs in another process`;
    case 'exit':
      return `${name} is called at the end`;
    case 'call':
      return place === 'top level' ? `${name} is called here, where no loop runs` : `${name} is called here`;
  }
}

function nameOf({ fn, value }: Invocation): string {
  if (fn?.isLambda) return 'This function';
  if (fn) return fn.name === '__init__' && fn.cls ? `${fn.cls.name}()` : `${fn.name}()`;
  return value?.tag === 'method' ? `${value.name}()` : 'This function';
}

/** The calls on the way through helpers, and at last the node that does it. */
export function storyThrough<T>(places: Places, reached: Reached<T>, last: string): Related[] {
  const { ast } = places.values.names;
  const steps = reached.path.map((call) => ({
    span: ast.span(call),
    message: `through ${writtenCallee(places.values, call)}()`,
  }));
  return [...steps, { span: ast.span(reached.node), message: last }];
}
