import { type Field, type Layout, selectFields } from '@ecli/btf';
import { ArgumentError } from '@ecli/core';
import type { StackTraceMeta } from '@ecli/packages';
import { BareAddresses, type Frame, type FrameSource, Symbolizer } from '@ecli/symbols';
import { compileRows, type RowSettings } from '../rows/compile-rows.ts';
import { memberLabel } from '../rows/label.ts';
import { mapCell } from '../rows/map-column.ts';
import { RowPrefix } from '../rows/row-prefix.ts';
import type { Rows } from '../rows/rows.ts';
import { timeNotation } from '../rows/timestamps.ts';
import { FoldedStackRows } from './folded-stack-rows.ts';
import { frameJson, frameText, frameWord } from './frame-text.ts';
import { RecordStackRows, type StackNotation } from './record-stack-rows.ts';
import { type StackFields, stackFields } from './stack-fields.ts';
import { StackReader } from './stack-reader.ts';
import { TextStackRows } from './text-stack-rows.ts';

export interface StackRowSettings extends RowSettings {
  /** Takes lines for people: what is cut, what can't be named. */
  readonly say: (line: string) => void;
}

/**
 * Makes the way from samples that hold stacks, laid out as `layout`, to rows of the format asked for: text as in a
 * debugger; JSON and CSV of the other members with `kstack` and `ustack`; or folded stacks, which come when the
 * program ends.
 *
 * @throws PACKAGE_INVALID naming a member that is missing or of another type than it must be; ARGUMENT_INVALID for
 * fields that don't exist, or of a format that has none
 */
export function compileStackRows(layout: Layout, meta: StackTraceMeta, settings: StackRowSettings): Rows {
  const { format, presentation } = settings;
  const fields = stackFields(layout, meta);
  if (format === 'raw') return compileRows(layout, settings);
  if (presentation.folded === true) return foldedRows(layout, fields, meta, settings);
  return format === 'text'
    ? textRows(layout, fields, meta, settings)
    : recordRows(layout, fields, meta, settings);
}

function textRows(
  layout: Layout,
  fields: StackFields,
  meta: StackTraceMeta,
  settings: StackRowSettings,
): Rows {
  refuseFields(settings, 'stacks as text have no columns');
  const render = (frame: Frame) => Buffer.from(`${frameText(frame)}\n`);
  const reader = new StackReader(fields, frameSource(render, meta, settings), settings.say);
  const told = Object.values(fields.names);
  const others = layout.fields.filter(({ name }) => !told.includes(name));
  const labels = others.map((field) => memberLabel(field, layout));
  return new TextStackRows(layout.size, reader, prefixOf(settings), labels);
}

/** Before whose stack it is: the time where it is asked for, since the plain form has none. */
function prefixOf({ presentation, mapColumn, startUs }: RowSettings): RowPrefix {
  const notation = timeNotation(presentation.timestamps ?? 'none', startUs);
  const map = mapCell(mapColumn);
  return new RowPrefix(notation, (time) => `${map}${notation ? `${time} ` : ''}`);
}

function foldedRows(
  layout: Layout,
  fields: StackFields,
  meta: StackTraceMeta,
  settings: StackRowSettings,
): Rows {
  refuseFields(settings, 'folded stacks have no columns');
  const render = (frame: Frame) => {
    const word = frameWord(frame, meta.with_symbols);
    return frame.space === 'kernel' ? `${word}_[k]` : word;
  };
  const reader = new StackReader(fields, frameSource(render, meta, settings), settings.say);
  return new FoldedStackRows(layout.size, reader, settings.say);
}

function recordRows(
  layout: Layout,
  fields: StackFields,
  meta: StackTraceMeta,
  settings: StackRowSettings,
): Rows {
  const shown = shownMembers(layout, fields, settings);
  const others = compileRows(shown.others, settings);
  const isJson = settings.format === 'json';
  const render = isJson
    ? (frame: Frame) => Buffer.from(frameJson(frame))
    : (frame: Frame) => Buffer.from(frameWord(frame, meta.with_symbols).replaceAll('"', '""'));
  const reader = new StackReader(fields, frameSource(render, meta, settings), settings.say);
  if (isJson) return new RecordStackRows(others, reader, jsonNotation(shown, settings));
  const columns = [shown.kernel ? 'kstack' : undefined, shown.user ? 'ustack' : undefined];
  const header = [others.header, ...columns].filter((part) => part).join(',');
  return new RecordStackRows(others, reader, csvNotation(shown, others.header !== ''), header);
}

/** What of a sample goes into a record. */
interface ShownMembers {
  readonly others: Layout;
  readonly kernel: boolean;
  readonly user: boolean;
}

function shownMembers(
  layout: Layout,
  { names }: StackFields,
  { presentation }: StackRowSettings,
): ShownMembers {
  const chosen = presentation.fields;
  const isStack = ({ name }: Pick<Field, 'name'>) =>
    [names.kstack, names.kstack_sz, names.ustack, names.ustack_sz].includes(name);
  if (!chosen) {
    return {
      others: { ...layout, fields: layout.fields.filter((field) => !isStack(field)) },
      kernel: true,
      user: true,
    };
  }
  const isChosen = (...spellings: string[]) => spellings.some((spelling) => chosen.includes(spelling));
  const others = chosen.filter((name) => !isStack({ name }) && name !== 'kstack' && name !== 'ustack');
  return {
    others: selectFields(layout, others),
    kernel: isChosen('kstack', names.kstack),
    user: isChosen('ustack', names.ustack),
  };
}

function jsonNotation({ others, kernel, user }: ShownMembers, settings: StackRowSettings): StackNotation {
  const { presentation, mapColumn } = settings;
  const isFirst = others.fields.length === 0 && (presentation.timestamps ?? 'none') === 'none';
  const before = (name: string, comma: boolean) => `${comma ? ',' : ''}"${name}":[`;
  return {
    end: mapColumn ? '}}\n' : '}\n',
    kernel: kernel ? before('kstack', !isFirst) : undefined,
    user: user ? before('ustack', !isFirst || kernel) : undefined,
    between: ',',
    after: ']',
    outermostFirst: false,
  };
}

/** Each stack is one cell of words, folded. */
function csvNotation({ kernel, user }: ShownMembers, isAfterOthers: boolean): StackNotation {
  const before = (comma: boolean) => (comma ? ',"' : '"');
  return {
    end: '\n',
    kernel: kernel ? before(isAfterOthers) : undefined,
    user: user ? before(isAfterOthers || kernel) : undefined,
    between: ';',
    after: '"',
    outermostFirst: true,
  };
}

function frameSource<R>(
  render: (frame: Frame) => R,
  meta: StackTraceMeta,
  { say }: StackRowSettings,
): FrameSource<R> {
  return meta.with_symbols ? new Symbolizer({ render, warn: say }) : new BareAddresses(render);
}

function refuseFields({ presentation: { fields } }: StackRowSettings, reason: string): void {
  if (!fields) return;
  throw new ArgumentError(`--fields: ${reason}`, [], { hint: 'with -o json or -o csv fields can be chosen' });
}
