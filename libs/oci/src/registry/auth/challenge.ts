/** How a server wants to be asked: `Bearer realm="…",service="…"`. */
export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** Names in lower case; the last value of a name counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

// https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1, with the lists of section 5.6.1:
//   challenges  = challenge *( "," challenge )
//   challenge   = scheme [ 1*SP ( token68 | parameter *( "," parameter ) ) ]
//   parameter   = token "=" ( token | quoted-string )
const GAP = /[\s,]*/y;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"?/sy;
const BARE = /[^\s,"]*/y;
const TOKEN68 = /[ \t]+[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)/y;

/**
 * Reads a `WWW-Authenticate` header, which may hold several challenges: the header's own commas, those between
 * parameters and those between challenges look alike. What is neither is left out.
 */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  const scanner = new Scanner(header);
  while (scanner.skipTo(TOKEN)) {
    const word = scanner.take(TOKEN) ?? '';
    if (scanner.take(EQUALS) !== undefined) {
      const value = scanner.takeValue();
      challenges.at(-1)?.parameters.set(word.toLowerCase(), value);
    } else {
      challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
      scanner.take(TOKEN68);
    }
  }
  return challenges;
}

class Scanner {
  private offset = 0;

  constructor(private readonly text: string) {}

  /** Goes to the next match of `pattern`, over separators and what can't be read; false at the end. */
  skipTo(pattern: RegExp): boolean {
    for (; this.take(GAP), this.offset < this.text.length; this.offset++) {
      pattern.lastIndex = this.offset;
      if (pattern.test(this.text)) return true;
    }
    return false;
  }

  take(pattern: RegExp): string | undefined {
    return this.match(pattern)?.[0];
  }

  takeValue(): string {
    const [, quoted] = this.match(QUOTED) ?? [];
    return quoted?.replace(/\\(.)/gs, '$1') ?? this.take(BARE) ?? '';
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.offset;
    const found = pattern.exec(this.text);
    if (!found) return undefined;
    this.offset = pattern.lastIndex;
    return found;
  }
}
