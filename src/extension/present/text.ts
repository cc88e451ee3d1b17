/**
 * Numbers and places as short texts for rows. Pure. Texts that tell a passing time are rounded coarsely, so that a row
 * changes seldom; exact values belong into tooltips (`exactDuration`).
 */
import type { SourceSite } from '../../protocol/wire';

/** 12345 → `12,345`. */
export function count(value: number): string {
  return Math.trunc(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 task`, `2 tasks`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Two significant digits at most below 100, whole numbers above: 0.123 → 0.12, 1234.5 → 1,235. */
function significant(value: number): string {
  if (value >= 100) return count(Math.round(value));
  return String(Number(value.toPrecision(2)));
}

/** Steps below ten units: with them a text changes four times in its first ten seconds, not ten times. */
const STEPS = [5, 2, 1, 0] as const;

/** How long something has lasted: `<1 s`, `5 s`, `40 s`, `2 min`, `20 min`, `2 h`, `3 d`. Floors, never runs ahead. */
export function age(seconds: number): string {
  const whole = Math.floor(seconds);
  if (!(whole >= 1)) return '<1 s';
  if (whole >= 86400) return `${Math.floor(whole / 86400)} d`;
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h`;
  return whole >= 60 ? `${floored(whole / 60)} min` : `${floored(whole)} s`;
}

/** To tens from ten on, below to 5, 2, 1. */
function floored(value: number): number {
  if (value >= 10) return Math.floor(value / 10) * 10;
  return STEPS.find((step) => step <= value) ?? 0;
}

/** What is due later than in a hundred years is never due, s. */
const NEVER = 3e9;

/** Time until something is due: `due`, `<1 s`, `12 s`, `2 min`, `3 h`. */
export function timeLeft(seconds: number): string {
  if (!(seconds > 0)) return 'due';
  if (seconds > NEVER) return 'never';
  if (seconds < 1) return '<1 s';
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 600)
    return `${Math.floor(seconds / 60)} min ${Math.floor((seconds % 60) / 10) * 10} s`.replace(/ 0 s$/, '');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** A measured duration: `<1 ms`, `12 ms`, `1.3 s`, `2 min`. */
export function measured(seconds: number): string {
  if (seconds < 0.001) return '<1 ms';
  if (seconds < 1) return `${significant(seconds * 1000)} ms`;
  if (seconds < 60) return `${significant(seconds)} s`;
  return age(seconds);
}

/** For tooltips: `0.35 ms`, `12.5 ms`, `3.25 s`, `2 min 5 s`, `1 h 2 min`. */
export function exactDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const value = Math.max(0, seconds);
  if (value < 1) return `${Number((value * 1000).toPrecision(3))} ms`;
  if (value < 60) return `${value.toFixed(value < 10 ? 2 : 1)} s`;
  const whole = Math.floor(value);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** 0.042 → `4 %`; a little is `<1 %`, never nothing. */
export function share(value: number): string {
  if (value <= 0) return '0 %';
  if (value < 0.01) return '<1 %';
  return `${Math.min(100, Math.round(value * 100))} %`;
}

/** Two significant digits: a rate that only trembles does not change the text. */
export function rate(perSecond: number): string {
  if (perSecond < 1) return perSecond > 0 ? '<1/s' : '0/s';
  return `${count(Math.round(Number(perSecond.toPrecision(2))))}/s`;
}

/** Last part of a path of any system. */
export function baseName(file: string): string {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
}

/** `server.py:41`. */
export function place(site: SourceSite): string {
  return site.line > 0 ? `${baseName(site.file)}:${site.line}` : baseName(site.file);
}

/** Local time of day, `14:03:07`, of seconds since the epoch. */
export function timeOfDay(wall: number): string {
  const date = new Date(wall * 1000);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** Joins what is there with a middle dot. */
export function dotted(...parts: readonly (string | undefined | false)[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join(' · ');
}

/** `handle_request` → `handle_request()`; a text that already reads as a call, or is empty, stays. */
export function call(name: string): string {
  return name === '' || /[()<>\s]/.test(name) ? name : `${name}()`;
}

/** Cut in the middle, so that both ends stay readable. Counts UTF-16 units and never splits a pair. */
export function shortened(text: string, limit: number): string {
  const line = text.replace(/\s+/g, ' ');
  if (line.length <= limit) return line;
  const head = line.slice(0, Math.ceil((limit - 1) * 0.6)).replace(/[\uD800-\uDBFF]$/, '');
  const tail = line.slice(line.length - Math.floor((limit - 1) * 0.4)).replace(/^[\uDC00-\uDFFF]/, '');
  return `${head}…${tail}`;
}
