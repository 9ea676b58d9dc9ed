/** What libbpf's messages of one failed load say, taken apart. */
export interface LoadReport {
  /** The program that failed to load. */
  readonly program: string | undefined;
  /** The map that failed to be created. */
  readonly map: string | undefined;
  /** What the kernel's verifier said of the program; empty when it wasn't asked. */
  readonly verifierLog: readonly string[];
  /** The other lines, less those that only say again that something failed. */
  readonly messages: readonly string[];
}

const LOG_BEGIN = '-- BEGIN PROG LOAD LOG --';
const LOG_END = '-- END PROG LOAD LOG --';
const PROGRAM_FAILED = /^prog '(.*)': (?:BPF program load failed|failed to load): /;
const MAP_FAILED = /^map '(.*)': failed to create: /;
/** Consequences, told after their reason, and a guess that is wrong for all but old kernels. */
const REPETITION =
  /^(?:prog '.*': (?:BPF program load failed|failed to load)|failed to load object|permission error while running as root)/;

/** Takes apart what libbpf's `bpf_object__load` printed (libbpf.c: bpf_object_load_prog, bpf_object__create_maps). */
export function parseLoadReport(lines: readonly string[]): LoadReport {
  const begin = lines.findLastIndex((line) => line.includes(LOG_BEGIN));
  const end = lines.findIndex((line, index) => index > begin && line.includes(LOG_END));
  const inLog = (index: number) => begin >= 0 && index >= begin && (end < 0 || index <= end);
  const outside = lines.filter((_, index) => !inLog(index));
  return {
    program: firstMatch(outside, PROGRAM_FAILED),
    map: firstMatch(outside, MAP_FAILED),
    verifierLog: begin < 0 ? [] : lines.slice(begin + 1, end < 0 ? undefined : end),
    messages: outside.filter((line) => !REPETITION.test(line)),
  };
}

/** Statistics, and the states that explain an infinite loop: true, but not the reason. */
const NOT_A_REASON =
  /^(?:processed \d+ insns|verification time|stack depth|cur state:|old state:|mark_precise:|\s*$)/;

/** The verifier's last `count` lines that say something about the refusal; the reason is the last one. */
export function lastWords(verifierLog: readonly string[], count: number): string[] {
  return verifierLog.filter((line) => !NOT_A_REASON.test(line)).slice(-count);
}

function firstMatch(lines: readonly string[], pattern: RegExp): string | undefined {
  for (const line of lines) {
    const name = pattern.exec(line)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}
