/** A place in the user's source, as every boundary names it. */
export interface SourceSite {
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  readonly function: string;
}
