/**
 * The lives of the tracked types: which calls make an object, run it, close it, give it away. Tables by name, no code of
 * the program. Sources: CPython 3.15 asyncio/base_events.py, runners.py, concurrent/futures; aiohttp 3.13 client.py.
 */
import type { Effect } from './bits';
import {
  always,
  CLEANUP,
  CLOSED,
  CURRENT,
  ELSEWHERE,
  EXECUTOR_SHUT,
  EXECUTOR_USED,
  GENERATORS_SHUT,
  NO_EFFECT,
  RAN,
  STOPPED_IDLE,
  STOPPING,
  TASKS,
  TASKS_SEEN,
} from './bits';
import { LOOP } from './library';

export interface Protocol {
  /** The canonical type. */
  readonly type: string;
  /** What calling a method of it does; a method that is not listed does nothing that matters. */
  readonly methods: Readonly<Record<string, Effect>>;
  /** What happens when one of its methods is handed to somebody who calls it later. */
  readonly references: Readonly<Record<string, Effect>>;
  /** What a function of a library does to an argument, by qualified name; others take it away. */
  readonly functions: Readonly<Record<string, Effect>>;
  /** Whether leaving a `with` over it closes it. */
  readonly isContextManager: boolean;
}

/** Methods of a closed loop that raise `RuntimeError: Event loop is closed` (base_events.py, `_check_closed`). */
const NEEDS_OPEN_LOOP = [
  ...['call_at', 'call_later', 'call_soon', 'call_soon_threadsafe', 'run_in_executor', 'create_task'],
  ...['add_reader', 'add_writer', 'add_signal_handler'],
];

const loopMethods: Record<string, Effect> = {
  close: always(CLOSED),
  run_until_complete: always(RAN, 'run_until_complete'),
  run_forever: always(RAN, 'run_forever'),
  stop: always(STOPPING | STOPPED_IDLE),
  shutdown_asyncgens: always(GENERATORS_SHUT),
  shutdown_default_executor: always(EXECUTOR_SHUT),
};
for (const name of NEEDS_OPEN_LOOP) loopMethods[name] = always(0, name);
loopMethods['create_task'] = always(TASKS, 'create_task');
loopMethods['run_in_executor'] = always(EXECUTOR_USED, 'run_in_executor');

/** Library functions that a loop may be given to and that leave it with its owner. */
const LEAVE_LOOP: readonly string[] = [
  ...'gather wait wait_for sleep shield wrap_future as_completed Future Task Queue Lock Event Condition Semaphore'.split(
    ' ',
  ),
  ...'StreamReader StreamReaderProtocol StreamWriter current_task iscoroutine isfuture timeout'.split(' '),
].map((name) => `asyncio.${name}`);

/** Builtins and standard functions that only look at what they are given. */
export const LOOKERS: ReadonlySet<string> = new Set(
  'print repr str id isinstance issubclass type len hasattr getattr bool callable hash format vars dir weakref.ref weakref.proxy warnings.warn gc.get_referrers sys.getrefcount logging.debug logging.info logging.warning logging.error logging.exception'.split(
    ' ',
  ),
);

const loopFunctions: Record<string, Effect> = {
  'asyncio.set_event_loop': always(CURRENT),
  'asyncio.all_tasks': always(TASKS_SEEN),
  'asyncio.Task.all_tasks': always(TASKS_SEEN),
  'asyncio.run_coroutine_threadsafe': always(TASKS, 'run_coroutine_threadsafe'),
  'asyncio.ensure_future': always(TASKS, 'ensure_future'),
  'asyncio.create_task': always(TASKS),
  'asyncio._set_running_loop': NO_EFFECT,
  'asyncio.AbstractEventLoopPolicy.set_event_loop': always(CURRENT),
  'asyncio.AbstractChildWatcher.attach_loop': NO_EFFECT,
};
for (const name of LEAVE_LOOP) loopFunctions[name] = NO_EFFECT;

export const LOOP_PROTOCOL: Protocol = {
  type: LOOP,
  methods: loopMethods,
  references: {
    close: always(CLEANUP),
    stop: always(STOPPING),
    run_forever: always(ELSEWHERE | RAN),
    run_until_complete: always(ELSEWHERE | RAN),
  },
  functions: loopFunctions,
  isContextManager: false,
};
