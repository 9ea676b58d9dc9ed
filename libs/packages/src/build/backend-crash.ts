/** What clang prints of a crash, parted in what helps its user and what helps its makers. */
export interface BackendCrash {
  /** What it said of the source. */
  readonly errors: string;
  /** Its inner state: the instruction it could not translate, its call stack, whom to send that to. */
  readonly dump: string;
}

/** Where clang stops talking of the source: `report_fatal_error` and LLVM's PrettyStackTrace. */
const DUMP_BEGINS = /^(?:fatal error: error in backend: |PLEASE submit a bug report|Stack dump:)/m;

/**
 * Parts what a clang said whose backend gave up: it meets what BPF has no instruction for (a signed division, an
 * argument too many) so late that it dies of it.
 *
 * @returns undefined where it did not crash
 */
export function readBackendCrash(stderr: string): BackendCrash | undefined {
  const begin = stderr.search(DUMP_BEGINS);
  if (begin < 0 || !/^Stack dump:/m.test(stderr)) return undefined;
  const said = stderr.slice(0, begin).trimEnd();
  const dump = stderr.slice(begin).trimEnd();
  if (said !== '') return { errors: said, dump };
  const [reason = dump] = dump.split('\n', 1);
  return { errors: reason, dump };
}
