// bare-pull.mjs ORIGIN NAME TAG FILE: the least that pulls an artifact of one layer by node:http and checks its digest.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Agent, get } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

const [origin, name, tag, file] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const accept = 'application/vnd.oci.image.manifest.v1+json';
const ask = (path) =>
  new Promise((resolve, reject) => {
    get(`${origin}/v2/${name}/${path}`, { agent, headers: { accept } }, resolve).on('error', reject);
  });

const { layers } = JSON.parse(await buffer(await ask(`manifests/${tag}`)));
const hash = createHash('sha256');
await pipeline(
  await ask(`blobs/${layers[0].digest}`),
  async function* (chunks) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  },
  createWriteStream(file),
);
if (`sha256:${hash.digest('hex')}` !== layers[0].digest) throw new Error('another digest');
agent.destroy();
