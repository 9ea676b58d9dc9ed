import { printable } from '@ecli/core';
import { Annotation } from '@ecli/oci';
import type { ContentInspection, ImageInspection } from './image-inspection.ts';
import { spellBytes } from './terminal/byte-size.ts';
import { tableOf } from './terminal/table.ts';

/** What signatures are, by the artifact types that cosign gives them. */
const SIGNATURES = /^application\/vnd\.dev\.(cosign\.simplesigning|sigstore\.bundle)/;

/** Says to a person what an image is made of. Fit for a terminal, whatever is in it. */
export function imageText(image: ImageInspection): string {
  const paragraphs = [
    facts(image),
    section('Images', image.manifests, ['PLATFORM', 'DIGEST'], ({ platform = 'any', digest }) => [
      platform,
      digest,
    ]),
    section('Layers', image.layers, ['TITLE', 'TYPE', 'DIGEST'], ({ title = '', mediaType, digest }) => [
      title,
      mediaType,
      digest,
    ]),
    annotations(image.annotations),
    section('Attached', image.referrers, ['WHAT', 'TYPE', 'DIGEST'], (referrer) => {
      const type = referrer.artifactType ?? referrer.mediaType;
      return [SIGNATURES.test(type) ? 'signature' : 'other', type, referrer.digest];
    }),
  ];
  return paragraphs.filter((text) => text !== '').join('\n');
}

function facts(image: ImageInspection): string {
  const { reference, from, digest, mediaType, artifactType, contentSize, layers, config, subject } = image;
  const count = layers?.length ?? 0;
  const signatures = image.referrers.filter((each) => SIGNATURES.test(each.artifactType ?? '')).length;
  const rows: (readonly [string, string | undefined])[] = [
    ['Image', from === 'cache' ? `${reference} (cached)` : reference],
    ['Digest', digest],
    ['Type', artifactType ?? mediaType],
    [
      'Size',
      contentSize === undefined ? undefined : `${spellBytes(contentSize)} in ${plural(count, 'layer')}`,
    ],
    ['Config', config && `${config.mediaType}, ${spellBytes(config.size)}`],
    ['Refers to', subject?.digest],
    ['Created', image.annotations?.[Annotation.created]],
    [
      'Signed',
      signatures > 0 ? `${plural(signatures, 'signature')}, not verified here (ecli image verify)` : 'no',
    ],
  ];
  return lines(rows.filter((row): row is [string, string] => row[1] !== undefined));
}

function section(
  heading: string,
  contents: readonly ContentInspection[] = [],
  columns: readonly string[],
  cells: (content: ContentInspection) => readonly string[],
): string {
  if (contents.length === 0) return '';
  const rows = contents.map((content) => [...cells(content), spellBytes(content.size)]);
  return `${heading}\n${tableOf([...columns, { heading: 'SIZE', align: 'right' }], rows)}`;
}

function annotations(given: Readonly<Record<string, string>> = {}): string {
  const entries = Object.entries(given).filter(([name]) => name !== Annotation.created);
  return entries.length === 0 ? '' : `Annotations\n${lines(entries)}`;
}

function lines(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => printable(name).length));
  return rows.map(([name, value]) => `${printable(name).padEnd(width)}  ${printable(value)}\n`).join('');
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
