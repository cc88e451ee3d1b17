/**
 * The page [offset, offset + limit) of a large list in sorted order, without sorting the list: quickselect narrows it
 * down to the page, and only the page is sorted. Average cost is linear in the list.
 */

/** Negative: `a` comes first. Must be a total order, or pages would overlap. */
export type Compare = (a: number, b: number) => number;

/**
 * The elements at sorted positions `offset` to `offset + limit` of the first `length` elements of `list`, in order.
 * `list` is reordered.
 */
export function sortedPage(
  list: Int32Array,
  length: number,
  offset: number,
  limit: number,
  compare: Compare,
): Int32Array {
  const from = Math.min(offset, length);
  const to = Math.min(offset + limit, length);
  if (from >= to) return new Int32Array(0);
  if (from > 0) partition(list, 0, length, from, compare);
  if (to < length) partition(list, from, length, to, compare);
  return list.slice(from, to).sort(compare);
}

/** Moves the elements of [low, high) so that those before `k` come before those from `k` on. */
function partition(list: Int32Array, low: number, high: number, k: number, compare: Compare): void {
  let left = low;
  let right = high - 1;
  while (left < right) {
    const pivot = median(list, left, right, compare);
    let i = left;
    let j = right;
    while (i <= j) {
      while (compare(list[i] ?? 0, pivot) < 0) i++;
      while (compare(list[j] ?? 0, pivot) > 0) j--;
      if (i <= j) {
        const swap = list[i] ?? 0;
        list[i] = list[j] ?? 0;
        list[j] = swap;
        i++;
        j--;
      }
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else return;
  }
}

/** Of three elements spread over the range, the middle one: sorted input then costs no more than shuffled. */
function median(list: Int32Array, left: number, right: number, compare: Compare): number {
  const a = list[left] ?? 0;
  const b = list[(left + right) >>> 1] ?? 0;
  const c = list[right] ?? 0;
  if (compare(a, b) < 0) {
    if (compare(b, c) < 0) return b;
    return compare(a, c) < 0 ? c : a;
  }
  if (compare(a, c) < 0) return a;
  return compare(b, c) < 0 ? c : b;
}
