/** Arguments of the custom requests, checked; what several of them share. */
import * as v from 'valibot';
import { MAX_PAGE_ROWS } from '../../protocol/dap';
import { RequestError } from '../dispatch';

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Where a page begins and how many rows it has: never more than the protocol allows. */
export const pageFields = {
  offset: v.optional(whole, 0),
  limit: v.pipe(
    v.optional(whole, MAX_PAGE_ROWS),
    v.transform((limit) => Math.min(limit, MAX_PAGE_ROWS)),
  ),
};

/** `value` as the schema says; RequestError names the argument that is wrong. */
export function parseArguments<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  command: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value ?? {});
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new RequestError(`"${v.getDotPath(issue) ?? 'arguments'}" of ${command} is wrong: ${issue.message}.`);
}
