/**
 * Events of a loop at which it stops, as exception filters of DAP (`setExceptionBreakpoints`). What a condition means is
 * the runtime's business: it is asked, and its sentence is the breakpoint's. Before the program runs the filters wait
 * here and go along when it is started.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import * as v from 'valibot';
import { BREAK_FILTER_PREFIX, BREAK_ON, type BreakKind, type BreakOn } from '../../protocol/stepping';
import type { Handlers } from '../dispatch';
import { breakOnAnswer } from '../link/answers';
import { QueryError } from '../link/runtime-link';
import type { Program } from '../program';

const filtersArguments = v.object({
  filters: v.optional(v.array(v.string()), []),
  filterOptions: v.optional(
    v.array(v.object({ filterId: v.string(), condition: v.optional(v.nullable(v.string()), '') })),
    [],
  ),
});

/** For the answer to `initialize`. */
export const BREAK_FILTERS: DebugProtocol.ExceptionBreakpointsFilter[] = Object.entries(BREAK_ON).map(
  ([kind, { label, condition }]) => ({
    filter: `${BREAK_FILTER_PREFIX}${kind}`,
    label,
    default: false,
    supportsCondition: true,
    conditionDescription: condition,
  }),
);

/** The kind that a filter's id names; undefined for one that is not ours. */
export function breakKind(filter: string): BreakKind | undefined {
  const kind = filter.startsWith(BREAK_FILTER_PREFIX) ? filter.slice(BREAK_FILTER_PREFIX.length) : '';
  return Object.hasOwn(BREAK_ON, kind) ? (kind as BreakKind) : undefined;
}

export class Breaks {
  readonly #program: () => Program;
  #wanted: readonly BreakOn[] = [];

  constructor(program: () => Program) {
    this.#program = program;
  }

  /** What is set at this moment. */
  get wanted(): readonly BreakOn[] {
    return this.#wanted;
  }

  handlers(): Handlers {
    return { setExceptionBreakpoints: (args) => this.set(args) };
  }

  /**
   * Takes the arguments of `setExceptionBreakpoints`: those filters that are ours. Answers a breakpoint for each filter,
   * `filters` first, as DAP wants it; a filter that is not ours is unverified.
   */
  async set(args: unknown): Promise<DebugProtocol.SetExceptionBreakpointsResponse['body']> {
    const parsed = v.safeParse(filtersArguments, args ?? {});
    const asked = parsed.success
      ? [
          ...parsed.output.filters.map((filter) => ({ filter, condition: '' })),
          ...parsed.output.filterOptions.map(({ filterId, condition }) => ({
            filter: filterId,
            condition: condition ?? '',
          })),
        ]
      : [];
    const ours = asked.map(({ filter, condition }) => {
      const kind = breakKind(filter);
      return kind && { kind, condition };
    });
    this.#wanted = ours.filter((item) => item !== undefined);
    const errors = await this.#send();
    let next = 0;
    return {
      breakpoints: ours.map((item) => {
        if (!item)
          return { verified: false, message: 'Without the debugger a program does not stop at this exception.' };
        const message = errors?.[next++] ?? '';
        return message === '' ? { verified: true } : { verified: false, message };
      }),
    };
  }

  /** A program that was started before anything was set is told now. */
  connected(): void {
    if (this.#wanted.length > 0) void this.#send();
  }

  /** The program's own answer; undefined while there is no program to ask, or none that has a loop and so listens. */
  async #send(): Promise<readonly string[] | undefined> {
    const { link, model } = this.#program();
    if (!link) return undefined;
    const listens = model.loops.size > 0;
    try {
      const asked = link.command({ command: 'breakOn', filters: this.#wanted }, breakOnAnswer);
      if (!listens) asked.catch(() => undefined);
      return listens ? (await asked).errors : undefined;
    } catch (error) {
      if (error instanceof QueryError) return undefined;
      throw error;
    }
  }
}
