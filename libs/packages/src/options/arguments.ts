import { ArgumentError, listed, nearNames, printable } from '@ecli/core';
import type { Refuse } from './argument-types.ts';
import type { ProgramOption } from './program-options.ts';
import type { VariableValue } from './variables.ts';

/** What a program's arguments ask for. */
export interface ParsedArguments {
  /** Print how the program is used, and do nothing else. */
  readonly help: boolean;
  /** Show libbpf's messages. */
  readonly verbose: boolean;
  /** What goes into the data sections, in the order in which it was given: a later value wins. */
  readonly values: readonly VariableValue[];
}

/**
 * Reads a program's arguments: `--LONG VALUE`, `--LONG=VALUE`, `-S VALUE`, `-SVALUE`, flags without a value,
 * short flags together, and `--`, after which nothing may follow. Asking for help wins over every mistake.
 *
 * @throws ArgumentError naming the argument, with the list of what exists
 */
export function parseArguments(args: readonly string[], options: readonly ProgramOption[]): ParsedArguments {
  const reader = new ArgumentReader(args, options);
  try {
    return reader.read();
  } catch (error) {
    if (error instanceof ArgumentError && reader.asksForHelp())
      return { help: true, verbose: false, values: [] };
    throw error;
  }
}

/** An option of every program. */
type Switch = 'help' | 'verbose';
type Entry = ProgramOption | Switch;

class ArgumentReader {
  private readonly longs = new Map<string, Entry>([
    ['help', 'help'],
    ['verbose', 'verbose'],
  ]);
  private readonly shorts = new Map<string, Entry>([['h', 'help']]);
  private readonly switches = new Set<Switch>();
  private readonly values: VariableValue[] = [];
  private next = 0;

  constructor(
    private readonly args: readonly string[],
    private readonly options: readonly ProgramOption[],
  ) {
    // A program's own `verbose` takes the name.
    for (const option of options) {
      if (option.long !== '') this.longs.set(option.long, option);
      if (option.short !== undefined) this.shorts.set(option.short, option);
    }
  }

  read(): ParsedArguments {
    for (let arg = this.take(); arg !== undefined; arg = this.take()) {
      if (arg === '--') this.readRest();
      else if (arg.startsWith('--')) this.readLong(arg.slice(2));
      else if (arg.startsWith('-') && arg !== '-') this.readShorts(arg.slice(1));
      else this.refuseOperand(arg);
    }
    return { help: this.switches.has('help'), verbose: this.switches.has('verbose'), values: this.values };
  }

  asksForHelp(): boolean {
    const end = this.args.indexOf('--');
    const options = end < 0 ? this.args : this.args.slice(0, end);
    return options.includes('--help') || (this.shorts.get('h') === 'help' && options.includes('-h'));
  }

  private take(): string | undefined {
    return this.args[this.next++];
  }

  private readRest(): void {
    const operand = this.take();
    if (operand !== undefined) this.refuseOperand(operand);
  }

  private readLong(text: string): void {
    const [name, value] = splitAt(text, text.indexOf('='));
    const entry = this.longs.get(name) ?? this.refuseUnknown(`--${name}`, name);
    this.set(entry, `--${name}`, value);
  }

  private readShorts(text: string): void {
    const letters = Array.from(text);
    for (let index = 0; index < letters.length; index++) {
      const letter = letters[index] ?? '';
      const entry = this.shorts.get(letter) ?? this.refuseUnknown(`-${letter}`, text.replace(/=.*/s, ''));
      const rest = letters.slice(index + 1).join('');
      if (needsValue(entry) || rest.startsWith('=')) {
        this.set(entry, `-${letter}`, rest === '' ? undefined : rest.replace(/^=/, ''));
        return;
      }
      this.set(entry, `-${letter}`, undefined);
    }
  }

  private set(entry: Entry, spelling: string, value: string | undefined): void {
    const refuse = this.refusal(spelling);
    if (typeof entry === 'string') {
      if (value !== undefined) refuse('takes no value');
      this.switches.add(entry);
      return;
    }
    const { type, variable, typeName } = entry;
    if (!type) return refuse(`a variable of type ${typeName} can't be given as an argument`);
    if (type.flag && !entry.sets && value !== undefined) refuse('takes no value');
    const text = value ?? (type.flag ? String(entry.sets) : this.takeValue(refuse, typeName));
    this.values.push({ variable, bytes: type.encode(text, refuse) });
  }

  private takeValue(refuse: Refuse, typeName: string): string {
    const value = this.args[this.next];
    if (value === undefined || this.isOption(value)) {
      return refuse(
        `a value of type ${typeName} is missing`,
        value === undefined ? undefined : `a value that looks like an option is written after '='`,
      );
    }
    this.next++;
    return value;
  }

  /** Whether `arg` can't have been meant as a value: it is spelled as an option that exists. */
  private isOption(arg: string): boolean {
    if (arg === '--') return true;
    if (arg.startsWith('--')) return this.longs.has(splitAt(arg.slice(2), arg.indexOf('=') - 2)[0]);
    return /^-[^0-9.]/.test(arg) && this.shorts.has(Array.from(arg)[1] ?? '');
  }

  private refusal(spelling: string): Refuse {
    return (reason, hint) => {
      throw new ArgumentError(`${printable(spelling)}: ${reason}`, this.known(), {
        hint: hint ?? this.listHint(),
      });
    };
  }

  private refuseUnknown(spelling: string, word: string): never {
    const near = this.nameOfVariable(word) ?? nearNames(word, this.longs.keys())[0];
    const suggestion = near === undefined ? '' : `; did you mean --${printable(near)}?`;
    throw this.unexpected(`${printable(spelling.slice(0, 100))}: unknown argument${suggestion}`);
  }

  /** A flag such as `--enable-quiet` is easily given as the variable in the source, `quiet`. */
  private nameOfVariable(name: string): string | undefined {
    return this.options.find(({ variable, long }) => variable.name === name && long !== '')?.long;
  }

  private refuseOperand(operand: string): never {
    throw this.unexpected(`${printable(operand.slice(0, 100)) || "''"}: a program takes options only`);
  }

  private unexpected(message: string): ArgumentError {
    return new ArgumentError(message, this.known(), { hint: this.listHint(), position: this.next - 1 });
  }

  private listHint(): string {
    return `arguments: ${listed(this.known())}; --help explains them`;
  }

  /** The options as a user types them, the program's own first. */
  private known(): readonly string[] {
    const own = [...this.longs].filter(([, entry]) => typeof entry === 'object' && entry.type);
    const switches = [...this.longs].filter(([, entry]) => typeof entry === 'string');
    return [...own, ...switches].map(([name]) => `--${name}`);
  }
}

function needsValue(entry: Entry): boolean {
  return typeof entry === 'object' && !entry.type?.flag;
}

/** What stands before and after the character at `index`; all of it and undefined for a negative index. */
function splitAt(text: string, index: number): [string, string | undefined] {
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}
