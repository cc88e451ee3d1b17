/** `--format github`: workflow commands, which GitHub shows at the lines of a pull request. */
import type { Severity } from '../../../analysis/finding';
import type { RunReport } from '../report';

const COMMAND: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  info: 'notice',
  hint: 'notice',
};

export function formatGithub(report: RunReport): string {
  return report.findings
    .map((finding) => {
      const { path, line, column, endLine, endColumn, code, severity } = finding;
      // GitHub takes columns only for what is on one line.
      const columns = line === endLine ? `,col=${column},endColumn=${endColumn}` : '';
      const story = finding.related.map((step) => `\n${path}:${step.line}:${step.column}: ${step.message}`).join('');
      const properties = `file=${property(path)},line=${line},endLine=${endLine}${columns},title=${property(`Loopscope (${code})`)}`;
      return `::${COMMAND[severity]} ${properties}::${data(`${code} ${finding.message}${story}`)}\n`;
    })
    .join('');
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
