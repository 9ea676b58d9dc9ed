import { Scanner, type Word } from './scanner.ts';
import type { Comparison, MemberSyntax, Syntax } from './syntax.ts';

const LONGEST_EXPRESSION = 16_384;
const DEEPEST = 100;

const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** What people write who come from other languages, and what it is here. */
const FOREIGN = { '===': '==', '!==': '!=', '=~': '~', '<>': '!=', '=': '==' } as const;

/**
 * Reads one filter:
 *
 *     any        = all { ("||" | "or") all }
 *     all        = not { ("&&" | "and") not }
 *     not        = ("!" | "not") not | "(" any ")" | test
 *     test       = member [ comparison value ] | member ("~" | "!~") pattern | literal comparison member
 *     member     = path [ "&" mask ]
 *     comparison = "==" | "!=" | "<=" | ">=" | "<" | ">"
 *
 * Unlike in C, `!` denies a whole test, and `&` comes before comparisons.
 *
 * @throws ARGUMENT_INVALID
 */
export function parseFilter(text: string): Syntax {
  const scanner = new Scanner(text);
  if (text.length > LONGEST_EXPRESSION) {
    throw scanner.error(LONGEST_EXPRESSION, `longer than ${LONGEST_EXPRESSION} characters`);
  }
  return new Parser(scanner).whole();
}

class Parser {
  private depth = 0;

  constructor(private readonly scanner: Scanner) {}

  whole(): Syntax {
    const { scanner } = this;
    const filter = this.any();
    const end = scanner.here();
    if (end < scanner.text.length) {
      const reason = scanner.sees(')') ? 'nothing opened this )' : 'expected && or || here';
      throw scanner.error(end, reason);
    }
    return filter;
  }

  private any(): Syntax {
    const terms: [Syntax, ...Syntax[]] = [this.all()];
    while (this.scanner.take('||') ?? this.scanner.takeKeyword('or')) terms.push(this.all());
    return junction('any', terms);
  }

  private all(): Syntax {
    const terms: [Syntax, ...Syntax[]] = [this.not()];
    while (this.scanner.take('&&') ?? this.scanner.takeKeyword('and')) terms.push(this.not());
    return junction('all', terms);
  }

  private not(): Syntax {
    const { scanner } = this;
    const position = scanner.here();
    if (this.depth > DEEPEST) throw scanner.error(position, `nested more than ${DEEPEST} levels deep`);
    this.depth++;
    try {
      if (scanner.take('!') ?? scanner.takeKeyword('not')) return { kind: 'not', term: this.not() };
      return scanner.take('(') ? this.inParentheses(position) : this.test();
    } finally {
      this.depth--;
    }
  }

  private inParentheses(position: number): Syntax {
    const filter = this.any();
    if (this.scanner.take(')')) return filter;
    const here = this.scanner.here();
    if (here < this.scanner.text.length) throw this.scanner.error(here, 'expected ), && or || here');
    throw this.scanner.error(position, 'this ( is never closed');
  }

  private test(): Syntax {
    const literal = this.scanner.quoted() ?? this.scanner.number();
    if (literal) return this.mirrored(literal);
    const member = this.member();
    this.refuseForeign();
    const operator = this.scanner.take('==', '!=', '<=', '>=', '<', '>', '!~', '~');
    switch (operator) {
      case undefined:
        return { kind: 'truth', member };
      case '~':
        return { kind: 'pattern', member, pattern: this.pattern() };
      case '!~':
        return { kind: 'not', term: { kind: 'pattern', member, pattern: this.pattern() } };
      default:
        return { kind: 'comparison', member, operator, value: this.value(`after ${operator}`) };
    }
  }

  /** `42 == pid` is `pid == 42`. */
  private mirrored(value: Word): Syntax {
    this.refuseForeign();
    const operator = this.scanner.take('==', '!=', '<=', '>=', '<', '>');
    if (!operator) {
      throw this.scanner.error(this.scanner.here(), 'expected a comparison such as == after a value');
    }
    return { kind: 'comparison', member: this.member(), operator: MIRRORED[operator], value };
  }

  private member(): MemberSyntax {
    const { scanner } = this;
    const path = scanner.path();
    if (!path) throw scanner.error(scanner.here(), 'expected a member here', 'such as pid==42 or comm~^ba');
    if (scanner.sees('&&') || !scanner.take('&')) return { path };
    const mask = scanner.number() ?? scanner.quoted() ?? scanner.path();
    if (!mask) throw scanner.error(scanner.here(), 'expected a number after &', 'such as flags & 0x2');
    return { path, mask: { quoted: false, ...mask } };
  }

  private value(place: string): Word {
    const value = this.scanner.value();
    if (value) return value;
    throw this.scanner.error(this.scanner.here(), `expected a value ${place}`, "nothing at all is ''");
  }

  private pattern(): Word {
    const pattern = this.scanner.pattern();
    if (pattern) return pattern;
    throw this.scanner.error(this.scanner.here(), 'expected a regular expression after ~');
  }

  private refuseForeign(): void {
    const { scanner } = this;
    if (scanner.sees('==') && !scanner.sees('===')) return;
    for (const [foreign, ours] of Object.entries(FOREIGN)) {
      if (scanner.sees(foreign)) {
        throw scanner.error(scanner.here(), `${foreign} is no comparison`, `did you mean ${ours}?`);
      }
    }
  }
}

function junction(kind: 'all' | 'any', terms: readonly [Syntax, ...Syntax[]]): Syntax {
  return terms.length === 1 ? terms[0] : { kind, terms };
}
