import type { CommandDeclaration } from './command.ts';
import { commands, type CommandEntry } from './commands.ts';
import type { FlagDeclaration, FlagGroups, FlagTable } from './flags.ts';
import { VERSION } from './version.ts';

/** What `ecli --help` prints. */
export function overview(): string {
  return `ecli ${VERSION} runs, ships and operates eBPF programs.

Usage:
  ecli run [flags] REF [arguments of the program]
  ecli REF [arguments of the program]
  ecli inspect [flags] REF
  ecli build [flags] SOURCE.bpf.c [HEADER.h]
  ecli push [flags] [FILE] REF
  ecli pull [flags] REF

Commands:
${columns(commands.map(({ name, summary }) => [name, summary]))}

Flags:
${columns([
  ['-h, --help', 'show this; after a command, its own help'],
  ['-V, --version', 'show the version'],
])}

Environment:
${columns([
  ['ECLI_LOG', 'diagnostics on standard error: error, warn (default), info, debug'],
  ['BTF_FILE_PATH', "BTF to relocate against instead of the running kernel's, as --btf"],
  ['NO_COLOR', 'no colours, if it is set'],
  ['HTTPS_PROXY, HTTP_PROXY, NO_PROXY', 'how servers and registries are reached, and which of them directly'],
  ['NODE_EXTRA_CA_CERTS', 'a PEM file of authorities that are trusted too, as --ca-file'],
  ['DOCKER_CONFIG, REGISTRY_AUTH_FILE', 'where logins are, instead of ~/.docker/config.json'],
  ['XDG_CACHE_HOME', 'where what was pulled is kept, instead of ~/.cache'],
])}

REF is a JSON package, a .bpf.o, a .bpf.c, a folder that holds a package.json, - for standard input, a URL,
or an image in a registry: ghcr.io/org/tool:v1.
\`ecli run REF --help\` shows what the program itself takes.
`;
}

/** What a group of commands prints as its help. */
export function groupUsage(call: string, description: string, entries: readonly CommandEntry[]): string {
  return `Usage: ${call} COMMAND

${description}

Commands:
${columns(entries.map(({ name, summary }) => [name, summary]))}

\`${call} COMMAND --help\` shows what each takes.
`;
}

/** What `COMMAND --help` prints; `call` is how the command was called. */
export function usage(call: string, command: Omit<CommandDeclaration<FlagTable>, 'run'>): string {
  return `Usage: ${`${call} [flags] ${command.operands}`.trimEnd()}

${command.description}

${flagLists(command.flags, command.groups ?? {})}

Examples:
${command.examples.map((example) => `  ${example}\n`).join('')}${command.notes ? `\n${command.notes}\n` : ''}`;
}

/** A list of flags for each heading, and one of those that stand under none; all have the same left column. */
function flagLists(table: FlagTable, groups: FlagGroups): string {
  const grouped = Object.values(groups).flatMap((flags) => Object.keys(flags));
  const others = Object.entries(table).filter(([name]) => !grouped.includes(name));
  const lists = [...Object.entries(groups), ['Flags', Object.fromEntries(others)] as const];
  const width = Math.max(...Object.entries(table).map(([name, flag]) => spell(name, flag).length));
  return lists
    .map(([heading, flags]) => {
      const rows = Object.entries(flags).map(([name, flag]) => [spell(name, flag), flag.help] as const);
      return `${heading}:\n${columns(rows, width)}`;
    })
    .join('\n\n');
}

type Row = readonly [left: string, right: string];

function columns(rows: readonly Row[], width = Math.max(...rows.map(([left]) => left.length))): string {
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}

/** `-p, --program-type TYPE`; long names stand below each other. */
function spell(name: string, { short, value }: FlagDeclaration): string {
  const names = short === undefined ? `    --${name}` : `-${short}, --${name}`;
  return value === undefined ? names : `${names} ${value}`;
}
