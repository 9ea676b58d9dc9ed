import { beforeAll, describe, expect } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli, temporaryFolder } from '../../test/harness/index.ts';
import { exampleSource, startExample } from './running-example.ts';

interface LookupEvent {
  readonly pid: number;
  readonly result: number;
  readonly duration_us: number;
  readonly comm: string;
  readonly host: string;
}

/** A program with a getaddrinfo of its own, as one has that is linked statically; it knows one host. */
const PROGRAM = `
#include <string.h>
__attribute__((noinline)) int getaddrinfo(const char *host, const char *service, const void *hints, void **found)
{
	return strcmp(host, "known.example") ? -2 : 0;
}
int main(int count, char **hosts)
{
	for (int index = 1; index < count; index++)
		getaddrinfo(hosts[index], 0, 0, 0);
	return 0;
}
`;

describe('lookups', () => {
  const folder = temporaryFolder();
  const program = join(folder, 'resolve');
  const lookUp = (...hosts: string[]) => spawnSync(program, hosts);

  beforeAll(async () => {
    if (whyNoKernel()) return;
    writeFileSync(`${program}.c`, PROGRAM);
    execFileSync('clang', ['-w', '-fno-builtin', '-o', program, `${program}.c`]);
    const cflags = `-DTARGET='"${program}"'`;
    const { code, stderr } = await runCli(['build', exampleSource('lookups'), '-o', folder, '-a', cflags]);
    if (code !== 0) throw new Error(stderr);
  });

  kernelTest('shows what a program with its own getaddrinfo looks up', async () => {
    const example = startExample<LookupEvent>('lookups', [], join(folder, 'package.json'));
    await example.untilEvent(
      ({ host }) => host === 'ready.example',
      () => lookUp('ready.example'),
    );

    const { pid } = lookUp('known.example', 'unknown.example', 'known.example');

    const events = (await example.stop()).filter((event) => event.pid === pid);
    const shared = { pid, comm: 'resolve', duration_us: expect.any(Number) };
    expect(events).toEqual([
      { ...shared, result: 0, host: 'known.example' },
      { ...shared, result: -2, host: 'unknown.example' },
      { ...shared, result: 0, host: 'known.example' },
    ]);
  });

  kernelTest("watches the C library's as it is", async () => {
    const example = startExample<LookupEvent>('lookups', []);
    const script = "require('node:dns').lookup('localhost', () => {})";
    const lookUpByNode = () => spawnSync(process.execPath, ['-e', script], { env: {} });
    const event = await example.untilEvent(({ host }) => host === 'localhost', lookUpByNode);
    expect(event).toMatchObject({ result: 0, host: 'localhost' });
    await example.stop();
  });
});
