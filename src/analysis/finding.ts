/**
 * What the analysis gives: findings and the text edits that mend them. Plain data, no LSP and no command-line types:
 * src/server turns them into diagnostics, code actions, SARIF and text. Offsets count UTF-16 code units of the text.
 */

/** Half-open range of offsets into the analysed text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Severity = 'error' | 'warning' | 'info' | 'hint';

/** A step of a finding's story, in the order in which it is told. */
export interface Related {
  readonly span: Span;
  readonly message: string;
}

export interface TextEdit {
  readonly span: Span;
  readonly newText: string;
}

export interface Fix {
  readonly title: string;
  /** Safe: the program's meaning is kept but for the defect. Only safe fixes are part of *fix all*. */
  readonly safe: boolean;
  readonly edits: readonly TextEdit[];
}

export interface Finding {
  readonly code: string; // LOOP101
  readonly severity: Severity;
  readonly message: string;
  readonly span: Span;
  readonly related: readonly Related[];
  readonly fixes: readonly Fix[];
  readonly tags: readonly ('unnecessary' | 'deprecated')[];
}
