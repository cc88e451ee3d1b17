/**
 * What is known of one object at a point of one path, as a set of bits: where it is in its life, and who else has to
 * do with it. Shared by all tracked types; which calls set which bits is in protocols.ts.
 */

/** It exists. Without this bit the path has not come to its creation yet. */
export const BORN = 1;
export const CLOSED = 1 << 1;
/** It was run, and the run has ended (a loop), or started (others). */
export const RAN = 1 << 2;
/** It was told to stop, now or later. */
export const STOPPING = 1 << 3;
/** `set_event_loop` made it its thread's loop. */
export const CURRENT = 1 << 4;
/** Somebody who is not in view has it: returned, stored elsewhere, an unknown call's argument. */
export const ESCAPED = 1 << 5;
/** Somebody in view closes it later, or perhaps has: a clean-up callback, a finalizer, a helper on one of its paths. */
export const CLEANUP = 1 << 6;
export const GENERATORS_SHUT = 1 << 7;
export const EXECUTOR_SHUT = 1 << 8;
/** Its tasks were listed or cancelled. */
export const TASKS_SEEN = 1 << 9;
/** It was given tasks. */
export const TASKS = 1 << 10;
/** A field of the method's own object holds it. */
export const FIELD = 1 << 11;
/** A variable of the module holds it. */
export const GLOBAL = 1 << 12;
/** Another thread runs it. */
export const ELSEWHERE = 1 << 13;
/** What was before the path began is not known: a parameter, a field. */
export const UNKNOWN = 1 << 14;
/** Since it was closed an `if` was passed whose condition has nothing to do with it. */
export const BRANCHED = 1 << 15;
/** The path took an exception that is possible but not likely: no leak is told of it. */
export const WEAK = 1 << 16;
/** `stop()` was called while it did not run, and nothing has happened since. */
export const STOPPED_IDLE = 1 << 17;
/** A `with` statement holds it and closes it at its end. */
export const MANAGED = 1 << 18;
/** Its executor was used. */
export const EXECUTOR_USED = 1 << 19;
/** It was closed by something that was possible only on some paths of a helper. */
export const MAYBE_CLOSED = 1 << 20;

/** What an operation or a function does to an object: on every path through it, and on some. */
export interface Effect {
  readonly must: number;
  readonly may: number;
  /** It does something that needs the object to be open; the last name of what, for the message. */
  readonly uses: string;
  /** What is done on every path on which it raises, too; nothing where it is left out. */
  readonly onRaise?: number;
  /** It closes the object only under a condition that has nothing to do with it: the other way out leaves it open. */
  readonly isPartial?: boolean;
}

export const NO_EFFECT: Effect = { must: 0, may: 0, uses: '' };

export function always(bits: number, uses = ''): Effect {
  return { must: bits, may: bits, uses };
}

export function sometimes(bits: number): Effect {
  return { must: 0, may: bits, uses: '' };
}

/** One effect after the other. */
export function both(a: Effect, b: Effect): Effect {
  if (a === NO_EFFECT) return b;
  if (b === NO_EFFECT) return a;
  const onRaise = (a.onRaise ?? 0) | (b.onRaise ?? 0);
  const isPartial = a.isPartial === true || b.isPartial === true;
  return { must: a.must | b.must, may: a.may | b.may, uses: a.uses === '' ? b.uses : a.uses, onRaise, isPartial };
}

/** An effect that comes later, or in another thread: nothing of it can be relied on at once. */
export function deferred(effect: Effect): Effect {
  let { may } = effect;
  if ((may & CLOSED) !== 0) may = (may & ~CLOSED) | (effect.isPartial === true ? 0 : CLEANUP);
  return { must: 0, may, uses: '' };
}

/** The bits after an effect. */
export function applied(bits: number, effect: Effect): number {
  let after = bits | effect.must | (effect.may & ~CLOSED);
  const isMaybe = (effect.may & CLOSED) !== 0 && (effect.must & CLOSED) === 0;
  if (isMaybe && effect.isPartial !== true) after |= CLEANUP | MAYBE_CLOSED;
  return after;
}
