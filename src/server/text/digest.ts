/** Tells two texts apart by a number, where nobody means harm: loading OpenSSL for it would cost more than all else that is told. */

/** 64 bits of a text as hexadecimal digits: FNV-1a, from two starts. */
export function digest(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x5bd1e995) + 0x1b873593;
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}
