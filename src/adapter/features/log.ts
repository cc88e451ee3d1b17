/**
 * The request `loopscope/log`: the newest events as lines of a small language, defined in docs/protocol.md. Lines are
 * made here, from numbers, when somebody reads them.
 */
import * as v from 'valibot';
import { LogCode, type LogRecord } from '../../model/event-log';
import type { LoopModel } from '../../model/model';
import type { CustomRequests, LogLine } from '../../protocol/dap';
import { EVENTS, type SourceSite } from '../../protocol/wire';
import type { Handlers } from '../dispatch';
import type { Program } from '../program';
import { parseArguments } from './pages';

/** Most lines of one answer. */
const MOST_LINES = 1000;
/** Columns before the free text: time, loop, word. */
const TIME_WIDTH = 13;
const LOOP_WIDTH = 4;
const WORD_WIDTH = 16;

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const logArguments = v.object({ after: v.optional(whole, 0), limit: v.optional(whole, MOST_LINES) });

/** Handlers over the program of the moment. */
export function logHandlers(program: () => Program): Handlers {
  return {
    'loopscope/log': (args): CustomRequests['loopscope/log'][1] => {
      const { after, limit } = parseArguments(logArguments, args, 'loopscope/log');
      const { model } = program();
      const { records, missed } = model.log.read(after, Math.min(limit, MOST_LINES));
      return { lines: records.map((record) => logLine(model, record)), missed };
    },
  };
}

/** A record of the event log as a line. */
export function logLine(model: LoopModel, record: LogRecord): LogLine {
  const { word, text, site } = describe(model, record);
  const head = [
    record.time.toFixed(6).padStart(TIME_WIDTH),
    (record.loop > 0 ? `L${record.loop}` : '--').padEnd(LOOP_WIDTH),
    word.padEnd(WORD_WIDTH),
  ].join('  ');
  const place = site ? `  ${baseName(site.file)}:${site.line}` : '';
  return { sequence: record.sequence, text: `${head}  ${text}${place}`.trimEnd(), site };
}

interface Line {
  readonly word: string;
  readonly text: string;
  readonly site: SourceSite | null;
}

function describe(model: LoopModel, record: LogRecord): Line {
  const { strings } = model;
  const { code, x, y, z } = record;
  const coroutine = strings.described(record.coroutine);
  const task = record.task > 0 ? `${name(model, record.prefix, record.number, record.task)} ${coroutine.text}()` : '';
  const by = record.by > 0 ? name(model, record.byPrefix, record.byNumber, record.by) : '';
  const byText = by === '' ? '' : ` by ${by}`;
  /** What a handle calls: a task's step, or the callback with the string id `x`. */
  const subject = (): Line => {
    if (task !== '') return { word: '', text: task, site: coroutine.site };
    const callback = strings.described(x);
    return { word: '', text: callback.text || 'a callback', site: callback.site };
  };
  switch (code) {
    case LogCode.text:
      return record;
    case LogCode.dropped:
      return { word: 'dropped', text: `${x} events: the program was faster than they could be sent`, site: null };
    case LogCode.handle:
      return { ...subject(), word: 'handle' };
    case EVENTS.tick.code:
      return { word: 'tick', text: `${x}  ready ${z}  select ${duration(y)}`, site: null };
    case EVENTS.taskCreated.code:
      return { word: 'task-created', text: `${task}${byText}`, site: strings.site(x) };
    case EVENTS.taskEnded.code: {
      const detail = strings.text(y);
      const word = x === 2 ? 'task-failed' : x === 3 ? 'task-cancelled' : 'task-finished';
      return { word, text: detail === '' ? task : `${task} with ${detail}`, site: null };
    }
    case EVENTS.taskWaits.code:
      return { word: x === 1 ? 'task-yields' : 'task-waits', text: by === '' ? task : `${task} for ${by}`, site: null };
    case EVENTS.taskWoken.code:
      return { word: 'task-woken', text: `${task}${byText}`, site: null };
    case EVENTS.taskCancelled.code:
      return { word: 'task-cancel', text: `${task}${byText}`, site: strings.site(x) };
    case EVENTS.timerSet.code: {
      const due = `due ${z - record.time >= 0 ? '+' : '-'}${duration(Math.abs(z - record.time))}`;
      return { word: 'timer-set', text: `${subject().text} ${due}`, site: strings.site(y) };
    }
    case EVENTS.timerFired.code:
      return { word: 'timer-fired', text: '', site: null };
    case EVENTS.timerCancelled.code:
      return { word: 'timer-cancelled', text: '', site: null };
    case EVENTS.handleScheduled.code:
      return { word: 'scheduled', text: `${subject().text}${byText}`, site: strings.site(y) ?? subject().site };
    case EVENTS.handleCancelled.code:
      return { ...subject(), word: 'handle-cancelled' };
    case EVENTS.counts.code:
      return { word: 'counted', text: `handles ${x}  steps ${y}  waits ${z}`, site: null };
    case EVENTS.io.code: {
      const what = ['', 'reader added', 'reader removed', 'writer added', 'writer removed'][x] ?? '';
      const callback = strings.described(z);
      return { word: 'io', text: `${what} on fd ${y}${callback.text && ` ${callback.text}`}`, site: callback.site };
    }
    case EVENTS.executor.code: {
      const called = strings.described(y);
      return {
        word: x === 1 ? 'executor-called' : 'executor-ended',
        text: `${called.text || 'a function'}${byText}`,
        site: called.site,
      };
    }
    case EVENTS.asyncGenerator.code: {
      const generator = strings.described(y);
      return {
        word: x === 1 ? 'generator-started' : 'generator-ended',
        text: generator.text,
        site: generator.site,
      };
    }
    case EVENTS.childProcess.code:
      return x === 1
        ? { word: 'process-started', text: `${z} ${strings.text(y)}`, site: null }
        : { word: 'process-exited', text: `${z} with status ${y}`, site: null };
    case EVENTS.signal.code: {
      const callback = strings.described(z);
      const what = x === 1 ? 'handler added' : 'handler removed';
      return { word: 'signal', text: `${what} for ${y}${callback.text && ` ${callback.text}`}`, site: callback.site };
    }
    case EVENTS.slowHandle.code:
      return { word: 'slow', text: `${subject().text} for ${duration(z)}`, site: strings.site(y) ?? subject().site };
    default:
      return { word: 'unknown', text: String(code), site: null };
  }
}

function name(model: LoopModel, prefix: number, number: number, id: number): string {
  return model.names.text(prefix, number) || `#${id}`;
}

/** Seconds as a person reads them. */
export function duration(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(3)} s`;
  if (seconds >= 0.001) return `${(seconds * 1000).toFixed(1)} ms`;
  return `${Math.round(seconds * 1_000_000)} µs`;
}

function baseName(file: string): string {
  return file.replace(/^.*[\\/]/, '');
}
