/**
 * The editor's settings (`loopscope.lint.*`) over those of the project: on or off, and severities; nothing else, so that
 * the editor and CI agree. And, beside Ruff, which findings are Ruff's to tell.
 */
import type { Finding, Severity } from '../../analysis/finding';
import type { AnalysisSettings } from '../../analysis/settings';
import type { Project } from '../config/project';

export interface EditorSettings {
  readonly enable: boolean;
  /** Which files get diagnostics: those that are open, or all of the workspace. */
  readonly scope: 'openFiles' | 'workspace';
  /** By code or prefix. */
  readonly severity: Readonly<Record<string, Severity | 'off'>>;
  /** When findings that Ruff has too are left to it. */
  readonly leaveToRuff: 'auto' | 'always' | 'never';
  readonly codeLens: boolean;
}

export const DEFAULT_EDITOR_SETTINGS: EditorSettings = {
  enable: true,
  scope: 'openFiles',
  severity: {},
  leaveToRuff: 'auto',
  codeLens: true,
};

const SEVERITIES: ReadonlySet<unknown> = new Set(['error', 'warning', 'info', 'hint', 'off']);

/** Reads what the editor sent; what is wrong there is left at its default. */
export function readEditorSettings(value: unknown): EditorSettings {
  if (typeof value !== 'object' || value === null) return DEFAULT_EDITOR_SETTINGS;
  const given = value as Readonly<Record<string, unknown>>;
  const severity = Object.entries(given['severity'] ?? {}).filter(([, each]) => SEVERITIES.has(each));
  const { enable, scope, leaveToRuff, codeLens } = given;
  return {
    enable: typeof enable === 'boolean' ? enable : DEFAULT_EDITOR_SETTINGS.enable,
    scope: scope === 'workspace' ? scope : 'openFiles',
    severity: Object.fromEntries(severity),
    leaveToRuff: leaveToRuff === 'always' || leaveToRuff === 'never' ? leaveToRuff : 'auto',
    codeLens: typeof codeLens === 'boolean' ? codeLens : DEFAULT_EDITOR_SETTINGS.codeLens,
  };
}

const overlays = new WeakMap<AnalysisSettings, WeakMap<EditorSettings, AnalysisSettings>>();

/** The settings of a file with the editor's over them; the same object for the same two. */
export function overlay(settings: AnalysisSettings, editor: EditorSettings): AnalysisSettings {
  let known = overlays.get(settings);
  if (!known) overlays.set(settings, (known = new WeakMap()));
  let result = known.get(editor);
  if (!result) known.set(editor, (result = merge(settings, editor)));
  return result;
}

function merge(settings: AnalysisSettings, editor: EditorSettings): AnalysisSettings {
  const off: string[] = [];
  const severity: Record<string, Severity> = { ...settings.severity };
  for (const [code, value] of Object.entries(editor.severity)) {
    if (value === 'off') off.push(code);
    else severity[code] = value;
  }
  return off.length === 0 && Object.keys(editor.severity).length === 0
    ? settings
    : { ...settings, off: [...settings.off, ...off], severity };
}

/** Our codes that Ruff has rules for, with the selectors in Ruff's settings that switch those on. */
const RUFF_RULES: Readonly<Record<string, readonly string[]>> = {
  LOOP402: ['RUF006'],
  LOOP501: ['ASYNC210', 'ASYNC220', 'ASYNC221', 'ASYNC222', 'ASYNC230', 'ASYNC251'],
};

/**
 * Whether Ruff tells of this finding as well. What is found through a helper of the file is ours alone: Ruff sees only the
 * call itself.
 * @param ruffIsOn whether the editor runs Ruff
 */
export function isRuffs(finding: Finding, editor: EditorSettings, project: Project, ruffIsOn: boolean): boolean {
  const rules = RUFF_RULES[finding.code];
  if (!rules || !ruffIsOn || editor.leaveToRuff === 'never' || finding.related.length > 0) return false;
  if (editor.leaveToRuff === 'always') return true;
  const selected = project.ruffSelects ?? [];
  return rules.some((rule) => selected.some((selector) => selector === 'ALL' || rule.startsWith(selector)));
}
