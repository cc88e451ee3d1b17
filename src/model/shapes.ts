/**
 * The shape of a task's subtree: which coroutine, and the shapes of what it made, in no order. Two tasks with the same
 * shape are shown as one row "×n". Worked out only for subtrees that changed since the last time and that a page needs.
 * A shape is a whole number of 52 bits: among a million different ones a wrong match has odds of one in nine thousand.
 */
import { Flag, State, type TaskTable } from './task-table';

const NONE = -1;
const HIGH_BITS = 0x10_0000; // 20 bits above 32

/** The shape of the subtree under `slot`. */
export function shapeOf(tasks: TaskTable, slot: number): number {
  if (((tasks.flags[slot] ?? 0) & Flag.dirty) === 0) return tasks.shape[slot] ?? 0;
  // Down to the leaves that changed and up again, without recursion: chains of tasks can be long.
  const stack = [slot];
  for (let at = stack[stack.length - 1]; at !== undefined; at = stack[stack.length - 1]) {
    let pending = false;
    let low = 0;
    let high = 0;
    for (let child = tasks.first[at] ?? NONE; child !== NONE; child = tasks.next[child] ?? NONE) {
      if ((tasks.flags[child] ?? 0) & Flag.dirty) {
        stack.push(child);
        pending = true;
      } else if (!pending) {
        const shape = tasks.shape[child] ?? 0;
        low = (low + (shape | 0)) | 0;
        high = (high + Math.trunc(shape / 0x1_0000_0000)) | 0;
      }
    }
    if (pending) continue;
    stack.pop();
    tasks.shape[at] = mix(tasks.coroutine[at] ?? 0, low, high, ((tasks.flags[at] ?? 0) & Flag.ghost) !== 0);
    tasks.flags[at] = (tasks.flags[at] ?? 0) & ~Flag.dirty;
  }
  return tasks.shape[slot] ?? 0;
}

/** True for a task that may be folded into a row with its equals: not one that is only kept for what it made. */
export function isFoldable(tasks: TaskTable, slot: number): boolean {
  return tasks.state[slot] !== State.free && tasks.coroutine[slot] !== 0;
}

function mix(coroutine: number, low: number, high: number, ghost: boolean): number {
  let a = Math.imul(coroutine ^ (ghost ? 0x5bd1e995 : 0), 0x9e3779b1) ^ low;
  let b = Math.imul(coroutine, 0x85ebca6b) + Math.imul(high, 0xc2b2ae35) + low;
  a = Math.imul(a ^ (a >>> 16), 0x21f0aaad);
  a = Math.imul(a ^ (a >>> 15), 0x735a2d97) ^ b;
  b = Math.imul(b ^ (b >>> 16) ^ a, 0x2c1b3c6d);
  b ^= b >>> 13;
  a ^= a >>> 15;
  return ((b >>> 0) % HIGH_BITS) * 0x1_0000_0000 + (a >>> 0);
}
