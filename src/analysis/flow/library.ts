/**
 * What is known of the libraries that programs call: canonical names, what a call gives, which functions are
 * coroutine functions. Tables by qualified name, no code of the program. Sources: CPython 3.15 Lib/asyncio/__init__.py
 * and the modules it re-exports, docs of asyncio, concurrent.futures, threading, subprocess, uvloop 0.22, aiohttp 3.13.
 */
import { table } from '../../common/table';

export const LOOP = 'asyncio.AbstractEventLoop';
export const POLICY = 'asyncio.AbstractEventLoopPolicy';
export const TASK = 'asyncio.Task';
export const FUTURE = 'asyncio.Future';
export const THREAD_FUTURE = 'concurrent.futures.Future';
export const THREAD = 'threading.Thread';
export const EXECUTOR = 'concurrent.futures.Executor';
export const RUNNER = 'asyncio.Runner';
export const SERVER = 'asyncio.Server';
export const WRITER = 'asyncio.StreamWriter';
export const TRANSPORT = 'asyncio.Transport';
export const PROCESS = 'asyncio.subprocess.Process';
export const POPEN = 'subprocess.Popen';
export const SESSION = 'aiohttp.ClientSession';

/** Modules whose names a package gives out as its own. */
const REEXPORTING = table<ReadonlySet<string>>({
  asyncio: new Set([
    ...['base_events', 'base_futures', 'base_tasks', 'coroutines', 'events', 'exceptions', 'futures', 'locks'],
    ...['proactor_events', 'protocols', 'queues', 'runners', 'selector_events', 'streams', 'taskgroups', 'tasks'],
    ...['threads', 'timeouts', 'transports', 'unix_events', 'windows_events'],
  ]),
  concurrent: new Set(),
  uvloop: new Set(['loop', '_noop']),
  aiohttp: new Set(['client', 'web_runner']),
});

/** Other names of the same thing. */
const SAME = table<string>({
  'asyncio.BaseEventLoop': LOOP,
  'asyncio.SelectorEventLoop': LOOP,
  'asyncio.ProactorEventLoop': LOOP,
  'asyncio.EventLoop': LOOP,
  'asyncio.IocpProactor': 'asyncio.IocpProactor',
  'uvloop.Loop': LOOP,
  'winloop.Loop': LOOP,
  'asyncio.DefaultEventLoopPolicy': POLICY,
  'asyncio.WindowsSelectorEventLoopPolicy': POLICY,
  'asyncio.WindowsProactorEventLoopPolicy': POLICY,
  'uvloop.EventLoopPolicy': POLICY,
  'asyncio.AbstractServer': SERVER,
  'asyncio.DatagramTransport': TRANSPORT,
  'asyncio.WriteTransport': TRANSPORT,
  'asyncio.ReadTransport': TRANSPORT,
  'asyncio.BaseTransport': TRANSPORT,
  'concurrent.futures.thread.ThreadPoolExecutor': 'concurrent.futures.ThreadPoolExecutor',
  'concurrent.futures.process.ProcessPoolExecutor': 'concurrent.futures.ProcessPoolExecutor',
  'asyncio.PriorityQueue': 'asyncio.Queue',
  'asyncio.LifoQueue': 'asyncio.Queue',
  'asyncio.BoundedSemaphore': 'asyncio.Semaphore',
  'queue.PriorityQueue': 'queue.Queue',
  'queue.LifoQueue': 'queue.Queue',
  'queue.SimpleQueue': 'queue.Queue',
  'threading.RLock': 'threading.Lock',
  'threading.BoundedSemaphore': 'threading.Semaphore',
  'threading.Timer': THREAD,
});

/** Names that were joined before, by their two parts: each is one string, whose hash is known. Files share most of them. */
const joinedNames = new Map<string, Map<string, string>>();
let joinedCount = 0;
/** More distinct ones than a large project has. */
const MOST_JOINED = 100_000;

/** `${qualified}.${name}`. */
export function joined(qualified: string, name: string): string {
  let known = joinedNames.get(qualified);
  const found = known?.get(name);
  if (found !== undefined) return found;
  if (joinedCount++ > MOST_JOINED) {
    joinedNames.clear();
    joinedCount = 0;
    known = undefined;
  }
  if (!known) joinedNames.set(qualified, (known = new Map<string, string>()));
  const whole = `${qualified}.${name}`;
  known.set(name, whole);
  return whole;
}

/** The name under which the tables know a qualified name. */
export function canonical(qualified: string): string {
  const dot = qualified.indexOf('.');
  // Of two parts or one, nothing can be left out.
  if (dot < 0 || qualified.indexOf('.', dot + 1) < 0) return SAME[qualified] ?? qualified;
  const parts = qualified.split('.');
  const [top = '', second = ''] = parts;
  let name = qualified;
  if (parts.length > 2 && REEXPORTING[top]?.has(second)) name = [top, ...parts.slice(2)].join('.');
  return SAME[name] ?? name;
}

/** What makes a new loop that whoever calls it must close. Constructors keep the name that they are called by. */
export const LOOP_FACTORIES: ReadonlySet<string> = new Set([
  'asyncio.new_event_loop',
  'uvloop.new_event_loop',
  'winloop.new_event_loop',
  `${POLICY}.new_event_loop`,
  LOOP,
]);

/** What a call gives: the type of an instance, or the types of a tuple's elements. */
export type Gives = string | readonly (string | undefined)[];

/** Results of calls that are not made by a class's own name. */
export const CALL_GIVES = table<Gives>({
  'asyncio.new_event_loop': LOOP,
  'asyncio.get_event_loop': LOOP,
  'asyncio.get_running_loop': LOOP,
  'asyncio._get_running_loop': LOOP,
  'uvloop.new_event_loop': LOOP,
  'winloop.new_event_loop': LOOP,
  'asyncio.get_event_loop_policy': POLICY,
  [`${POLICY}.new_event_loop`]: LOOP,
  [`${POLICY}.get_event_loop`]: LOOP,
  [`${RUNNER}.get_loop`]: LOOP,
  [`${TASK}.get_loop`]: LOOP,
  [`${FUTURE}.get_loop`]: LOOP,
  'asyncio.create_task': TASK,
  'asyncio.ensure_future': TASK,
  'asyncio.current_task': TASK,
  'asyncio.wrap_future': FUTURE,
  'asyncio.gather': FUTURE,
  'asyncio.shield': FUTURE,
  'asyncio.run_coroutine_threadsafe': THREAD_FUTURE,
  [`${LOOP}.create_task`]: TASK,
  [`${LOOP}.create_future`]: FUTURE,
  [`${LOOP}.run_in_executor`]: FUTURE,
  [`${LOOP}.call_soon`]: 'asyncio.Handle',
  [`${LOOP}.call_soon_threadsafe`]: 'asyncio.Handle',
  [`${LOOP}.call_later`]: 'asyncio.TimerHandle',
  [`${LOOP}.call_at`]: 'asyncio.TimerHandle',
  'asyncio.TaskGroup.create_task': TASK,
  'concurrent.futures.ThreadPoolExecutor.submit': THREAD_FUTURE,
  'concurrent.futures.ProcessPoolExecutor.submit': THREAD_FUTURE,
  'concurrent.futures.InterpreterPoolExecutor.submit': THREAD_FUTURE,
  [`${EXECUTOR}.submit`]: THREAD_FUTURE,
  'threading.Lock': 'threading.Lock',
  'socket.create_connection': 'socket.socket',
  'socket.socket': 'socket.socket',
  'requests.session': 'requests.Session',
  'sqlite3.connect': 'sqlite3.Connection',
  open: 'io.FileIO',
  'io.open': 'io.FileIO',
  'os.fdopen': 'io.FileIO',
  'pathlib.Path.open': 'io.FileIO',
  'contextvars.copy_context': 'contextvars.Context',
  'multiprocessing.Queue': 'multiprocessing.Queue',
});

/** Results of awaiting a call. */
export const AWAIT_GIVES = table<Gives>({
  'asyncio.open_connection': ['asyncio.StreamReader', WRITER],
  'asyncio.open_unix_connection': ['asyncio.StreamReader', WRITER],
  'asyncio.start_server': SERVER,
  'asyncio.start_unix_server': SERVER,
  [`${LOOP}.create_server`]: SERVER,
  [`${LOOP}.create_unix_server`]: SERVER,
  [`${LOOP}.create_connection`]: [TRANSPORT, undefined],
  [`${LOOP}.create_unix_connection`]: [TRANSPORT, undefined],
  [`${LOOP}.create_datagram_endpoint`]: [TRANSPORT, undefined],
  [`${LOOP}.connect_accepted_socket`]: [TRANSPORT, undefined],
  [`${LOOP}.connect_read_pipe`]: [TRANSPORT, undefined],
  [`${LOOP}.connect_write_pipe`]: [TRANSPORT, undefined],
  [`${LOOP}.subprocess_exec`]: ['asyncio.SubprocessTransport', undefined],
  [`${LOOP}.subprocess_shell`]: ['asyncio.SubprocessTransport', undefined],
  'asyncio.create_subprocess_exec': PROCESS,
  'asyncio.create_subprocess_shell': PROCESS,
});

/** What `with X as y` binds, where it is not X itself. */
export const ENTER_GIVES = table<string>({
  'asyncio.Timeout': 'asyncio.Timeout',
});

const names = (prefix: string, list: string): string[] => list.split(' ').map((name) => `${prefix}.${name}`);

/** Coroutine functions: what they return does nothing until it is awaited. */
export const COROUTINE_FUNCTIONS: ReadonlySet<string> = new Set([
  ...names(
    'asyncio',
    'sleep wait wait_for to_thread open_connection open_unix_connection start_server start_unix_server create_subprocess_exec create_subprocess_shell',
  ),
  ...names('asyncio.Queue', 'get put join'),
  ...names('asyncio.Lock', 'acquire'),
  ...names('asyncio.Semaphore', 'acquire'),
  ...names('asyncio.Condition', 'acquire wait wait_for'),
  ...names('asyncio.Event', 'wait'),
  ...names('asyncio.Barrier', 'wait reset abort'),
  ...names('asyncio.StreamReader', 'read readline readexactly readuntil'),
  ...names(WRITER, 'drain wait_closed start_tls'),
  ...names(SERVER, 'wait_closed serve_forever start_serving'),
  ...names(PROCESS, 'wait communicate'),
  ...names(
    LOOP,
    'shutdown_asyncgens shutdown_default_executor create_connection create_server create_unix_connection create_unix_server create_datagram_endpoint connect_accepted_socket connect_read_pipe connect_write_pipe subprocess_exec subprocess_shell sendfile start_tls getaddrinfo getnameinfo sock_recv sock_recv_into sock_recvfrom sock_recvfrom_into sock_sendall sock_sendto sock_connect sock_accept sock_sendfile',
  ),
  ...names(SESSION, 'close'),
]);

/** Methods that only an event loop has: a value on which one is called is a loop, whatever its name. */
export const LOOP_ONLY_METHODS: ReadonlySet<string> = new Set([
  'run_until_complete',
  'run_forever',
  'call_soon_threadsafe',
  'shutdown_asyncgens',
  'shutdown_default_executor',
  'set_exception_handler',
  'create_datagram_endpoint',
]);

/** Functions whose argument at a place (or by keyword `loop`) is a loop. */
export const LOOP_ARGUMENTS = table<number>({
  'asyncio.set_event_loop': 0,
  'asyncio.run_coroutine_threadsafe': 1,
  'asyncio._set_running_loop': 0,
});
