/**
 * What is inside the frames of suspended tasks while their loop is stopped: scopes, variables and simple expressions,
 * read-only, as the runtime reads them without running a line of the program. Numbers of frames and variables are valid
 * until the loop goes on.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import * as v from 'valibot';
import { type Handlers, RequestError } from '../dispatch';
import { valuesAnswer } from '../link/answers';
import { QueryError } from '../link/runtime-link';
import type { Program } from '../program';

/** A frame of a suspended task, as the runtime numbers it. */
export interface TaskFrame {
  readonly loop: number;
  readonly task: number;
  readonly frame: number;
}

interface Place extends TaskFrame {
  /** From the frame's variables inward: a name first, then the numbers of children. */
  readonly path: readonly (string | number)[];
}

const STALE = 'The loop has gone on since: look at the stack again.';
const MOST_VALUES = 200;

const frameArguments = v.object({ frameId: v.number() });
const variablesArguments = v.object({
  variablesReference: v.number(),
  start: v.optional(v.number(), 0),
  count: v.optional(v.number(), 0),
});
const evaluateArguments = v.object({ expression: v.string(), frameId: v.optional(v.number()) });

export class Frames {
  readonly #program: () => Program;
  readonly #frames = new Map<number, TaskFrame | undefined>();
  readonly #places = new Map<number, Place>();
  #last = 0;

  constructor(program: () => Program) {
    this.#program = program;
  }

  /** A new number for a frame; undefined: one that has nothing inside. */
  add(frame: TaskFrame | undefined): number {
    const id = ++this.#last;
    this.#frames.set(id, frame);
    return id;
  }

  /** The loop goes on, or has stopped anew: no number given so far means anything any more. */
  clear(): void {
    this.#frames.clear();
    this.#places.clear();
  }

  handlers(): Handlers {
    return {
      scopes: (args) => {
        const frame = this.#frame(args, 'scopes');
        if (!frame) return { scopes: [] };
        const variablesReference = this.#place({ ...frame, path: [] });
        return { scopes: [{ name: 'Locals', presentationHint: 'locals', variablesReference, expensive: false }] };
      },
      variables: (args) => this.#variables(args),
      evaluate: (args) => this.#evaluate(args),
    };
  }

  #frame(args: unknown, command: string): TaskFrame | undefined {
    const parsed = v.safeParse(frameArguments, args ?? {});
    if (!parsed.success) throw new RequestError(`The request "${command}" lacks the number of a frame.`);
    if (!this.#frames.has(parsed.output.frameId)) throw new RequestError(STALE);
    return this.#frames.get(parsed.output.frameId);
  }

  #place(place: Place): number {
    const id = ++this.#last;
    this.#places.set(id, place);
    return id;
  }

  async #variables(args: unknown): Promise<DebugProtocol.VariablesResponse['body']> {
    const parsed = v.safeParse(variablesArguments, args ?? {});
    const place = parsed.success ? this.#places.get(parsed.output.variablesReference) : undefined;
    if (!parsed.success || !place) throw new RequestError(STALE);
    const { start, count } = parsed.output;
    const { rows, total } = await this.#ask(place, start, count > 0 ? Math.min(count, MOST_VALUES) : MOST_VALUES);
    const variables = rows.map((row): DebugProtocol.Variable => this.#variable(place, row));
    const more = total - start - rows.length;
    if (more > 0 && count === 0)
      variables.push({
        name: '…',
        value: `${more} more`,
        variablesReference: 0,
        presentationHint: { kind: 'virtual' },
      });
    return { variables };
  }

  #variable(place: Place, row: v.InferOutput<typeof valuesAnswer>['rows'][number]): DebugProtocol.Variable {
    const inner = row.children > 0 ? this.#place({ ...place, path: [...place.path, row.key] }) : 0;
    return {
      name: row.name,
      value: row.text,
      type: row.type,
      variablesReference: inner,
      presentationHint: { attributes: ['readOnly'] },
      ...(row.indexed ? { indexedVariables: row.children } : {}),
    };
  }

  async #evaluate(args: unknown): Promise<DebugProtocol.EvaluateResponse['body']> {
    const parsed = v.safeParse(evaluateArguments, args ?? {});
    const expression = parsed.success ? parsed.output.expression.trim() : '';
    if (!/^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u.test(expression))
      throw new RequestError(
        'Without the debugger only names and attributes can be looked at, as in self.queue: start with F5 to evaluate expressions.',
      );
    const frameId = parsed.success ? parsed.output.frameId : undefined;
    const frame = frameId === undefined ? undefined : this.#frame({ frameId }, 'evaluate');
    if (!frame) throw new RequestError('Choose a frame of a task in the Call Stack: names are looked up there.');
    const [name = '', ...attributes] = expression.split('.');
    let place: Place = { ...frame, path: [] };
    let found: DebugProtocol.Variable | undefined;
    for (const wanted of [name, ...attributes]) {
      const row = (await this.#ask(place, 0, MOST_VALUES, wanted)).rows.find((candidate) => candidate.name === wanted);
      if (!row) throw new RequestError(`There is no ${wanted} that can be read without running the program's code.`);
      found = this.#variable(place, row);
      place = { ...place, path: [...place.path, row.key] };
    }
    if (!found) throw new RequestError(STALE);
    const { value: result, type, variablesReference, presentationHint } = found;
    return {
      result,
      variablesReference,
      ...(type === undefined ? {} : { type }),
      ...(presentationHint === undefined ? {} : { presentationHint }),
    };
  }

  async #ask(place: Place, offset: number, limit: number, only = ''): Promise<v.InferOutput<typeof valuesAnswer>> {
    const { link } = this.#program();
    if (!link) throw new RequestError('The program is not connected.');
    const { loop, task, frame, path } = place;
    try {
      return await link.query({ query: 'values', loop, task, frame, path, offset, limit, only }, valuesAnswer);
    } catch (error) {
      if (error instanceof QueryError) throw new RequestError(error.message);
      throw error;
    }
  }
}
