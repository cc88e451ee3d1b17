/** Figures of the benchmarks in TypeScript: what is measured, and how it is told. Measures nothing. */

export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly target: string;
}

/** The middle one, of an odd number of values; NaN of none. */
export function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** A Markdown table. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(
    ({ what, value, unit, target }) =>
      `| ${what} | ${value >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(1)} ${unit} | ${target} |`,
  );
  return ['| what | measured | to reach |', '|---|---|---|', ...rows].join('\n');
}
