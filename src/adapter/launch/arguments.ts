/**
 * Launch and attach arguments: checked, with sentences for what is wrong. Names and meanings are those of Python's own
 * debugger (debugpy) where it has them. Nothing is read from disk here.
 */
import * as v from 'valibot';
import type { LaunchArguments } from '../../protocol/dap';

/** A launch that cannot be. The message is one sentence that says what to do. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}

const strings = v.array(v.string());

const launch = v.object({
  program: v.exactOptional(v.string()),
  module: v.exactOptional(v.string()),
  code: v.exactOptional(v.union([v.string(), strings])),
  args: v.exactOptional(v.union([strings, v.string()])),
  cwd: v.exactOptional(v.string()),
  env: v.exactOptional(v.record(v.string(), v.nullable(v.string()))),
  envFile: v.exactOptional(v.string()),
  python: v.exactOptional(v.union([v.string(), strings])),
  pythonArgs: v.exactOptional(strings),
  console: v.exactOptional(v.picklist(['internalConsole', 'integratedTerminal', 'externalTerminal'])),
  stopOnEntry: v.exactOptional(v.boolean()),
  noDebug: v.exactOptional(v.boolean()),
  stopOnFirstTick: v.exactOptional(v.boolean()),
  freezeClock: v.exactOptional(v.boolean()),
  detail: v.exactOptional(v.picklist(['adaptive', 'full'])),
  subProcess: v.exactOptional(v.boolean()),
  holdLastState: v.exactOptional(v.boolean()),
});

/** The internal configuration with which a child process becomes a session of its own. */
const attach = v.object({
  loopscopeChild: v.object({
    port: v.pipe(v.number(), v.integer()),
    token: v.string(),
    pid: v.number(),
    name: v.string(),
  }),
  detail: v.exactOptional(v.picklist(['adaptive', 'full'])),
  holdLastState: v.exactOptional(v.boolean()),
});
export type ChildArguments = v.InferOutput<typeof attach>;

/** The arguments of a `launch` request. Throws LaunchError. */
export function parseLaunch(value: unknown): LaunchArguments {
  const result = v.safeParse(launch, withoutEmpty(value));
  if (!result.success) {
    const issue = result.issues[0];
    throw new LaunchError(
      `"${v.getDotPath(issue) ?? 'launch'}" in the launch configuration is wrong: ${issue.message}.`,
    );
  }
  const given = (['program', 'module', 'code'] as const).filter((name) => result.output[name] !== undefined);
  if (given.length === 0)
    throw new LaunchError('Say in the launch configuration what to run: "program", "module" or "code".');
  if (given.length > 1) throw new LaunchError(`The launch configuration has ${given.join(' and ')}: keep one of them.`);
  return result.output;
}

/** The arguments of an `attach` request. Throws LaunchError. */
export function parseAttach(value: unknown): ChildArguments {
  const result = v.safeParse(attach, value);
  if (!result.success)
    throw new LaunchError(
      'Loopscope cannot attach to a running program yet. Start it with a "launch" configuration, or with the Run button.',
    );
  return result.output;
}

/** Clients write null, or '', for what is not set. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null && entry !== ''));
}
