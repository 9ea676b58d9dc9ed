import { beforeAll, describe, expect } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { closeSync, cpSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import {
  asOrdinaryUser,
  repository,
  runCli,
  temporaryFolder,
  withoutKernelBtf,
  withoutLibrary,
} from '../harness/index.ts';
import { expectRefusal } from './refusal.ts';
import { buildSample, writePackage } from './sample-program.ts';

describe('a machine that lacks something', () => {
  const folder = temporaryFolder();
  let path: string;

  beforeAll(async () => {
    if (!whyNoKernel()) path = writePackage(folder, 'sample', await buildSample(folder));
  }, 60_000);

  function emptyFolder(name: string): string {
    mkdirSync(join(folder, name));
    return join(folder, name);
  }

  kernelTest('rights: the message says how to get them, for the node in use', async () => {
    const place = emptyFolder('repository');
    const result = await runCli(['run', path], { via: asOrdinaryUser(place), repository: place });
    expectRefusal(result, { message: /Permission denied loading BPF program/ });
    expect(result.stderr).toMatch(/\bsudo ecli run\b/);
    const [, node] = /\bsudo setcap cap_bpf,cap_perfmon\S*\+ep (.*)/.exec(result.stderr) ?? [];
    expect(node).toBe(realpathSync(process.execPath));
  });

  kernelTest('libbpf: the message names the package to install', async () => {
    const result = await runCli(['run', path], {
      via: withoutLibrary('libbpf.so.1', emptyFolder('libraries')),
    });
    expectRefusal(result, { message: /libbpf/, hint: /libbpf1/ });
  });

  kernelTest('libbpf: what needs no kernel works', async () => {
    const via = withoutLibrary('libbpf.so.1', emptyFolder('libraries-for-build'));
    expect(await runCli(['--version'], { via })).toMatchObject({ code: 0, stderr: '' });
    expect(await runCli(['run', path, '--help'], { via })).toMatchObject({ code: 0, stderr: '' });
  });

  kernelTest('ffi-rs: the message names it', async () => {
    const place = emptyFolder('copy');
    for (const each of ['apps/ecli/dist', 'apps/ecli/package.json', 'test/harness']) {
      cpSync(join(repository, each), join(place, each), { recursive: true });
    }
    expectRefusal(await runCli(['run', path], { repository: place }), { message: /ffi-rs/, hint: /npm/ });
  });

  kernelTest('room on the disk: the run ends, and says so', async () => {
    const full = openSync('/dev/full', 'w');
    const result = await runCli(['run', '--help'], { stdout: full });
    closeSync(full);
    expectRefusal(result, { message: /standard output.*no space left/ });
  });

  kernelTest('a place for temporary files: the message says how to name one', async () => {
    const source = join(repository, 'examples/opens/opens.bpf.c');
    for (const place of ['/nonexistent', '/proc/self']) {
      const result = await runCli(['build', source, '-o', folder], { env: { TMPDIR: place } });
      expectRefusal(result, {
        message: `error: ${place}: no place for the temporary files`,
        hint: /TMPDIR=/,
      });
    }
  });

  kernelTest("the kernel's BTF: the message names the option it was left out by", async () => {
    const via = withoutKernelBtf(emptyFolder('btf'));
    const source = join(repository, 'examples/opens/opens.bpf.c');
    const cold = { XDG_CACHE_HOME: emptyFolder('cache') };
    expectRefusal(await runCli(['run', source], { via, env: cold }), {
      message: /BTF/,
      hint: /CONFIG_DEBUG_INFO_BTF/,
    });
    const { code } = await runCli(['build', source, '-o', folder]);
    expect(code).toBe(0);
    expectRefusal(await runCli(['run', join(folder, 'package.json')], { via }), {
      message: /BTF/,
      hint: /CONFIG_DEBUG_INFO_BTF/,
    });
  });
});
