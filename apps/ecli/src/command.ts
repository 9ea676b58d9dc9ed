import { ArgumentError, printable } from '@ecli/core';
import { readFlags, type FlagGroups, type FlagReading, type FlagTable } from './flags.ts';
import type { Terminal } from './terminal/terminal.ts';
import { usage } from './usage.ts';

/** A command, whole: what help says of it, how it is called, what it does. */
export interface CommandDeclaration<Flags extends FlagTable> {
  /** One sentence. */
  readonly description: string;
  /** What stands after the flags, as help spells it. */
  readonly operands: string;
  /** How many operands there may be. */
  readonly count: { readonly least: number; readonly most: number };
  /** True when flags end at the first operand, and what follows it isn't the command's to read. */
  readonly passesOn?: true;
  readonly flags: Flags;
  /** Headings under which help lists flags; those under none come last. */
  readonly groups?: FlagGroups;
  readonly examples: readonly string[];
  /** More lines for the end of the help. */
  readonly notes?: string;
  /** Does the work and returns the exit code. @throws EcliError for all that a user can cause */
  run(input: FlagReading<Flags>, terminal: Terminal): Promise<number>;
}

/** A command ready to be called. */
export interface Command {
  /** `call` is what the user typed to get here (`ecli run`, `ecc`). Reports failures itself. */
  execute(argv: readonly string[], call: string, terminal: Terminal): Promise<number>;
}

/** Flags that every command has. */
export const commonFlags = {
  verbose: { short: 'v', help: 'show diagnostics on standard error' },
  help: { short: 'h', help: 'show this' },
} as const satisfies FlagTable;

/** Makes a command of what is declared: reads its flags, prints its help, and tells its failures. */
export function defineCommand<const Flags extends FlagTable>(command: CommandDeclaration<Flags>): Command {
  const table = { ...command.flags, ...commonFlags };

  async function execute(argv: readonly string[], call: string, terminal: Terminal): Promise<number> {
    const reading = readFlags<Flags & typeof commonFlags>(argv, table, command.passesOn === true);
    if (reading.flags.help) {
      terminal.print(usage(call, { ...command, flags: table }));
      return 0;
    }
    if (reading.flags.verbose) terminal.logger.raise('debug');
    checkCount(reading.operands, command, call);
    return command.run(reading, terminal);
  }

  return {
    execute: (argv, call, terminal) =>
      execute(argv, call, terminal).catch((error: unknown) => terminal.fail(error)),
  };
}

function checkCount(
  operands: readonly string[],
  { count, operands: expected }: Pick<CommandDeclaration<FlagTable>, 'count' | 'operands'>,
  call: string,
): void {
  const hint = `see ${call} --help`;
  if (operands.length < count.least)
    throw new ArgumentError(`${call}: ${expected} must follow`, [], { hint });
  const extra = operands[count.most];
  if (extra !== undefined) throw new ArgumentError(`${printable(extra)}: one too many`, [], { hint });
}
