/**
 * The request `setExceptionBreakpoints`: the client knows one list of filters, of which some are debugpy's and some, the
 * `loopscope.` ones, the runtime's. Takes the list apart and joins the answers again. Pure.
 */
import * as v from 'valibot';
import { breakKind } from '../features/breaks';

const request = v.looseObject({
  filters: v.optional(v.array(v.string()), []),
  filterOptions: v.optional(v.array(v.looseObject({ filterId: v.string() })), []),
});

export interface SplitFilters {
  /** The request as debugpy knows it: without the loops' filters, and without conditions, which it has not. */
  readonly debugpy: Readonly<Record<string, unknown>>;
  /** For each filter of the request, in DAP's order, whether it is a loop's. */
  readonly isLoop: readonly boolean[];
}

/** Takes the request's arguments apart. */
export function splitFilters(value: unknown): SplitFilters {
  const parsed = v.safeParse(request, value ?? {});
  if (!parsed.success) return { debugpy: { filters: [] }, isLoop: [] };
  const { filters, filterOptions, ...rest } = parsed.output;
  const all = [...filters, ...filterOptions.map(({ filterId }) => filterId)];
  return {
    debugpy: { ...rest, filters: all.filter((filter) => breakKind(filter) === undefined) },
    isLoop: all.map((filter) => breakKind(filter) !== undefined),
  };
}

/** The answer for the client: of the runtime's answer, which has one for every filter, those for a loop's. */
export function joinAnswers(split: SplitFilters, debugpy: unknown, runtime: unknown): object {
  const theirs = breakpointsOf(debugpy);
  const ours = breakpointsOf(runtime);
  let next = 0;
  const breakpoints = split.isLoop.map(
    (isLoop, index) => (isLoop ? ours[index] : theirs[next++]) ?? { verified: true },
  );
  return { breakpoints };
}

function breakpointsOf(body: unknown): readonly unknown[] {
  const list = typeof body === 'object' && body !== null && 'breakpoints' in body ? body.breakpoints : undefined;
  return Array.isArray(list) ? (list as unknown[]) : [];
}
