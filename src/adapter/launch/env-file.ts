/**
 * Reads the text of an `.env` file as Python's extension does: `NAME=value` lines, `export` before, comments, quotes
 * (in double quotes \n is a line break), `${NAME}` filled in from the file and the environment (not in single quotes).
 */
const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*)$/;
const REFERENCE = /\\\$|\$\{([A-Za-z_][A-Za-z0-9_.]*)\}/g;

/** The variables that the text sets; `base` fills in references to variables that it does not set itself. */
export function parseEnvFile(text: string, base: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const match = LINE.exec(line);
    if (!match) continue;
    const [, name = '', raw = ''] = match;
    result[name] = value(raw.trim(), (reference) => result[reference] ?? base[reference] ?? '');
  }
  return result;
}

function value(raw: string, lookUp: (name: string) => string): string {
  const quote = raw.charAt(0);
  if (quote === "'" || quote === '"') {
    const end = closing(raw, quote);
    if (end > 0) {
      const inner = raw.slice(1, end);
      if (quote === "'") return inner;
      return fill(inner.replace(/\\n/g, '\n').replace(/\\"/g, '"'), lookUp);
    }
  }
  return fill(raw.replace(/\s+#.*$/, ''), lookUp);
}

function closing(raw: string, quote: string): number {
  for (let at = 1; at < raw.length; at++) {
    if (raw[at] === '\\' && quote === '"') at++;
    else if (raw[at] === quote) return at;
  }
  return -1;
}

function fill(text: string, lookUp: (name: string) => string): string {
  return text.replace(REFERENCE, (whole, name?: string) => (name === undefined ? '$' : lookUp(name)));
}
