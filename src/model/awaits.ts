/**
 * The roots of a forest of "who awaits whom", worked out from edges between some tasks. A task that nobody awaits is a
 * root. Tasks that await each other in a circle have no such root: the first of them, in the order given, stands for the
 * circle, so that a deadlock is seen and not left out.
 */

/** [awaiter, awaited], by task id. */
export type Edge = readonly [number, number];

/**
 * Roots among `order`, in its order. `edges` may name tasks that are not in `order`: what such a task awaits is no root,
 * it stands under a task that has not been looked at.
 */
export function awaitRoots(order: readonly number[], edges: readonly Edge[]): number[] {
  const awaiters = new Map<number, number[]>();
  const awaited = new Map<number, number[]>();
  for (const [awaiter, target] of edges) {
    if (awaiter === target) continue;
    add(awaiters, target, awaiter);
    add(awaited, awaiter, target);
  }
  const known = new Set(order);
  const reached = new Set<number>();
  const roots = new Set<number>();
  for (const task of order) {
    const above = awaiters.get(task);
    if (!above) roots.add(task);
    if (!above || above.some((awaiter) => !known.has(awaiter))) reach(task, awaited, reached);
  }
  // What is left hangs on circles. One task of a circle that nothing outside leads to stands for it: that is a task
  // from which everything that leads to it can be reached.
  for (const task of order) {
    if (reached.has(task)) continue;
    const below = reach(task, awaited, new Set());
    if ([...reach(task, awaiters, new Set())].some((above) => !below.has(above))) continue;
    roots.add(task);
    reach(task, awaited, reached);
  }
  return order.filter((task) => roots.has(task));
}

/** Adds to `seen` everything that `edges` lead to from a task, and the task itself. */
function reach(from: number, edges: ReadonlyMap<number, readonly number[]>, seen: Set<number>): Set<number> {
  const stack = [from];
  for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
    if (seen.has(task)) continue;
    seen.add(task);
    stack.push(...(edges.get(task) ?? []));
  }
  return seen;
}

/** What a task awaits, in the order of the edges, each once. */
export function awaitedBy(task: number, edges: readonly Edge[]): number[] {
  return [
    ...new Set(edges.filter(([awaiter, target]) => awaiter === task && target !== task).map(([, target]) => target)),
  ];
}

function add(map: Map<number, number[]>, key: number, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
