/**
 * Makes text from outside (names, paths, messages) safe for a terminal: control characters, C1 controls,
 * and line breaks become `\n`, `\t` or `\x1b` spelled out; lone surrogates and bidirectional overrides
 * become `\u{202e}`. Everything else stays.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escape);
}

/** As `printable`, but keeps the line structure of text that is meant to have lines (logs, help). */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Makes JSON safe for a terminal without changing what it says; it keeps the lines that it is laid out in. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

// Surrogates as a range: V8 makes \p{Surrogate} from tables of Unicode, which takes 0.2 ms of each start.
// eslint-disable-next-line no-control-regex -- control characters are what this finds
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escape(character: string): string {
  const short = SHORT[character];
  if (short) return short;
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
