// node bench/events/filter.mjs [--rate 3000000] [--seconds 4] [--rounds 3]
// Offers so many events a second, of which a filter lets one in a thousand through, and prints what ecli showed and
// lost. Each call of the generator sends ten events: system calls alone aren't as fast. As root.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildBenchmark } from './build.mjs';
import { measure } from './measure.mjs';

const RING_BYTES = 64 * 1024 * 1024;
const EVENTS_PER_CALL = 10;
const EVENTS_PER_MATCH = 1000;

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '3000000' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
  },
});
const cli = fileURLToPath(new URL('../../apps/ecli/bin/ecli.cjs', import.meta.url));
const count = (number) => Math.round(number).toLocaleString('en-US');
const print = (cells) => console.log(`| ${cells.join(' | ')} |`);

function ecli(built, filter) {
  return {
    name: `ecli --filter '${filter}'`,
    headerLines: { text: 1 },
    command: () => [process.execPath, cli, 'run', '--filter', filter, built.package],
  };
}

const folder = mkdtempSync(join(tmpdir(), 'ecli-bench-'));
try {
  const built = buildBenchmark(folder, RING_BYTES, [`-DEVENTS_PER_CALL=${EVENTS_PER_CALL}`]);
  const heads = ['tool', 'offered/s', 'shown', 'expected', 'CPU s per million offered', 'peak RSS MB'];
  print(heads);
  print(heads.map(() => '---'));
  const load = { rate: Number(values.rate) / EVENTS_PER_CALL, seconds: Number(values.seconds) };
  for (const filter of ['exit_code==1', 'exit_code==1 && filename~true$']) {
    for (let round = 0; round < Number(values.rounds); round++) {
      const result = await measure(ecli(built, filter), {
        built,
        format: 'text',
        sink: 'pipe',
        load,
        folder,
      });
      const offered = result.fired * EVENTS_PER_CALL;
      print([
        `\`--filter '${filter}'\``,
        count(result.offered * EVENTS_PER_CALL),
        count(result.shown),
        count(offered / EVENTS_PER_MATCH),
        ((result.cpuSeconds / offered) * 1e6).toFixed(3),
        result.peakMegabytes.toFixed(0),
      ]);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
