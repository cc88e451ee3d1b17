/**
 * From a request to its one answer: finds the handler by the command's name, waits for it, and turns whatever happens
 * into exactly one response. A command that nobody handles is answered with an error; so is a handler that fails.
 */

/** Handles a request: gives the answer's body, or throws RequestError. */
export type Handler = (args: unknown) => unknown;
export type Handlers = Readonly<Record<string, Handler>>;

/** A request that cannot be done. The message is a sentence for the person that says what to do next. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /** Whether the editor should show it by itself, as it does for a launch that failed. */
  readonly show: boolean;

  constructor(message: string, show = false) {
    super(message);
    this.show = show;
  }
}

/** An error of debugpy's, which the client gets as it is. */
export class ForwardedError extends Error {
  override readonly name = 'ForwardedError';
  readonly body: unknown;

  constructor(message: string, body: unknown) {
    super(message);
    this.body = body;
  }
}

export type Answer =
  | { readonly success: true; readonly body: unknown }
  | { readonly success: false; readonly message: string; readonly show: boolean; readonly body?: unknown };

/**
 * Answers one request from the first table that knows its command, else by `otherwise`, if there is somebody else to
 * ask. Never rejects.
 */
export async function answer(
  tables: readonly Handlers[],
  command: string,
  args: unknown,
  unexpected: (error: unknown) => void,
  otherwise?: (command: string, args: unknown) => unknown,
): Promise<Answer> {
  const table = tables.find((candidate) => Object.hasOwn(candidate, command));
  const handler = table?.[command] ?? (otherwise && ((value: unknown) => otherwise(command, value)));
  if (!handler) return { success: false, message: `Loopscope does not know the request "${command}".`, show: false };
  try {
    return { success: true, body: await handler(args) };
  } catch (error) {
    if (error instanceof RequestError) return { success: false, message: error.message, show: error.show };
    if (error instanceof ForwardedError)
      return { success: false, message: error.message, show: false, body: error.body };
    unexpected(error);
    const text = error instanceof Error ? error.message : String(error);
    return { success: false, message: `Loopscope failed to answer "${command}": ${text}`, show: false };
  }
}
