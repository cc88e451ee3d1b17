/**
 * The life of a session's program: started, or taken over from a parent session; followed; restarted; ended. It decides
 * what happens when; how a process is started, reached and ended is launch/'s and link/'s business, and what is shown of
 * it is features/'s.
 */
import { join } from 'node:path';
import type { LaunchArguments } from '../protocol/dap';
import type { BreakOn, SteppingSettings } from '../protocol/stepping';
import type { Client } from './client';
import { type Handlers, RequestError } from './dispatch';
import { launchForDebugpy, withoutOurs } from './debugpy/arguments';
import type { DebuggerThreads } from './debugpy/bridge';
import { DebuggedChildren } from './debugpy/children';
import { Debugger } from './debugpy/debugger';
import { injection } from './debugpy/inject';
import { type Started, startForAttach, startForLaunch } from './debugpy/start';
import { stepWithin } from './features/stepping';
import { type AttachArguments, type ChildArguments, LaunchError, parseAttach, parseLaunch } from './launch/arguments';
import { buildCommand, type Command, withVariable } from './launch/command';
import { type Debuggee, type Exit, spawnNative } from './launch/debuggee';
import { askProcess, checkInterpreter } from './launch/interpreter';
import { PathMappings } from './launch/path-mappings';
import type { ProcessTree, Strength } from './launch/process-tree';
import { realSurroundings, runtimeFolder } from './launch/surroundings';
import { startInTerminal } from './launch/terminal';
import { Children, dialParent } from './link/children';
import { type Admitted, Listener } from './link/listener';
import { Newcomer } from './link/newcomer';
import { Program } from './program';

/** How long each strength of ending a program may take before the next, s. */
const PATIENCE = 5;
/** How long the last state is held back for a client that wants to look at it, s. */
const LAST_LOOK = 1;
/** How long the end of the connection is waited for after the end of the process, s. */
const LAST_WORDS = 1;
/** How long a runtime that has not come by the time the program is to begin is waited for, s. */
const LATECOMER = 2;
const TERMINAL_SECONDS = 60;
const CHILD_SECONDS = 20;
/** The default of LaunchArguments.slowCallback. */
const SLOW_CALLBACK = 0.1;

/** What the life needs of the session. */
export interface LifeHost {
  readonly client: Client;
  readonly tree: ProcessTree;
  /** Folder of the running bundle. */
  readonly bundle: string;
  /** The arguments with which the client has introduced itself. */
  initialize(): unknown;
  /** Another program is shown from here on. */
  shows(program: Program): void;
  /** The update that says so has to be sent now. */
  flush(): void;
  /** What loops stop at by themselves, as it is set when the program is started. */
  breakOn(): readonly BreakOn[];
  /** Sets it, from the arguments of `setExceptionBreakpoints`; gives that request's answer. */
  setBreakOn(args: unknown): Promise<unknown>;
  /** What is known of the rows of tasks among debugpy's threads. */
  readonly rows: DebuggerThreads;
  /** Everything is over: the adapter may go. */
  ended(): void;
}

type Plan =
  /** `raw`: the arguments as they came, for debugpy, which knows more of them. */
  | { readonly kind: 'launch'; readonly args: LaunchArguments; readonly raw: unknown }
  | { readonly kind: 'attach'; readonly args: AttachArguments; readonly raw: unknown }
  | { readonly kind: 'child'; readonly args: ChildArguments };

export class Life {
  readonly #host: LifeHost;
  #program: Program;
  #plan: Plan | undefined;
  #listener: Listener | undefined;
  #debuggee: Debuggee | undefined;
  #debugger: Debugger | undefined;
  #debuggedChildren: DebuggedChildren | undefined;
  #command: Command | undefined;
  #restarting = false;
  /** A program that is ended for the sake of another: its end is not the session's. */
  #abandoned: Program | undefined;
  #initialized = false;
  #terminated = false;
  #over = false;
  readonly #configured = signal();
  readonly #seen = signal();
  readonly #aborted = signal();
  #exited = signal();

  constructor(host: LifeHost) {
    this.#host = host;
    this.#program = new Program('', 'adaptive', SLOW_CALLBACK, undefined);
    host.shows(this.#program);
  }

  handlers(): Handlers {
    return {
      launch: (value) => this.#begin(() => ({ kind: 'launch', args: parseLaunch(value), raw: value })),
      attach: (value) => this.#begin(() => ({ raw: value, ...parseAttach(value) })),
      configurationDone: async (args) => {
        this.#configured.fire();
        await this.#armed();
        return this.#debugger?.request('configurationDone', args);
      },
      restart: (args) => this.#restart(args),
      terminate: (args) => this.#terminate(args),
      disconnect: (args) => this.#disconnect(args),
      'loopscope/seen': () => {
        this.#seen.fire();
        return {};
      },
    };
  }

  /** The debugger of the session, if it has one: whom to ask what is not for us. */
  get debugger(): Debugger | undefined {
    return this.#debugger;
  }

  /** Stops or goes on reading what the program prints. */
  holdOutput(held: boolean): void {
    this.#debuggee?.pause(held);
  }

  /** The client has gone without a word. */
  async abandon(): Promise<void> {
    await this.#end(this.#plan?.kind === 'launch');
  }

  async #begin(parse: () => Plan): Promise<void> {
    if (this.#plan) throw new RequestError('This session has a program already: start another session.');
    try {
      this.#plan = parse();
      switch (this.#plan.kind) {
        case 'launch':
          await this.#launch(this.#plan.args, this.#plan.raw);
          break;
        case 'attach':
          await this.#attach(this.#plan.args, this.#plan.raw);
          break;
        case 'child':
          await this.#takeOver(this.#plan.args);
      }
    } catch (error) {
      if (error instanceof LaunchError) throw new RequestError(error.message, true);
      throw error;
    }
  }

  async #launch(args: LaunchArguments, raw: unknown): Promise<void> {
    const { client } = this.#host;
    const listener = await this.#listen();
    const runtime = runtimeFolder(this.#host.bundle);
    const main = listener.expect((peer) => void this.#arrived(peer, args));
    const command = buildCommand(
      args,
      {
        bootstrap: join(runtime, 'bootstrap'),
        port: listener.port,
        token: main.token,
        children: args.subProcess ?? true,
      },
      realSurroundings(),
    );
    await checkInterpreter(command.python, command.cwd, command.env, askProcess);
    this.#command = command;
    const program = this.#show(command.name, args.detail ?? 'adaptive', args.slowCallback ?? SLOW_CALLBACK);
    if (command.hidden) {
      program.setNotice(command.hidden);
      client.say('console', `Loopscope: ${command.hidden}`);
    }
    if (args.noDebug !== true) {
      const started = await startForLaunch(args, raw, command, this.#host.bundle);
      const shell = client.abilities.shellArguments;
      await this.#debug(
        started,
        'launch',
        launchForDebugpy(raw, args, this.#stepped(command, args), shell, process.platform === 'win32'),
        listener,
        () => client.event('initialized'),
      );
      return;
    }
    if (!this.#initialized) client.event('initialized');
    this.#initialized = true;
    await Promise.race([this.#configured.fired, this.#aborted.fired]);
    if (this.#over) throw new RequestError('The session was ended before the program was started.');
    const debuggee = await this.#start(this.#stepped(command, args), args, listener, runtime);
    this.#follow(debuggee, command);
  }

  /** Attaches with debugpy; the runtime is brought in through it. A child that debugpy found has it already. */
  async #attach(args: AttachArguments, raw: unknown): Promise<void> {
    const { client } = this.#host;
    const listener = await this.#listen();
    const { loopscopeChild: child } = args;
    const name = child?.name ?? (args.processId === undefined ? 'attached program' : `process ${args.processId}`);
    const program = this.#show(name, args.detail ?? 'adaptive', SLOW_CALLBACK);
    const started = await startForAttach(args, this.#host.bundle);
    if (child) {
      const peer = await dialParent(child.port, child.token).catch(() => undefined);
      if (peer) program.connect(peer, peer.rest);
    }
    const main = listener.expect((peer) => void this.#arrived(peer, args));
    await this.#debug(started, 'attach', withoutOurs(raw), listener, async (debug) => {
      started.arrived?.();
      if (!child) await this.#inject(debug, listener.port, main.token, args.subProcess ?? true);
      client.event('initialized');
    });
  }

  async #inject(debug: Debugger, port: number, token: string, children: boolean): Promise<void> {
    const file = join(runtimeFolder(this.#host.bundle), 'bootstrap', 'attach.py');
    try {
      await debug.request('evaluate', { expression: injection({ file, port, token, children }), context: 'repl' });
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n').at(-1) : String(error);
      this.#program.setNotice(
        `The event loop is not shown, because Loopscope could not be brought into the program (it may run on another machine): ${reason}`,
      );
    }
  }

  /** The rest of the session is debugpy's: begins it and resolves when debugpy has begun. */
  async #debug(
    started: Started,
    command: 'launch' | 'attach',
    args: object,
    listener: Listener,
    ready: (debug: Debugger) => Promise<void> | void,
  ): Promise<void> {
    const { client } = this.#host;
    const children = new DebuggedChildren(listener);
    this.#debuggedChildren = children;
    const debug: Debugger = new Debugger(started, {
      client,
      runtime: runtimeFolder(this.#host.bundle),
      launched: command === 'launch',
      ready: () => ready(debug),
      process: (pid) => this.#program.started(pid),
      child: (configuration) => children.prepare(configuration),
      setBreakOn: (filters) => this.#host.setBreakOn(filters),
      cancelConsole: () => this.#program.cancelConsole(),
      bridge: (body) => this.#host.rows.note(body),
      isOver: (threadId) => this.#host.rows.isOver(threadId),
      row: (threadId) => this.#host.rows.row(threadId),
      stepTask: (row, within) => stepWithin(this.#program, row.loop, row.task, within),
    });
    if (this.#over) {
      debug.detach();
      throw new RequestError('The session was ended before the program was started.');
    }
    this.#debugger = debug;
    this.#debuggee = debug;
    debug.onExit((exit) => {
      this.#exited.fire();
      void this.#debuggerEnded(debug, exit, command === 'launch');
    });
    try {
      await debug.initialize(this.#host.initialize());
      await Promise.race([debug.request(command, args), notInjected(debug)]);
    } catch (error) {
      const errors = debug.died ? debug.errors() : '';
      if (errors === '') throw error;
      throw new LaunchError(`The debugger (debugpy) could not be started: ${errors.split('\n').at(-1) ?? ''}`);
    }
  }

  async #debuggerEnded(debug: Debugger, exit: Exit, launched: boolean): Promise<void> {
    if (debug.died && !this.#over) {
      this.#host.client.say(
        'important',
        `The debugger (debugpy) has gone${launched ? ', and the program with it' : ''}: start the session again.\n`,
      );
      if (launched && debug.pid > 0) await this.#host.tree.end(debug.pid, 'kill', debug.group);
    }
    if (debug.died && !launched) this.#program.leave();
    await this.#programEnded(exit, debug.terminated);
  }

  /** The command, with what the loops are to do before the program can be told, if that is anything. */
  #stepped(command: Command, args: LaunchArguments): Command {
    const settings: SteppingSettings = {
      freezeClock: args.freezeClock ?? true,
      stopOnFirstTick: args.stopOnFirstTick ?? false,
      breakOn: this.#host.breakOn(),
    };
    const wanted = args.freezeClock === false || args.stopOnFirstTick === true || settings.breakOn?.length !== 0;
    return wanted ? withVariable(command, 'LOOPSCOPE_STEPPING', JSON.stringify(settings)) : command;
  }

  /**
   * What loops are to stop at is on its way to the runtime before debugpy lets the program begin: a loop that is made by
   * the first line is stopped at too. A runtime that does not come, as in a Python that keeps it out, is not waited for long.
   */
  async #armed(): Promise<void> {
    if (!this.#debugger || this.#plan?.kind !== 'launch' || this.#host.breakOn().length === 0) return;
    const program = this.#program;
    if (program.phase !== 'starting') return;
    const connected = new Promise<void>((resolve) => void program.onConnected(() => resolve()));
    await Promise.race([connected, this.#aborted.fired, sleep(this.#command?.hidden ? 0 : LATECOMER)]);
  }

  #start(command: Command, args: LaunchArguments, listener: Listener, runtime: string): Promise<Debuggee> {
    const { client, tree } = this.#host;
    const console = args.console ?? 'internalConsole';
    if (console === 'internalConsole') return spawnNative(command);
    if (!client.abilities.runInTerminal)
      throw new LaunchError('This editor cannot open a terminal for the program: use "console": "internalConsole".');
    return startInTerminal(
      command,
      join(runtime, 'launcher.py'),
      listener,
      console === 'integratedTerminal' ? 'integrated' : 'external',
      (request) => client.request('runInTerminal', request, TERMINAL_SECONDS),
      (pid) => tree.alive(pid),
    );
  }

  #follow(debuggee: Debuggee, command: Command): void {
    const { client } = this.#host;
    this.#debuggee = debuggee;
    this.#exited = signal();
    this.#program.started(debuggee.pid);
    client.event('process', {
      name: command.name,
      systemProcessId: debuggee.pid,
      isLocalProcess: true,
      startMethod: 'launch',
    });
    debuggee.onOutput(({ category, text }) => client.say(category, text));
    debuggee.onExit((exit) => {
      this.#exited.fire();
      void this.#programEnded(exit);
    });
  }

  async #takeOver(args: ChildArguments): Promise<void> {
    const { client } = this.#host;
    const { port, token, name, pid } = args.loopscopeChild;
    let peer: Admitted;
    try {
      peer = await dialParent(port, token);
    } catch {
      throw new LaunchError(`The child process ${name} has ended, or the session that started it has.`);
    }
    const program = this.#show(name, args.detail ?? 'adaptive', args.slowCallback ?? SLOW_CALLBACK);
    client.event('initialized');
    program.started(pid);
    client.event('process', { name, systemProcessId: pid, isLocalProcess: true, startMethod: 'attach' });
    program.onLost(() => void this.#programEnded({ code: null, signal: '' }));
    program.connect(peer, peer.rest);
  }

  /** A runtime has shown the main token: it is the program's own, or a child's. */
  async #arrived(peer: Admitted, args: LaunchArguments | AttachArguments): Promise<void> {
    const { client } = this.#host;
    const newcomer = new Newcomer(peer, (why) => {
      client.say('console', `Loopscope: ${why}`);
      this.#program.setNotice(`A process of the program was let go: ${why}`);
    });
    const hello = await newcomer.hello();
    if (!hello || this.#over) {
      newcomer.refuse();
      return;
    }
    const replaces = this.#program.phase === 'connected' && hello.pid === this.#program.pid;
    const first = this.#program.phase === 'starting';
    if (!first && args.subProcess !== false && (await this.#debuggedChildren?.adopt(newcomer, hello))) return;
    if (first || replaces) {
      if (replaces) {
        client.say('console', 'Loopscope: the process has replaced itself by another program.');
        this.#show(this.#command?.name ?? '', this.#program.level, this.#program.slowCallback);
      }
      const taken = newcomer.take();
      this.#program.connect(taken, taken.rest);
      return;
    }
    if (args.subProcess === false || !this.#listener) {
      newcomer.refuse();
      return;
    }
    const children = new Children(this.#listener, {
      startSession: async (name, child) => {
        if (!client.abilities.startDebugging) throw new Error('this editor cannot start further sessions.');
        const configuration = {
          type: 'loopscope',
          request: 'attach',
          name,
          loopscopeChild: child,
          detail: this.#program.level,
          slowCallback: this.#program.slowCallback,
          ...(args.holdLastState === true ? { holdLastState: true } : {}),
        };
        await client.request('startDebugging', { configuration, request: 'attach' }, CHILD_SECONDS);
      },
      say: (text) => client.say('console', `Loopscope: ${text}`),
    });
    await children.adopt(newcomer, hello);
  }

  #show(name: string, level: 'adaptive' | 'full', slowCallback: number): Program {
    const plan = this.#plan;
    const mappings = plan === undefined || plan.kind === 'child' ? [] : plan.args.pathMappings;
    const previous = this.#program;
    previous.leave();
    const program = new Program(name, level, slowCallback, previous, new PathMappings(mappings));
    this.#program = program;
    program.onSaid(({ text }) => this.#host.client.say('console', `Loopscope: ${text}`));
    this.#host.shows(program);
    return program;
  }

  async #listen(): Promise<Listener> {
    this.#listener?.close();
    try {
      this.#listener = await Listener.open((why) => this.#host.client.say('console', `Loopscope turned away ${why}.`));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new LaunchError(`No port of this machine could be opened for the program to connect to: ${reason}.`);
    }
    return this.#listener;
  }

  async #programEnded({ code }: Exit, body?: object): Promise<void> {
    const { client } = this.#host;
    const program = this.#program;
    await Promise.race([program.disconnected(), sleep(LAST_WORDS)]);
    program.ended(code);
    if (program !== this.#program || program === this.#abandoned || this.#over) return;
    this.#host.flush();
    if (this.#plan?.args.holdLastState === true) await Promise.race([this.#seen.fired, sleep(LAST_LOOK)]);
    if (code !== null) client.event('exited', { exitCode: code });
    this.#sayTerminated(body);
  }

  #sayTerminated(body?: object): void {
    if (this.#terminated) return;
    this.#terminated = true;
    this.#host.client.event('terminated', body);
  }

  async #restart(value: unknown): Promise<void> {
    if (this.#plan?.kind !== 'launch')
      throw new RequestError('Only a program that this session has started can be restarted.');
    if (this.#debugger)
      throw new RequestError(
        'A program that is debugged cannot be started again in its session: end it and launch anew.',
      );
    if (this.#restarting) throw new RequestError('The program is being restarted already.');
    const next =
      typeof value === 'object' && value !== null && 'arguments' in value && value.arguments !== undefined
        ? value.arguments
        : this.#plan.args;
    this.#restarting = true;
    try {
      const args = { ...parseLaunch(next), noDebug: true };
      const old = this.#debuggee;
      this.#abandoned = this.#program;
      if (old && this.#program.phase !== 'ended') {
        await this.#host.tree.end(old.pid, 'kill', old.group);
        await Promise.race([this.#exited.fired, sleep(PATIENCE)]);
      }
      old?.detach();
      this.#plan = { kind: 'launch', args, raw: next };
      this.#terminated = false;
      await this.#launch(args, next);
    } catch (error) {
      this.#sayTerminated();
      if (error instanceof LaunchError) throw new RequestError(error.message, true);
      throw error;
    } finally {
      this.#restarting = false;
    }
  }

  /** Asks the program to end, first as Ctrl+C would, then harder. */
  async #terminate(args: unknown): Promise<unknown> {
    if (this.#debugger && this.#program.phase !== 'ended') return this.#terminateDebugged(this.#debugger, args);
    const pid = this.#debuggee?.pid ?? this.#program.pid;
    if (this.#program.phase === 'ended' || pid === 0) {
      this.#sayTerminated();
      return {};
    }
    this.#program.release();
    await this.#host.tree.end(pid, 'interrupt', this.#debuggee?.group ?? false);
    void this.#insist(pid, this.#program, ['terminate', 'kill']);
    return {};
  }

  /** As debugpy does it: at once, but for a configuration that asks for Ctrl+C; and with all that the program started. */
  async #terminateDebugged(debug: Debugger, args: unknown): Promise<unknown> {
    const plan = this.#plan;
    const gently =
      plan?.kind === 'launch' && (plan.raw as { onTerminate?: unknown }).onTerminate === 'KeyboardInterrupt';
    if (plan?.kind === 'launch' && !gently && debug.pid > 0) await this.#host.tree.end(debug.pid, 'kill', debug.group);
    let answered = false;
    const answer = debug
      .request('terminate', args)
      .catch((error: unknown) => {
        if (gently) throw error;
        return {};
      })
      .finally(() => {
        answered = true;
      });
    // debugpy may hang, and the program is dead by now.
    const late = sleep(PATIENCE).then(() => {
      if (!answered && !gently) debug.giveUp();
      return {};
    });
    return Promise.race([answer, late]);
  }

  async #insist(pid: number, program: Program, strengths: readonly Strength[]): Promise<void> {
    const gone = (): boolean => program.phase === 'ended' || program !== this.#program || this.#over;
    for (const strength of strengths) {
      await Promise.race([program.over, this.#aborted.fired, sleep(PATIENCE)]);
      if (gone()) return;
      this.#host.client.say('console', `Loopscope: the program still runs after ${PATIENCE} s: ${strength}.`);
      await this.#host.tree.end(pid, strength, this.#debuggee?.group ?? false);
    }
  }

  async #disconnect(value: unknown): Promise<void> {
    const asked =
      typeof value === 'object' && value !== null && 'terminateDebuggee' in value ? value.terminateDebuggee : undefined;
    await this.#end(typeof asked === 'boolean' ? asked : this.#plan?.kind === 'launch');
  }

  async #end(kill: boolean): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#aborted.fire();
    const debuggee = this.#debuggee;
    const pid = debuggee?.pid ?? (kill ? this.#program.pid : 0);
    if (this.#debugger) await this.#endDebugged(this.#debugger, kill);
    else if (kill && pid > 0 && this.#program.phase !== 'ended') {
      await this.#host.tree.end(pid, 'kill', debuggee?.group ?? false);
      if (debuggee) await Promise.race([this.#exited.fired, sleep(PATIENCE)]);
    }
    debuggee?.detach();
    this.#program.leave();
    this.#listener?.close();
    this.#host.ended();
  }

  async #endDebugged(debug: Debugger, kill: boolean): Promise<void> {
    if (kill && debug.pid > 0 && this.#program.phase !== 'ended')
      await this.#host.tree.end(debug.pid, 'kill', debug.group);
    await debug.leave({ terminateDebuggee: kill });
  }
}

/** Rejects when the process to attach to has not let debugpy in. */
function notInjected(debug: Debugger): Promise<never> {
  return new Promise((_, reject) => {
    debug.onNotInjected(() =>
      reject(
        new LaunchError(
          'debugpy could not get into the process; what it tried is in the debug console. It needs gdb and the right to trace (on Linux see /proc/sys/kernel/yama/ptrace_scope). From Python 3.14 on it needs neither; in older programs call debugpy.listen and use "connect".',
        ),
      ),
    );
  });
}

interface Signal {
  readonly fired: Promise<void>;
  fire(): void;
}

/** Something that happens once and can be waited for. */
function signal(): Signal {
  let fire = (): void => undefined;
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fired, fire: () => fire() };
}

/** Resolves after `seconds`; keeps no process alive. */
function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000).unref();
  });
}
