import type { LoadSpec } from '@ecli/core';
import { ArgumentError, printable } from '@ecli/core';
import type { Attachment } from '../attach/attachment.ts';
import { IteratorAttachment } from '../attach/iterators.ts';
import type { LogStream } from '../log-stream.ts';
import type { EventBudget, Output } from '../output.ts';
import type { MapColumn } from '../rows/map-column.ts';
import { iteratorLines } from './iterator-lines.ts';
import { IteratorOutput } from './iterator-output.ts';

export interface IteratorContext {
  readonly spec: Pick<LoadSpec, 'format' | 'presentation' | 'backpressure'>;
  readonly stream: LogStream;
  readonly budget: EventBudget;
  /** Whether the program shows nothing but its iterators. */
  readonly alone: boolean;
  readonly columnOf: (name: string) => MapColumn | undefined;
}

/** The iterators among what is to be attached. */
export function iteratorsIn(attachments: readonly Attachment[]): readonly IteratorAttachment[] {
  return attachments.filter((attachment) => attachment instanceof IteratorAttachment);
}

/**
 * Makes an output of each iterator among what is to be attached. A program that has nothing but iterators ends with
 * their text.
 *
 * @throws ARGUMENT_INVALID where members are asked for and there's only text
 */
export function prepareIterators(
  attachments: readonly Attachment[],
  context: IteratorContext,
): readonly Output[] {
  const iterators = iteratorsIn(attachments);
  const [first] = iterators;
  if (!first) return [];
  const { spec, stream, budget, alone, columnOf } = context;
  if (alone) refuseMembers(spec, first);
  const lasting = alone && iterators.length < attachments.length;
  return iterators.map((iterator) => {
    const { name } = iterator.program;
    const { format, presentation, backpressure } = spec;
    const lines = iteratorLines({
      name,
      column: columnOf(name),
      format,
      ...(presentation && { presentation }),
      startUs: () => stream.openedUs,
    });
    return new IteratorOutput({
      name,
      open: () => iterator.open(),
      lines,
      stream,
      backpressure,
      budget,
      lasting,
    });
  });
}

function refuseMembers({ presentation }: IteratorContext['spec'], { program }: Attachment): void {
  const { fields = [], filters = [], sort } = presentation ?? {};
  const asked = [...fields, ...filters, ...(sort === undefined ? [] : [sort])][0];
  if (asked === undefined) return;
  throw new ArgumentError(
    `${printable(asked)}: program ${printable(program.name)} writes text, which has no members to choose`,
    [],
    { hint: 'without --fields, --filter and --sort its lines are shown as it writes them' },
  );
}
