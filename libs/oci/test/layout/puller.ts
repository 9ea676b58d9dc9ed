import { appendFileSync } from 'node:fs';
import { copyImage, type Fetcher, ImageLayout } from '../../src/index.ts';

/*
 * A process that pulls: `puller SOURCE TARGET LOG NAME…` copies the images of these names from one layout to the
 * other and tags them. Each blob that is really fetched is a line in LOG.
 */
const [sourceFolder = '', targetFolder = '', log = '', ...names] = process.argv.slice(2);
const source = await ImageLayout.open(sourceFolder);
const target = await ImageLayout.open(targetFolder, { create: true });

const fetch: Fetcher['fetch'] = async (descriptor, signal) => {
  appendFileSync(log, `${descriptor.digest}\n`);
  const pieces = await source.fetch(descriptor, signal);
  return slowly(pieces);
};

/** As over a network, so that another process comes in between. */
async function* slowly(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    yield piece;
  }
}

for (const name of names) {
  const root = await source.resolve(name);
  const manifest = await target.ingest(root, () => fetch(root));
  const { config, layers } = JSON.parse(Buffer.from(manifest).toString()) as {
    config: typeof root;
    layers: (typeof root)[];
  };
  await Promise.all([config, ...layers].map((blob) => target.ingest(blob, () => fetch(blob))));
  await target.tag(root, name);
}
// Both ways of getting an image into a layout.
for (const name of names) {
  const root = await source.resolve(name);
  await copyImage(source, target, root);
  await target.tag(root, `${name}-copied`);
}
