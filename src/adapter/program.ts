/**
 * One program as the session sees it: its model, its connection, where it is in its life. It joins what arrives on the
 * link with the clock and tells when something changed. It starts and ends nothing (launch/ does), and it speaks no DAP
 * (features/ do).
 */
import { Emitter } from '../common/emitter';
import { LoopModel } from '../model/model';
import type { ProcessState, UpdateEvent } from '../protocol/dap';
import type { DetailLevel, RuntimeMessage } from '../protocol/wire';
import { breakOnAnswer, doneAnswer } from './link/answers';
import type { Admitted } from './link/listener';
import { PathMappings } from './launch/path-mappings';
import { AwaitsTree } from './features/awaits';
import { Describer } from './features/describe';
import { RuntimeLink } from './link/runtime-link';
import { Settler } from './settle';
import { Stops } from './stops';

/** Seconds on a clock that never goes back. */
export function monotonic(): number {
  return performance.now() / 1000;
}

/** How long a program may take to end after its connection has, ms: then it is taken to live on. */
const LIVES_ON = 1000;

export class Program {
  readonly model: LoopModel;
  readonly describer = new Describer(this);
  readonly awaits = new AwaitsTree(this, monotonic);
  readonly settler: Settler;
  readonly stops: Stops;
  readonly #changed = new Emitter<void>();
  readonly #said = new Emitter<{ readonly level: 'info' | 'warning' | 'error'; readonly text: string }>();
  readonly #connected = new Emitter<void>();
  readonly #lost = new Emitter<void>();
  readonly #disconnected = new Emitter<void>();
  readonly #ended = new Emitter<void>();
  /** Resolves when the process has ended. */
  readonly over = new Promise<void>((resolve) => void this.#ended.event(() => resolve()));
  #link: RuntimeLink | undefined;
  #phase: ProcessState['phase'] = 'starting';
  #exitCode: number | null = null;
  #notice = '';
  #saidBye = false;
  #lostTimer: NodeJS.Timeout | undefined;
  #pid = 0;
  #python = '';
  #level: DetailLevel;
  readonly #paths: PathMappings;
  #lingerTimer: NodeJS.Timeout | undefined;

  readonly onChange = this.#changed.event;
  /** Something for the session's log. */
  readonly onSaid = this.#said.event;
  readonly onConnected = this.#connected.event;
  /** The runtime has gone; the program may live on. */
  readonly onLost = this.#lost.event;

  /** `slowCallback`: see LaunchArguments. `previous`: the session's program before this one; ids and revisions go on from there. `paths`: where its files are here. */
  constructor(
    name: string,
    level: DetailLevel,
    readonly slowCallback: number,
    previous: Program | undefined,
    paths = new PathMappings(),
  ) {
    this.#paths = paths;
    this.model = new LoopModel(previous?.model);
    this.model.strings.localPath = (file) => paths.toLocal(file);
    this.model.slowAfter = slowCallback;
    this.stops = new Stops(this.model, monotonic, previous?.stops);
    this.settler = new Settler(
      this.model,
      () => this.link,
      monotonic,
      () => this.#hasChanged(),
    );
    this.model.program = name;
    this.#level = level;
  }

  get link(): RuntimeLink | undefined {
    return this.#link?.open ? this.#link : undefined;
  }

  get phase(): ProcessState['phase'] {
    return this.#phase;
  }

  get level(): DetailLevel {
    return this.#level;
  }

  get pid(): number {
    return this.#pid;
  }

  /** The process was started; the runtime has not been heard yet. */
  started(pid: number): void {
    this.#pid = pid;
    this.#changed.fire();
  }

  /** What the person should know, until something more important comes; '' takes it back. */
  setNotice(notice: string): void {
    if (this.#notice === notice) return;
    this.#notice = notice;
    this.#changed.fire();
  }

  setLevel(level: DetailLevel): void {
    this.#level = level;
    this.link?.setLevel(level);
  }

  /** A runtime has shown the token: from here on it fills the model. */
  connect(peer: Admitted, bytes: Buffer): void {
    const link = new RuntimeLink(peer, this.model, monotonic, this.#level, this.slowCallback, this.#paths);
    this.#link = link;
    link.onMessage((message) => this.#message(message));
    link.onChange(() => {
      this.settler.check();
      this.#hasChanged();
    });
    link.onClosed((fault) => {
      if (this.#link !== link) return;
      if (fault !== '') {
        this.#said.fire({ level: 'error', text: fault });
        this.setNotice(`The connection to the program was ended: ${fault}`);
      }
      this.stops.clear();
      this.#watchOn();
      this.#disconnected.fire();
      this.#lost.fire();
      this.#hasChanged();
    });
    link.start(bytes);
  }

  /** The process has ended. */
  ended(exitCode: number | null): void {
    this.#phase = 'ended';
    this.#exitCode = exitCode;
    this.leave();
    this.#ended.fire();
    this.#changed.fire();
  }

  /** The connection has ended. If the program lives on although it said no goodbye, the person should know that it is not seen. */
  #watchOn(): void {
    if (this.#saidBye || this.#notice !== '') return;
    this.#lostTimer = setTimeout(() => {
      if (this.#phase === 'ended' || this.#notice !== '') return;
      const text = 'The program has closed its connection to Loopscope: it runs on, and is not seen any more.';
      this.#said.fire({ level: 'warning', text });
      this.setNotice(text);
    }, LIVES_ON);
  }

  /** Resolves when there is no connection, or none any more. */
  disconnected(): Promise<void> {
    if (!this.link) return Promise.resolve();
    return new Promise((resolve) => void this.#disconnected.event(() => resolve()));
  }

  /** The program is to end: no loop of it stops any more. */
  release(): void {
    const { link } = this;
    if (!link) return;
    link.command({ command: 'breakOn', filters: [] }, breakOnAnswer).catch(() => undefined);
    link.command({ command: 'continue', loop: 0 }, doneAnswer).catch(() => undefined);
  }

  /** What is awaited in the debugger's console is cancelled, if anything is. */
  cancelConsole(): void {
    this.link?.command({ command: 'console', cancel: true }, doneAnswer).catch(() => undefined);
  }

  /** Lets go of the program, which lives on. */
  leave(): void {
    this.settler.dispose();
    this.#link?.close();
    clearTimeout(this.#lingerTimer);
    clearTimeout(this.#lostTimer);
  }

  update(): UpdateEvent {
    const now = monotonic();
    return { revision: this.model.revision, process: this.process(), ...this.model.totals(now) };
  }

  process(): ProcessState {
    return {
      phase: this.#phase,
      pid: this.#pid,
      name: this.model.program,
      python: this.#python,
      exitCode: this.#exitCode,
      notice: this.#notice,
    };
  }

  #message(message: RuntimeMessage): void {
    switch (message.type) {
      case 'hello':
        this.#phase = 'connected';
        this.#pid = message.pid;
        this.#python = message.python;
        this.#connected.fire();
        this.#changed.fire();
        break;
      case 'log':
        this.model.note(message.level, message.text);
        // What needs nobody stands in the event log alone: the console is the program's.
        if (message.level === 'info') break;
        this.#said.fire(message);
        this.setNotice(message.text);
        break;
      case 'bye':
        this.#saidBye = true;
        this.#said.fire({ level: 'info', text: message.reason });
        break;
      case 'stopped':
      case 'resumed':
      case 'stepped':
        this.stops.message(message);
        this.#changed.fire();
        break;
      case 'loop':
        if (message.what === 'stopped') this.describer.thawAll(message.loop);
        if (message.what === 'closed' || message.what === 'collected') this.stops.resume(message.loop);
        break;
      case 'answer':
        break;
    }
  }

  #hasChanged(): void {
    this.#linger();
    this.#changed.fire();
  }

  /** Finished tasks are folded when their moment has passed, even if nothing else happens. */
  #linger(): void {
    this.model.advance(monotonic());
    if (!this.model.lingering || this.#lingerTimer) return;
    this.#lingerTimer = setTimeout(() => {
      this.#lingerTimer = undefined;
      if (this.model.advance(monotonic())) this.#changed.fire();
      this.#linger();
    }, 500);
  }
}
