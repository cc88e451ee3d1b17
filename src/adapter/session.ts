/**
 * One debug session: the DAP side of a program. Standard requests are answered here, the custom ones by features/; each
 * gets exactly one answer. It owns the life of what it starts: when the session ends, so does the program, unless the
 * client asked otherwise.
 */
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import {
  DebugSession,
  Event,
  ExitedEvent,
  InitializedEvent,
  OutputEvent,
  Response,
  TerminatedEvent,
} from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { LaunchArguments } from '../protocol/dap';
import { PROTOCOL_VERSION } from '../protocol/dap';
import { answer, type Handlers, RequestError } from './dispatch';
import { loopHandlers } from './features/loops';
import { taskHandlers } from './features/tasks';
import { LaunchError, parseLaunch } from './launch/arguments';
import { buildCommand } from './launch/command';
import { type Debuggee, spawnNative } from './launch/debuggee';
import { askProcess, checkInterpreter } from './launch/interpreter';
import { ProcessTree, realSystem } from './launch/process-tree';
import { realSurroundings, runtimeFolder } from './launch/surroundings';
import { Listener } from './link/listener';
import { Program } from './program';
import { Updates } from './updates';

/** What the process around the session does for it. */
export interface Host {
  /** Folder of the running bundle. */
  readonly bundle: string;
  /** The session is over and has let go of everything. */
  ended(): void;
}

export class AdapterSession extends DebugSession {
  readonly #host: Host;
  readonly #tree = new ProcessTree(realSystem);
  readonly #updates = new Updates(() => this.#sendUpdate());
  readonly #tables: readonly Handlers[];
  #program = new Program('', 'adaptive');
  #listener: Listener | undefined;
  #debuggee: Debuggee | undefined;
  #configured: (() => void) | undefined;
  readonly #configurationDone = new Promise<void>((resolve) => {
    this.#configured = resolve;
  });
  #terminated = false;

  constructor(host: Host) {
    super();
    this.#host = host;
    const program = (): Program => this.#program;
    this.#tables = [this.#standard(), loopHandlers(program), taskHandlers(program)];
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    const fail = (error: unknown): void => this.#say('stderr', `Loopscope: ${String(error)}`);
    void answer(this.#tables, request.command, request.arguments, fail).then((result) => {
      const response: DebugProtocol.Response = new Response(request);
      if (result.success) {
        response.body = result.body;
      } else {
        response.success = false;
        response.message = result.message;
        response.body = { error: { id: 1, format: result.message.replace(/[{}]/g, ''), showUser: result.show } };
      }
      this.sendResponse(response);
    });
  }

  /** The client has gone. */
  override shutdown(): void {
    void this.#end(true);
  }

  #standard(): Handlers {
    return {
      initialize: () => ({
        supportsConfigurationDoneRequest: true,
        supportsTerminateRequest: true,
        supportTerminateDebuggee: true,
        supportsLoopscope: PROTOCOL_VERSION,
      }),
      launch: (args) => this.#launch(args),
      configurationDone: () => this.#configured?.(),
      threads: () => ({ threads: [{ id: 1, name: 'MainThread' }] }),
      setBreakpoints: () => ({ breakpoints: [] }),
      setExceptionBreakpoints: () => ({}),
      terminate: async () => {
        if (this.#debuggee) await this.#tree.end(this.#debuggee.pid, 'interrupt', this.#debuggee.group);
      },
      disconnect: async () => {
        await this.#end(true);
      },
    };
  }

  async #launch(value: unknown): Promise<void> {
    try {
      await this.#start(parseLaunch(value));
    } catch (error) {
      if (error instanceof LaunchError) throw new RequestError(error.message, true);
      throw error;
    }
  }

  async #start(args: LaunchArguments): Promise<void> {
    this.#listener = await Listener.open((why) => this.#say('console', `Loopscope refused ${why}.`));
    const expected = this.#listener.expect((peer) => this.#program.connect(peer, peer.rest));
    const command = buildCommand(
      args,
      {
        bootstrap: `${runtimeFolder(this.#host.bundle)}/bootstrap`,
        port: this.#listener.port,
        token: expected.token,
        children: args.subProcess ?? true,
      },
      realSurroundings(),
    );
    await checkInterpreter(command.python, command.cwd, command.env, askProcess);
    this.#program = new Program(command.name, args.detail ?? 'adaptive');
    this.#program.onChange(() => this.#updates.changed());
    this.#program.onSaid(({ text }) => this.#say('console', `Loopscope: ${text}`));
    if (command.hidden) this.#program.setNotice(command.hidden);
    this.sendEvent(new InitializedEvent());
    await this.#configurationDone;
    const debuggee = await spawnNative(command);
    this.#debuggee = debuggee;
    this.#program.started(debuggee.pid);
    this.sendEvent(
      new Event('process', {
        name: basename(command.name),
        systemProcessId: debuggee.pid,
        isLocalProcess: true,
        startMethod: 'launch',
      }),
    );
    debuggee.onOutput(({ category, text }) => this.#say(category, text));
    debuggee.onExit(({ code }) => {
      this.#program.ended(code);
      this.#updates.flush();
      this.sendEvent(new ExitedEvent(code ?? 0));
      this.#terminate();
    });
  }

  #terminate(): void {
    if (this.#terminated) return;
    this.#terminated = true;
    this.sendEvent(new TerminatedEvent());
  }

  async #end(kill: boolean): Promise<void> {
    const debuggee = this.#debuggee;
    this.#debuggee = undefined;
    this.#updates.dispose();
    this.#program.leave();
    this.#listener?.close();
    if (debuggee && kill && this.#program.phase !== 'ended') await this.#tree.end(debuggee.pid, 'kill', debuggee.group);
    setTimeout(() => this.#host.ended(), 50);
  }

  #say(category: string, text: string): void {
    this.sendEvent(new OutputEvent(category === 'console' ? `${text}\n` : text, category));
  }

  #sendUpdate(): void {
    this.sendEvent(new Event('loopscope/update', this.#program.update()));
  }
}

/** A name for a session's log lines. */
export function sessionName(): string {
  return randomUUID().slice(0, 8);
}
