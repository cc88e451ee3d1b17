// What a text names that must exist in the repository: npm scripts, files, settings, commands. Pure: text in, names out.

/** The npm scripts that a text tells to run: `npm run X`, `npm test`, `npm start`. */
export function namedScripts(text: string): string[] {
  return unique([...text.matchAll(/\bnpm (?:run )?(start|test|t|(?<=run )[\w:-]+)\b/g)].map((match) => match[1] ?? ''));
}

/** Top folders whose paths are written in documents. */
const PATH = /^(?:\.ci|\.vscode|docs|examples|media|scripts|src|syntaxes|test)\/[\w./*{},<>-]*$/;
/** Files of the root; those of a person's own folder are not meant. */
const ROOT_FILE =
  /^(?!(?:launch|settings|tasks)\.json$)(?:[\w.-]+\.(?:cjs|mjs|js|json|md|toml)|\.[a-z]+ignore|LICENSE)$/;

/**
 * The files that a Markdown text names: relative links, and code spans that are paths of this repository. A span with `<…>` is a form, not a
 * path; `#anchor` and anything after a space are cut off.
 */
export function namedPaths(markdown: string): string[] {
  const prose = markdown.replace(/^(```+)[^\n]*\n[\s\S]*?^\1\s*$/gm, '');
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  const relative = links.filter((link) => !/^([a-z]+:|#)/.test(link)).map((link) => link.replace(/#.*$/, ''));
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  const paths = spans.filter(
    (span) => (PATH.test(span) || ROOT_FILE.test(span)) && !span.includes('<') && !span.includes('…'),
  );
  return unique([...relative, ...paths.map((span) => `/${span}`)]);
}

/** Settings and commands of the extension that a text names, such as `loopscope.maxRows`. */
export function namedIds(text: string): string[] {
  return unique([...text.matchAll(/`(loopscope\.[A-Za-z][\w.]*)`/g)].map((match) => match[1] ?? ''));
}

function unique(names: string[]): string[] {
  return [...new Set(names)].sort();
}

/** A glob of our documents (`**`, `*`, `{a,b}`) as a pattern for whole paths with `/`. */
export function globPattern(glob: string): RegExp {
  const pattern = glob.replace(/\*\*\/?|\*|[{},]|[.+^$()|[\]\\]/g, (part) => {
    switch (part) {
      case '**/':
        return '(?:.*/)?';
      case '**':
        return '.*';
      case '*':
        return '[^/]*';
      case '{':
        return '(?:';
      case '}':
        return ')';
      case ',':
        return '|';
      default:
        return `\\${part}`;
    }
  });
  return new RegExp(`^${pattern}$`);
}
