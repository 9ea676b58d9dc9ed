import { beforeAll, describe, expect } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli, startCli, temporaryFolder } from '../harness/index.ts';
import { expectPlainWords } from './refusal.ts';
import {
  PREAMBLE,
  type PackageJson,
  buildPackage,
  objectOf,
  withObject,
  writePackage,
} from './sample-program.ts';

const folder = temporaryFolder();

/** What generated code, a shell or a terminal would obey. */
const HOSTILE = [
  'a"];process.exit(99);//',
  "a'];process.exit(99);//",
  'a`];process.exit(99);//',
  '${process.exit(99)}',
  'a*/process.exit(99);/*',
  'a\\"];process.exit(99);//',
  'a\n;process.exit(99);//',
  'a\u2028;process.exit(99);//',
  '__proto__',
  '\x1b[2J\x1b]0;owned\x07',
];

/** As long as the longest of them, whose place they take in the object. */
const MEMBER = 'member'.padEnd(40, '_');
const VARIABLE = 'variable'.padEnd(40, '_');

const SOURCE = `
${PREAMBLE}
/// @export
struct event {
	int ${MEMBER};
	char comm[16];
};
const volatile int ${VARIABLE} = 0;
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 262144);
} names_ring SEC(".maps");
SEC("raw_tp/sys_enter")
int names_program(void *ctx)
{
	struct event *event = bpf_ringbuf_reserve(&names_ring, sizeof(*event), 0);
	if (!event)
		return 0;
	event->${MEMBER} = ${VARIABLE};
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}
`;

describe('names that want to be more than names', () => {
  let sample: PackageJson;

  beforeAll(async () => {
    if (!whyNoKernel()) sample = await buildPackage(folder, 'names', SOURCE);
  }, 60_000);

  const places: readonly [string, string][] = [
    ['member', MEMBER],
    ['variable', VARIABLE],
  ];
  for (const [place, name] of places) {
    for (const hostile of HOSTILE) {
      kernelTest(`a ${place} named ${JSON.stringify(hostile)} runs nothing`, async () => {
        const path = writePackage(folder, 'hostile', renamed(sample, name, hostile));
        const run = ['run', '--max-events', '1', '--timeout', '5', path];
        for (const args of [run, [...run, '-j'], ['run', path, '--help']]) {
          const result = await runCli(args);
          expect([0, 1, 2]).toContain(result.code);
          expectPlainWords(result);
        }
      });
    }
  }
});

describe('control characters never reach a terminal', () => {
  const ESCAPE = '\x1b[2J\x1b]0;owned\x07';
  let sample: PackageJson;

  beforeAll(async () => {
    if (!whyNoKernel()) sample = await buildPackage(folder, 'names', SOURCE);
  }, 60_000);

  const references: readonly [string, readonly string[]][] = [
    ['a path', ['run', `${ESCAPE}.json`]],
    ['a source', ['run', `${ESCAPE}.bpf.c`]],
    ['an option', ['run', `--${ESCAPE}`, 'x.json']],
    ['a command', [ESCAPE]],
    ['a program type', ['run', '-p', ESCAPE, 'x.json']],
  ];
  for (const [name, args] of references) {
    kernelTest(`from ${name}`, async () => {
      const result = await runCli(args);
      expect([1, 2]).toContain(result.code);
      expectPlainWords(result);
    });
  }

  kernelTest("from a program's argument", async () => {
    const path = writePackage(folder, 'sample', sample);
    for (const args of [[`--${ESCAPE}`], [`--${VARIABLE}`, ESCAPE], [ESCAPE]]) {
      const result = await runCli(['run', path, ...args]);
      expect(result.code).toBe(2);
      expectPlainWords(result);
    }
  });

  kernelTest('from any text of a package', async () => {
    for (const text of [
      'names_ring',
      'names_program',
      'event',
      'raw_tp/sys_enter',
      'names_bpf',
      'comm',
      'int',
    ]) {
      const meta = JSON.stringify(sample.meta).replaceAll(`"${text}"`, JSON.stringify(ESCAPE));
      const path = writePackage(folder, 'spoiled', { ...sample, meta: JSON.parse(meta) });
      expectPlainWords(await runCli(['run', '-v', '--max-events', '1', '--timeout', '5', path]));
    }
  });

  kernelTest('from the name of a process', async () => {
    const path = writePackage(folder, 'sample', sample);
    const hostile = join(folder, '\x1b[31mred');
    copyFileSync('/bin/true', hostile);
    for (const format of [[], ['-j']]) {
      const cli = startCli(['run', ...format, path]);
      await cli.untilLine(/\[31mred/, () => spawnSync(hostile, { argv0: 'red' }));
      cli.signal('SIGINT');
      expectPlainWords(await cli.result);
    }
  });
});

/** Gives a name in the object and in what is said about it another; a NUL ends it where it is shorter. */
function renamed(sample: PackageJson, name: string, other: string): PackageJson {
  const bytes = objectOf(sample).toString('latin1');
  const place = Buffer.alloc(name.length);
  place.write(other);
  const object = Buffer.from(
    bytes.replaceAll(name, () => place.toString('latin1')),
    'latin1',
  );
  const quoted = JSON.stringify(other);
  const meta = JSON.stringify(sample.meta).replaceAll(`"${name}"`, () => quoted);
  return withObject({ ...sample, meta: JSON.parse(meta) }, object);
}
