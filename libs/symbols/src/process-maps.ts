/** A piece of a process's memory that may be executed, as /proc/PID/maps lists it. */
export interface Mapping {
  readonly start: number;
  /** The first address behind it. */
  readonly end: number;
  /** Where in the file it begins. */
  readonly fileOffset: number;
  readonly device: string;
  /** 0 where no file is mapped. */
  readonly inode: number;
  /** The file's path in the process's mount namespace, or a name such as `[vdso]`; empty for plain memory. */
  readonly path: string;
  /** No file has this path any more. */
  readonly deleted: boolean;
  /** Start and end as the line has them, which is also the name in /proc/PID/map_files. */
  readonly range: string;
}

/** proc_pid_maps(5): `start-end perms offset device inode path`, the path padded with spaces. */
const LINE =
  /^(?<start>[0-9a-f]{1,16})-(?<end>[0-9a-f]{1,16}) [-r][-w]x[-ps] (?<offset>[0-9a-f]{1,16}) (?<device>[0-9a-f]+:[0-9a-f]+) (?<inode>\d+)(?: +(?<path>.*))?$/s;
const DELETED = ' (deleted)';
/** A process may have 65530 by default (vm.max_map_count), few of them executable. */
const MOST_MAPPINGS = 65_536;

/**
 * Reads the executable mappings, in the order of their addresses, which the kernel keeps. Lines of another form
 * are passed over, and those beyond 2^53, which no process has without asking for five page-table levels.
 */
export function parseMaps(text: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of text.split('\n')) {
    const mapping = parseLine(line);
    if (mapping) mappings.push(mapping);
    if (mappings.length === MOST_MAPPINGS) break;
  }
  return mappings;
}

function parseLine(line: string): Mapping | undefined {
  const fields = LINE.exec(line)?.groups;
  if (!fields) return undefined;
  const { start = '', end = '', offset = '', device = '', inode = '', path = '' } = fields;
  const [from, to, fileOffset] = [start, end, offset].map((digits) => Number.parseInt(digits, 16));
  if (from === undefined || to === undefined || fileOffset === undefined) return undefined;
  if (!(from < to) || !Number.isSafeInteger(to) || !Number.isSafeInteger(fileOffset)) return undefined;
  const deleted = path.endsWith(DELETED);
  return {
    start: from,
    end: to,
    fileOffset,
    device,
    inode: Number(inode),
    path: unescaped(deleted ? path.slice(0, -DELETED.length) : path),
    deleted,
    range: `${start}-${end}`,
  };
}

/** The kernel writes a line break in a path as `\012`, and nothing else in this way. */
function unescaped(path: string): string {
  return path.replaceAll('\\012', '\n');
}

/** Finds the mapping that holds `address`. */
export function findMapping(mappings: readonly Mapping[], address: number): Mapping | undefined {
  let low = 0;
  let high = mappings.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((mappings[middle]?.start ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  const mapping = mappings[low - 1];
  return mapping && address < mapping.end ? mapping : undefined;
}

/** Tells whether both are the same pieces of the same files at the same addresses. */
export function sameMappings(some: readonly Mapping[], others: readonly Mapping[]): boolean {
  return (
    some.length === others.length &&
    some.every((mapping, index) => {
      const other = others[index];
      return (
        mapping.range === other?.range &&
        mapping.fileOffset === other.fileOffset &&
        mapping.inode === other.inode &&
        mapping.device === other.device &&
        mapping.path === other.path
      );
    })
  );
}
