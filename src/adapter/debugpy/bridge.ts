/**
 * What the bridge in the program says on debugpy's own channel before a stop: which of debugpy's threads a loop runs in.
 * Kept here for those who speak of the stop to the client.
 */
import * as v from 'valibot';

/** Name of the event, which is for us and not for the client. */
export const BRIDGE_EVENT = 'loopscope/bridge';

const bridgeEvent = v.looseObject({ loop: v.number(), threadId: v.number() });

export class DebuggerThreads {
  readonly #ofLoop = new Map<number, number>();
  readonly #waiting = new Map<number, (threadId: number) => void>();

  /** Takes the body of the bridge's event; one of another form is left alone. */
  note(body: unknown): void {
    const parsed = v.safeParse(bridgeEvent, body);
    if (!parsed.success || parsed.output.loop === 0) return;
    const { loop, threadId } = parsed.output;
    this.#ofLoop.set(loop, threadId);
    this.#waiting.get(loop)?.(threadId);
    this.#waiting.delete(loop);
  }

  /** Calls with DAP's number of the thread in which a loop runs, as soon as it is known. */
  whenKnown(loop: number, call: (threadId: number) => void): void {
    const known = this.#ofLoop.get(loop);
    if (known === undefined) this.#waiting.set(loop, call);
    else call(known);
  }
}
