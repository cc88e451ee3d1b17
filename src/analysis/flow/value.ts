/** What an expression can be: the type, and questions that one or two such values answer alone. values.ts works them out. */
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import type { Gives } from './library';
import { joined, LOOP } from './library';
import type { ClassInfo, FunctionInfo } from './model';

export type Value =
  /** A module, or something in one, by its canonical qualified name; builtins have no module. */
  | { readonly tag: 'external'; readonly name: string }
  | { readonly tag: 'function'; readonly fn: FunctionInfo }
  | { readonly tag: 'class'; readonly cls: ClassInfo }
  /** A method of a class of the file, on an object. */
  | { readonly tag: 'bound'; readonly fn: FunctionInfo; readonly receiver: NodeId }
  /** A method of a type of another module, on an object. */
  | { readonly tag: 'method'; readonly type: string; readonly name: string; readonly receiver: NodeId }
  /** `type` is the canonical name of the nearest class outside the file, `cls` the class of the file, if it is of one. */
  | { readonly tag: 'instance'; readonly type: string; readonly cls: ClassInfo | undefined; readonly site: NodeId }
  | { readonly tag: 'coroutine'; readonly fn: FunctionInfo | undefined; readonly name: string; readonly site: NodeId }
  | { readonly tag: 'tuple'; readonly items: readonly (Value | undefined)[] }
  /** `functools.partial(target, …)`. */
  | { readonly tag: 'partial'; readonly target: Value; readonly site: NodeId }
  | { readonly tag: 'none' }
  | { readonly tag: 'bool'; readonly value: boolean };

export function anyLoop(): Value {
  return { tag: 'instance', type: LOOP, cls: undefined, site: NONE };
}

export function given(gives: Gives, site: NodeId): Value {
  const one = (type: string): Value => ({ tag: 'instance', type, cls: undefined, site });
  if (typeof gives === 'string') return one(gives);
  return { tag: 'tuple', items: gives.map((type) => (type === undefined ? undefined : one(type))) };
}

/** The qualified name of a function outside the file. */
export function externalName(value: Value | undefined): string | undefined {
  if (value?.tag === 'external') return value.name;
  return value?.tag === 'method' ? joined(value.type, value.name) : undefined;
}

/** Whether two values are the same, or instances of the same type. */
export function sameKind(a: Value, b: Value): boolean {
  if (a === b) return true;
  switch (a.tag) {
    case 'external':
      return b.tag === 'external' && a.name === b.name;
    case 'function':
    case 'bound':
      return (b.tag === 'function' || b.tag === 'bound') && a.fn === b.fn;
    case 'class':
      return b.tag === 'class' && a.cls === b.cls;
    case 'method':
      return b.tag === 'method' && a.type === b.type && a.name === b.name;
    case 'instance':
      return b.tag === 'instance' && a.type === b.type && a.cls === b.cls;
    case 'coroutine':
      return b.tag === 'coroutine' && a.fn === b.fn && a.name === b.name;
    case 'bool':
      return b.tag === 'bool' && a.value === b.value;
    case 'none':
      return b.tag === 'none';
    case 'tuple':
    case 'partial':
      return false;
  }
}
