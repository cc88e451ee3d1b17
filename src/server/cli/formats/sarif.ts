/** `--format sarif`: SARIF 2.1.0 (OASIS), with the story of each finding as a code flow and a fingerprint that outlives edits. */
import { pathToFileURL } from 'node:url';
import type { Severity } from '../../../analysis/finding';
import type { Region } from '../../text/lines';
import { pageOf, RULES } from '../../catalog';
import type { FileReport, ReportedFinding, ReportedFix, ReportedPlace, RunReport } from '../report';

const LEVEL: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
  hint: 'note',
};

/** The base that relative paths of a report belong to. */
const ROOT = 'SRCROOT';

export interface SarifContext {
  readonly version: string;
  /** The folder that relative paths begin at. */
  readonly cwd: string;
  readonly isSuccessful: boolean;
}

export function formatSarif(report: RunReport, context: SarifContext): string {
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Loopscope',
            version: context.version,
            semanticVersion: context.version,
            informationUri: 'https://github.com/loopscope/loopscope',
            rules: RULES.map((rule) => ({
              id: rule.code,
              name: rule.name,
              shortDescription: { text: rule.summary },
              helpUri: pageOf(rule.code),
              help: {
                text: `${rule.summary} See ${pageOf(rule.code)}`,
                markdown: `${rule.summary} [${rule.code}](${pageOf(rule.code)})`,
              },
              defaultConfiguration: { level: LEVEL[rule.severity] },
              properties: { tags: ['asyncio', 'event-loop'] },
            })),
          },
        },
        columnKind: 'unicodeCodePoints',
        originalUriBaseIds: { [ROOT]: { uri: `${pathToFileURL(context.cwd).toString()}/` } },
        invocations: [
          {
            executionSuccessful: context.isSuccessful,
            toolExecutionNotifications: report.files.flatMap((file) =>
              file.problem ? [notification(file, file.problem.message)] : [],
            ),
          },
        ],
        results: report.findings.map(result),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function notification(file: FileReport, message: string) {
  return {
    level: 'warning',
    message: { text: `Not checked: ${message}` },
    locations: [{ physicalLocation: { artifactLocation: artifact(file.path) } }],
  };
}

function result(finding: ReportedFinding) {
  const ruleIndex = RULES.findIndex((rule) => rule.code === finding.code);
  const story = [...finding.related.map((step) => location(finding.path, step)), location(finding.path, finding)];
  return {
    ruleId: finding.code,
    ...(ruleIndex < 0 ? {} : { ruleIndex }),
    level: LEVEL[finding.severity],
    message: { text: finding.message },
    locations: [{ physicalLocation: physical(finding.path, finding) }],
    partialFingerprints: { 'loopscope/v1': finding.fingerprint },
    properties: { severity: finding.severity },
    ...(finding.related.length > 0
      ? {
          relatedLocations: finding.related.map((step, id) => ({ id, ...location(finding.path, step) })),
          codeFlows: [{ threadFlows: [{ locations: story.map((each) => ({ location: each })) }] }],
        }
      : {}),
    ...(finding.fixes.length > 0 ? { fixes: finding.fixes.map((fix) => sarifFix(finding.path, fix)) } : {}),
  };
}

function sarifFix(path: string, fix: ReportedFix) {
  return {
    description: {
      text: fix.safe ? fix.title : `${fix.title} (look at what it does: it may change more than the defect)`,
    },
    artifactChanges: [
      {
        artifactLocation: artifact(path),
        replacements: fix.edits.map((edit) => ({
          deletedRegion: region(edit),
          insertedContent: { text: edit.newText },
        })),
      },
    ],
  };
}

function location(path: string, place: ReportedPlace) {
  return { physicalLocation: physical(path, place), message: { text: place.message } };
}

function physical(path: string, place: ReportedPlace) {
  return { artifactLocation: artifact(path), region: { ...region(place), snippet: { text: place.source } } };
}

function region({ line, column, endLine, endColumn }: Region) {
  return { startLine: line, startColumn: column, endLine, endColumn };
}

/** A relative path as a URI under the root, an absolute one as a URI of its own. */
function artifact(path: string) {
  const isAbsolute = /^(\/|[A-Za-z]:\/)/.test(path);
  return isAbsolute
    ? { uri: pathToFileURL(path).toString() }
    : { uri: path.split('/').map(encodeURIComponent).join('/'), uriBaseId: ROOT };
}
