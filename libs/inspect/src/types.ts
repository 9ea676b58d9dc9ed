import { typeScriptTypes } from '@ecli/btf';
import { EcliError, printable, printableJson } from '@ecli/core';
import type { OpenedPackage } from './inspect-package.ts';

/** What the type of all lines is called, whatever the program calls its own. */
const LINE = 'Line';

/**
 * Declares in TypeScript what `ecli run --json REF` prints: a type for each export, and `Line`, which is one of them,
 * or where there are several, an object whose one key is the map.
 *
 * @throws PACKAGE_INVALID for a package that shows nothing
 */
export function eventTypes({ artifact, exports, untyped }: OpenedPackage): string {
  const { reference, descriptor } = artifact;
  if (untyped) throw untyped;
  if (exports.length === 0) {
    throw new EcliError(
      'PACKAGE_INVALID',
      `${printable(reference)}: it exports nothing, so no events have types`,
    );
  }
  const { text, names } = typeScriptTypes(
    exports.map(({ plan, layout }) => ({
      name: plan.kind === 'sampled' ? `${plan.map.name}_entry` : wordOf(plan.type.name),
      layout,
      stacks: plan.stackTrace !== undefined,
      comment: `${printable(plan.type.name)}, from map ${printable(plan.map.name)}.`,
    })),
    [LINE],
  );
  const line = names.map((name, index) => {
    const map = exports[index]?.plan.map.name ?? '';
    return names.length === 1 ? name : `{ ${printableJson(JSON.stringify(map))}: ${name} }`;
  });
  return [
    `// What each line of \`ecli run --json ${printable(reference)}\` is, made by ecli inspect --types ts`,
    `// from ${descriptor.digest}`,
    '',
    text,
    '',
    `/** One line of JSON. */`,
    `export type ${LINE} = ${line.join(' | ')};`,
    '',
  ].join('\n');
}

/** `event` of `struct event`. */
function wordOf(name: string): string {
  return name.replace(/^(?:struct|union|enum) /, '');
}
