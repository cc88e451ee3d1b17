/**
 * Which calls block their thread: a table by qualified name, and what keeps one of them from blocking (`block=False`,
 * `setblocking(False)`, a future that is done). Says nothing of where the call stands.
 * Sources: the documentation of CPython 3.15's modules, requests 2.32, httpx 0.28.
 */
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { isCaught } from './calls';
import { argumentsOfCall } from './invocations';
import { POPEN, THREAD, THREAD_FUTURE } from './library';
import { externalName } from './value';
import type { Values } from './values';

/** What a blocking call waits for. */
export type BlockingKind =
  | 'sleep'
  | 'network'
  | 'process'
  | 'file'
  | 'terminal'
  /** A thread, a lock, a queue, an event. */
  | 'thread'
  /** A concurrent.futures.Future. */
  | 'future'
  /** What the settings name. */
  | 'own';

export interface Blocking {
  /** The qualified name. */
  readonly name: string;
  readonly kind: BlockingKind;
}

const of = (kind: BlockingKind, prefix: string, list: string): [string, BlockingKind][] =>
  list.split(' ').map((name) => [prefix === '' ? name : `${prefix}.${name}`, kind]);

const VERBS = 'get post put delete patch head options request';
const FILE_METHODS = 'read_text read_bytes write_text write_bytes open';

const TABLE: ReadonlyMap<string, BlockingKind> = new Map([
  ...of('sleep', 'time', 'sleep'),
  ...of('network', 'requests', VERBS),
  ...of('network', 'requests.api', VERBS),
  ...of('network', 'requests.Session', `${VERBS} send`),
  ...of('network', 'httpx', `${VERBS} stream`),
  ...of('network', 'httpx.Client', `${VERBS} send`),
  ...of('network', 'urllib.request', 'urlopen urlretrieve'),
  ...of('network', 'urllib3', 'request'),
  ...of('network', 'urllib3.PoolManager', 'request'),
  ...of('network', 'http.client.HTTPConnection', 'connect request getresponse'),
  ...of('network', 'http.client.HTTPSConnection', 'connect request getresponse'),
  ...of('network', 'smtplib', 'SMTP SMTP_SSL'),
  ...of('network', 'ftplib', 'FTP FTP_TLS'),
  ...of('network', 'socket', 'create_connection getaddrinfo gethostbyname gethostbyaddr getfqdn'),
  ...of('network', 'socket.socket', 'connect accept recv recv_into recvfrom recvfrom_into sendall'),
  ...of('network', 'select', 'select'),
  ...of('process', 'subprocess', 'run call check_call check_output getoutput getstatusoutput'),
  ...of('process', POPEN, 'wait communicate'),
  ...of('process', 'os', 'system wait waitpid popen'),
  ...of('process', 'multiprocessing.Process', 'join'),
  ...of('terminal', '', 'input'),
  ...of('terminal', 'getpass', 'getpass'),
  ...of('thread', THREAD, 'join'),
  ...of('thread', 'threading.Lock', 'acquire'),
  ...of('thread', 'threading.Semaphore', 'acquire'),
  ...of('thread', 'threading.Event', 'wait'),
  ...of('thread', 'threading.Condition', 'acquire wait wait_for'),
  ...of('thread', 'threading.Barrier', 'wait'),
  ...of('thread', 'queue.Queue', 'get join'),
  ...of('thread', 'multiprocessing.Queue', 'get'),
  ...of('future', THREAD_FUTURE, 'result exception'),
  ...of('future', 'concurrent.futures', 'wait'),
  ...of('file', '', 'open'),
  ...of('file', 'io', 'open'),
  ...of('file', 'pathlib.Path', FILE_METHODS),
]);

/** What a non-blocking socket raises. */
const WOULD_BLOCK: ReadonlySet<string> = new Set(['BlockingIOError', 'InterruptedError']);

/** Methods that a file's text must hold for any of the table to match: the last names. */
const LAST_NAMES: ReadonlySet<string> = new Set([...TABLE.keys()].map((name) => name.slice(name.lastIndexOf('.') + 1)));

/** Finds the blocking calls of a file. */
export class BlockingCalls {
  private readonly ownNames: ReadonlySet<string>;
  private readonly ownPrefixes: readonly string[];
  private readonly memo = new Map<NodeId, Blocking | null>();

  /** @param own the names of the settings, `package.*` for all of a package */
  constructor(
    private readonly values: Values,
    own: readonly string[],
  ) {
    this.ownNames = new Set(own);
    this.ownPrefixes = own.filter((name) => name.endsWith('.*')).map((name) => name.slice(0, -1));
  }

  /** What a call blocks on, or undefined where it blocks not, or nobody knows. */
  at(call: NodeId): Blocking | undefined {
    if (!this.isWorthLooking(call)) return undefined;
    const known = this.memo.get(call);
    if (known !== undefined) return known ?? undefined;
    const found = this.look(call);
    this.memo.set(call, found ?? null);
    return found;
  }

  /** Whether the name that is called can be that of a blocking function. */
  private isWorthLooking(call: NodeId): boolean {
    const { ast } = this.values.names;
    const kind = ast.kindOf(call + 1);
    // A name may be an alias of anything, an attribute has its own name.
    if (kind === Kind.Attribute) return this.ownNames.size > 0 || LAST_NAMES.has(ast.name(call + 1));
    return kind === Kind.Name;
  }

  private look(call: NodeId): Blocking | undefined {
    const name = externalName(this.values.of(call + 1));
    if (name === undefined) return undefined;
    if (this.isOwn(name)) return { name, kind: 'own' };
    const blocks = TABLE.get(name);
    if (!blocks || this.isTamed(call, name, blocks)) return undefined;
    return { name, kind: blocks };
  }

  private isOwn(name: string): boolean {
    return this.ownNames.has(name) || this.ownPrefixes.some((prefix) => name.startsWith(prefix));
  }

  /** Whether something in view keeps this call from blocking. */
  private isTamed(call: NodeId, name: string, kind: BlockingKind): boolean {
    const { positional, keywords } = argumentsOfCall(this.values, call);
    const { ast } = this.values.names;
    const isOff = (node: NodeId | undefined): boolean =>
      node !== undefined && (ast.kindOf(node) === Kind.False || /^0(\.0*)?$/.test(ast.textOf(node)));
    const last = name.slice(name.lastIndexOf('.') + 1);
    switch (last) {
      case 'sleep':
        return isOff(positional[0]);
      case 'acquire':
        return isOff(positional[0]) || isOff(keywords.get('blocking')) || isOff(keywords.get('timeout'));
      case 'get':
        if (kind === 'thread') {
          if (this.isAskedAnywhere(call, ['empty', 'qsize'])) return true;
          return isOff(positional[0]) || isOff(keywords.get('block')) || isOff(keywords.get('timeout'));
        }
        return false;
      case 'wait':
        if (name === 'concurrent.futures.wait' || kind === 'thread') {
          return isOff(keywords.get('timeout')) || (kind === 'thread' && isOff(positional[0]));
        }
        return kind === 'process' && this.isAskedBefore(call, ['poll']);
      case 'join':
        return (
          isOff(positional[0]) ||
          isOff(keywords.get('timeout')) ||
          this.isAskedBefore(call, ['is_alive']) ||
          this.isSignalled(call)
        );
      case 'result':
      case 'exception':
        if (isOff(positional[0]) || isOff(keywords.get('timeout'))) return true;
        return this.isAskedBefore(call, ['done', 'cancelled', 'result', 'exception']) || this.isAwaitedBefore(call);
      case 'getaddrinfo':
        return keywords.has('flags');
      case 'select':
        return isOff(positional[3]);
      case 'waitpid':
        return positional.length > 1 && ast.textOf(positional[1] ?? NONE) !== '0';
      default:
        return name.startsWith('socket.socket.') && this.isSocketTamed(call);
    }
  }

  /** Whether a method of these names was called on the same object earlier in the function (`future.done()`). */
  private isAskedBefore(call: NodeId, methods: readonly string[]): boolean {
    const { names } = this.values;
    const { ast } = names;
    const object = ast.textOf(call + 2);
    const fn = names.functionOf(call);
    return methods.some((method) =>
      (names.callsByName.get(method) ?? []).some(
        (other) =>
          other < call &&
          ast.kindOf(other + 1) === Kind.Attribute &&
          ast.textOf(other + 2) === object &&
          names.functionOf(other) === fn,
      ),
    );
  }

  /** Whether the future was given to something awaited before: then it is done. */
  private isAwaitedBefore(call: NodeId): boolean {
    const { names } = this.values;
    const { ast } = names;
    const object = names.symbolOf(call + 2);
    const fn = names.functionOf(call);
    if (!object || !fn) return false;
    return fn.awaits.some((node) => {
      if (node >= call) return false;
      for (let at = node; at < ast.after(node); at++) if (names.symbolOf(at) === object) return true;
      return false;
    });
  }

  /** Whether the file asks an object about itself anywhere (`queue.empty()`): who does, takes only what is there. */
  private isAskedAnywhere(call: NodeId, methods: readonly string[]): boolean {
    const { names } = this.values;
    const { ast } = names;
    const object = ast.textOf(call + 2);
    return methods.some((method) =>
      (names.callsByName.get(method) ?? []).some(
        (other) => ast.kindOf(other + 1) === Kind.Attribute && ast.textOf(other + 2) === object,
      ),
    );
  }

  /** Whether something that the thread was given was awaited before the join: it says that the thread is done. */
  private isSignalled(call: NodeId): boolean {
    const { names } = this.values;
    const { ast } = names;
    const thread = this.values.of(call + 2);
    const fn = names.functionOf(call);
    if (thread?.tag !== 'instance' || thread.site < 0 || !fn) return false;
    const tuple = argumentsOfCall(this.values, thread.site).keywords.get('args') ?? NONE;
    if (tuple === NONE) return false;
    const given = new Set(ast.children(tuple).map((each) => names.symbolOf(each)));
    given.delete(undefined);
    return fn.awaits.some((node) => node < call && given.has(names.symbolOf(node + 1)));
  }

  /** Whether the file makes a socket non-blocking, or is ready to hear that it would block. */
  private isSocketTamed(call: NodeId): boolean {
    if (isCaught(this.values, call, WOULD_BLOCK)) return true;
    const { names } = this.values;
    const { ast } = names;
    const object = ast.textOf(call + 2);
    return ['setblocking', 'settimeout'].some((method) =>
      (names.callsByName.get(method) ?? []).some(
        (other) => ast.kindOf(other + 1) === Kind.Attribute && ast.textOf(other + 2) === object,
      ),
    );
  }
}
