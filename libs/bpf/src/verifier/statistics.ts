/** What the verifier spent on a program: the last lines of its log, which level 4 asks for. */
export interface VerifierStatistics {
  /** Instructions that it followed, each as often as it came by. */
  readonly processedInstructions: number;
  /** How many it would have followed. */
  readonly instructionLimit: number;
  readonly maxStatesPerInstruction: number;
  readonly totalStates: number;
  readonly peakStates: number;
  readonly longestMarkRead: number;
  readonly verificationUs?: number;
  /** Bytes, by function: the program's own first. */
  readonly stackDepth?: readonly number[];
}

const PROCESSED =
  /^processed (\d+) insns \(limit (\d+)\) max_states_per_insn (\d+) total_states (\d+) peak_states (\d+) mark_read (\d+)/;

/** Reads the statistics at the end of a log (print_verification_stats in verifier.c); undefined where there are none. */
export function verifierStatistics(log: readonly string[]): VerifierStatistics | undefined {
  const found = log.findLast((line) => PROCESSED.test(line));
  const numbers = PROCESSED.exec(found ?? '')
    ?.slice(1)
    .map(Number);
  if (!numbers) return undefined;
  const [processed = 0, limit = 0, most = 0, total = 0, peak = 0, markRead = 0] = numbers;
  const time = match(log, /^verification time (\d+) usec/);
  const stack = match(log, /^stack depth ([\d+]+)/);
  return {
    processedInstructions: processed,
    instructionLimit: limit,
    maxStatesPerInstruction: most,
    totalStates: total,
    peakStates: peak,
    longestMarkRead: markRead,
    ...(time !== undefined && { verificationUs: Number(time) }),
    ...(stack !== undefined && { stackDepth: stack.split('+').map(Number) }),
  };
}

function match(log: readonly string[], pattern: RegExp): string | undefined {
  for (const line of log.toReversed()) {
    const found = pattern.exec(line)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}
