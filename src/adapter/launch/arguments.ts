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

const debugpy = {
  debuggerFrom: v.exactOptional(v.picklist(['auto', 'extension', 'interpreter', 'bundled'])),
  debugpyPath: v.exactOptional(v.string()),
  debugpyExtension: v.exactOptional(v.string()),
};

const paths = {
  pathMappings: v.exactOptional(v.array(v.object({ localRoot: v.string(), remoteRoot: v.string() }))),
};

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
  asyncioLoop: v.exactOptional(v.boolean()),
  detail: v.exactOptional(v.picklist(['adaptive', 'full'])),
  slowCallback: v.exactOptional(v.pipe(v.number(), v.minValue(0))),
  subProcess: v.exactOptional(v.boolean()),
  holdLastState: v.exactOptional(v.boolean()),
  ...paths,
  ...debugpy,
});

const child = v.object({
  port: v.pipe(v.number(), v.integer()),
  token: v.string(),
  pid: v.number(),
  name: v.string(),
});

/** The internal configuration with which a child process becomes a session of its own. */
const attachChild = v.object({
  loopscopeChild: child,
  detail: v.exactOptional(v.picklist(['adaptive', 'full'])),
  slowCallback: v.exactOptional(v.number()),
  holdLastState: v.exactOptional(v.boolean()),
});
export type ChildArguments = v.InferOutput<typeof attachChild>;

const number = v.pipe(
  v.union([v.number(), v.string()]),
  v.transform(Number),
  v.integer('a whole number is needed'),
  v.minValue(0),
);
const address = v.looseObject({ host: v.exactOptional(v.string()), port: number });

/** What is looked at of the arguments with which debugpy attaches; debugpy gets them whole. */
const attach = v.object({
  connect: v.exactOptional(address),
  listen: v.exactOptional(address),
  host: v.exactOptional(v.string()),
  port: v.exactOptional(number),
  processId: v.exactOptional(number),
  subProcessId: v.exactOptional(number),
  subProcess: v.exactOptional(v.boolean()),
  python: v.exactOptional(v.union([v.string(), strings])),
  cwd: v.exactOptional(v.string()),
  ...paths,
  detail: v.exactOptional(v.picklist(['adaptive', 'full'])),
  holdLastState: v.exactOptional(v.boolean()),
  loopscopeChild: v.exactOptional(child),
  ...debugpy,
});
export type AttachArguments = v.InferOutput<typeof attach>;

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

export type Attach =
  | { readonly kind: 'child'; readonly args: ChildArguments }
  | { readonly kind: 'attach'; readonly args: AttachArguments };

/** The arguments of an `attach` request. Throws LaunchError. */
export function parseAttach(value: unknown): Attach {
  const given = withoutEmpty(value);
  const result = v.safeParse(attach, given);
  if (!result.success) {
    const issue = result.issues[0];
    throw new LaunchError(
      `"${v.getDotPath(issue) ?? 'attach'}" in the attach configuration is wrong: ${issue.message}.`,
    );
  }
  const { connect, listen, port, processId } = result.output;
  const ways = [connect, listen, port, processId].filter((way) => way !== undefined).length;
  if (ways === 0) {
    const found = v.safeParse(attachChild, given);
    if (found.success) return { kind: 'child', args: found.output };
    throw new LaunchError(
      'Say in the attach configuration what to attach to: "connect" (a program that listens), "listen" (one that will connect) or "processId".',
    );
  }
  if (ways > 1)
    throw new LaunchError('The attach configuration names several ways: keep one of "connect", "listen", "processId".');
  return { kind: 'attach', args: result.output };
}

/** Clients write null, or '', for what is not set. `pythonPath` is what `python` was called once. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return {};
  const entries = Object.entries(value).filter(([, entry]) => entry !== null && entry !== '');
  const { pythonPath, ...given } = Object.fromEntries(entries) as Record<string, unknown>;
  return pythonPath === undefined ? given : { python: pythonPath, ...given };
}
