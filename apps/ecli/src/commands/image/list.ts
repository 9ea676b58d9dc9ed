import { MediaType, printableJson } from '@ecli/core';
import { type LayoutEntry, OciMediaType } from '@ecli/oci';
import { defineCommand } from '../../command.ts';
import type { FlagTable } from '../../flags.ts';
import { openImageCache } from '../../image-cache.ts';
import { spellAge } from '../../quantities.ts';
import { spellBytes } from '../../terminal/byte-size.ts';
import { tableOf } from '../../terminal/table.ts';

const flags = {
  json: { short: 'j', help: 'write JSON, which has digests, types and times in full' },
  quiet: { short: 'q', help: 'write digests alone' },
  all: { short: 'a', help: 'also what belongs to another image: signatures and the like' },
} as const satisfies FlagTable;

/** `ecli image list`: says which images are in the cache. */
export const listCommand = defineCommand({
  description: 'Lists the images in the cache: what ecli run and ecli pull need no registry for.',
  operands: '',
  count: { least: 0, most: 0 },
  flags,
  examples: ['ecli image list', 'ecli image list --json', 'ecli image rm $(ecli image list -q)'],
  notes: 'The cache is $XDG_CACHE_HOME/ecli/oci, by default ~/.cache/ecli/oci: an OCI image layout.',

  async run({ flags: given }, terminal) {
    const cache = await openImageCache(terminal);
    const all = await cache.list();
    const entries = given.all ? all : all.filter(({ belongsTo }) => belongsTo === undefined);
    terminal.print(given.json ? asJson(entries) : given.quiet ? digestsOf(entries) : asTable(entries));
    return 0;
  },
});

function digestsOf(entries: readonly LayoutEntry[]): string {
  const digests = new Set(entries.map(({ descriptor }) => descriptor.digest));
  return Array.from(digests, (digest) => `${digest}\n`).join('');
}

function asTable(entries: readonly LayoutEntry[]): string {
  const columns = [
    'REFERENCE',
    'DIGEST',
    'TYPE',
    { heading: 'SIZE', align: 'right' },
    'CREATED',
    'USED',
  ] as const;
  return tableOf(
    columns,
    entries.map(({ reference, descriptor, type, sizeBytes, createdAt, usedAtMs }) => [
      reference ?? '-',
      shortened(descriptor.digest),
      wordOf(type),
      spellBytes(sizeBytes),
      createdAt === undefined ? '-' : ago(Date.parse(createdAt)),
      ago(usedAtMs),
    ]),
  );
}

function asJson(entries: readonly LayoutEntry[]): string {
  const list = entries.map(({ descriptor, pulledAtMs, usedAtMs, ...entry }) => ({
    reference: entry.reference ?? null,
    digest: descriptor.digest,
    mediaType: descriptor.mediaType,
    type: entry.type ?? null,
    size: entry.sizeBytes,
    created: entry.createdAt ?? null,
    pulled: pulledAtMs === undefined ? null : new Date(pulledAtMs).toISOString(),
    used: new Date(usedAtMs).toISOString(),
    ...(entry.belongsTo !== undefined && { belongsTo: entry.belongsTo }),
  }));
  return `${printableJson(JSON.stringify(list, null, 2))}\n`;
}

/** As docker shows image IDs; enough to name it by. */
function shortened(digest: string): string {
  const colon = digest.indexOf(':') + 1;
  return digest.slice(colon, colon + 12);
}

function ago(timeMs: number): string {
  return Number.isNaN(timeMs) ? '-' : spellAge(Math.max(0, Date.now() - timeMs));
}

/** Types that people have a word for. */
const WORDS: Readonly<Record<string, string>> = {
  [MediaType.wasm]: 'wasm',
  [MediaType.wasmLayer]: 'wasm',
  [OciMediaType.wasmConfig]: 'wasm',
  [MediaType.package]: 'package',
  [MediaType.object]: 'object',
  [MediaType.tar]: 'tar',
  [OciMediaType.index]: 'index',
  [OciMediaType.dockerIndex]: 'index',
  [OciMediaType.imageConfig]: 'image',
  [OciMediaType.layerTar]: 'image',
  [OciMediaType.layerTarGzip]: 'image',
  'application/vnd.docker.container.image.v1+json': 'image',
  'application/vnd.docker.image.rootfs.diff.tar.gzip': 'image',
  'application/vnd.dev.cosign.simplesigning.v1+json': 'signature',
  'application/vnd.dev.sigstore.bundle.v0.3+json': 'signature',
};

function wordOf(type: string | undefined): string {
  return type === undefined ? '-' : (WORDS[type] ?? type);
}
