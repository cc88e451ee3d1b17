/** Finds places in sorted lists of offsets. */

/**
 * The index of the first of the numbers from `low` up to `high` that is not below a limit, or `high`.
 * @param stride how far apart the numbers stand in the list; indices count numbers
 */
export function firstFrom(sorted: ArrayLike<number>, limit: number, low: number, high: number, stride = 1): number {
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle * stride] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
