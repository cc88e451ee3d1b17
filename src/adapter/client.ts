/** What the adapter's parts may ask of the client on the other side of DAP. */

/** What the client said it can do, in `initialize`. */
export interface ClientAbilities {
  readonly runInTerminal: boolean;
  readonly startDebugging: boolean;
  /** Its terminal expands arguments as a shell does. */
  readonly shellArguments: boolean;
  /** It reads anew what it is told is not valid any more. */
  readonly invalidated: boolean;
}

export interface Client {
  readonly abilities: ClientAbilities;
  event(name: string, body?: object): void;
  /** A reverse request; rejects with the client's reason, or when `seconds` are over. */
  request(command: string, args: object, seconds: number): Promise<unknown>;
  /** An `output` event. `category`: stdout, stderr, console (ours: a line break is added), important. */
  say(category: 'stdout' | 'stderr' | 'console' | 'important', text: string): void;
}
