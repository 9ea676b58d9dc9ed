import { isIP } from 'node:net';

/** V8 compiles a pattern to machine code at once for a subject of this length: JSRegExp::kTierUpForSubjectLengthValue. */
const LONG_SUBJECT = 'x'.repeat(1000);

/**
 * Has V8 compile the pattern by which node looks for an IPv6 address in the name of each host that it connects to. The
 * pattern is large: 1 ms this way, and 4 ms where it becomes bytecode first, and machine code at its second use.
 */
export function compileAddressPattern(): void {
  isIP(LONG_SUBJECT);
}
