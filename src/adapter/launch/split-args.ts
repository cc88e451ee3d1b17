/**
 * Splits `args` given as one string into arguments, as a POSIX shell would without expanding anything: blanks separate,
 * quotes group, a backslash takes the next character as it is (on Windows it is a plain character outside of quotes).
 */
export function splitArgs(text: string, windows: boolean): string[] {
  const result: string[] = [];
  let current = '';
  let inArgument = false;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    if (quote === "'" && character !== "'") current += character;
    else if (character === '\\' && next !== '' && (quote === '"' ? /["\\$`]/.test(next) : !windows)) {
      current += next;
      inArgument = true;
      at++;
    } else if (character === quote) quote = '';
    else if (quote !== '') current += character;
    else if (character === '"' || (character === "'" && !windows)) {
      quote = character;
      inArgument = true;
    } else if (/\s/.test(character)) {
      if (inArgument) result.push(current);
      current = '';
      inArgument = false;
    } else {
      current += character;
      inArgument = true;
    }
  }
  if (inArgument) result.push(current);
  return result;
}
