/**
 * Listeners and what must be let go again. A listener that throws does not keep the others from hearing: its error goes
 * to the emitter's own handler. No queue, no promise: listeners run before `fire` returns.
 */

/** Something that holds a resource until `dispose` is called; calling it again does nothing. */
export interface Disposable {
  dispose(): void;
}

/** Subscribes a listener; the result ends the subscription. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

/** A source of values for any number of listeners. */
export class Emitter<T> {
  readonly #listeners = new Set<{ readonly call: (value: T) => void }>();
  readonly #onError: (error: unknown) => void;

  /** `onError` receives what a listener throws; without it the error is thrown after every listener has been called. */
  constructor(onError?: (error: unknown) => void) {
    this.#onError =
      onError ??
      ((error) => {
        throw error;
      });
  }

  readonly event: Event<T> = (listener) => {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return { dispose: () => void this.#listeners.delete(entry) };
  };

  fire(value: T): void {
    let failed: { readonly error: unknown } | undefined;
    for (const listener of [...this.#listeners]) {
      try {
        listener.call(value);
      } catch (error) {
        failed ??= { error };
      }
    }
    if (failed) this.#onError(failed.error);
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
