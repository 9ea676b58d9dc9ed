/** Comm, process, perhaps its thread group, CPU, flags, time, the event's name (none before Linux 5.9), text. */
const LINE =
  /^\s*(.+)-(\d+)\s+(?:\(\s*[-\d]+\)\s+)?\[(\d+)\]\s+(?:\S+\s+)?(\d+\.\d+): (?:(?:bpf_trace_printk|0x[0-9a-f]+|bpf_[a-z_]+): )?(.*)$/;
const LOST = /^CPU:(\d+) \[LOST (\d+) EVENTS\]$/;

/**
 * Makes of a line of trace_pipe what a person wants to see of it: `bash-123 [001] 77.123456: text`. The second and
 * further lines of a text come alone, and stay as they are.
 */
export function traceLine(line: string): string {
  const [, cpu, lost] = LOST.exec(line) ?? [];
  if (lost !== undefined) return `${lost} lines lost on CPU ${cpu}: they came faster than they were read`;
  const [, comm, pid, processor, time, text] = LINE.exec(line) ?? [];
  return text === undefined ? line : `${comm}-${pid} [${processor}] ${time}: ${text}`;
}
