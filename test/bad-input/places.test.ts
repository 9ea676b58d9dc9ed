import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import {
  bpfObjectsOf,
  eventually,
  kernelObjectsOf,
  runCli,
  startCli,
  temporaryFolder,
  testInterface,
  untilGone,
} from '../harness/index.ts';
import { expectPlainWords, expectRefusal } from './refusal.ts';
import { writeObject } from './sample-program.ts';

const folder = temporaryFolder();
const network = testInterface();

/** How the names of programs and maps begin here, so that what is left of them can be told from what isn't theirs. */
const PREFIX = 'badplace';

const IN_NAMESPACES = /^(?:xdp|tc|tcx|sk_lookup)\b/;

/** One program of a kind, called badplace, that does nothing. */
function programOf(section: string, returns: number): string {
  const name = section.replaceAll(/\W/g, '-');
  return writeObject(folder, name, `SEC("${section}") int badplace(void *ctx) { return ${returns}; }`);
}

describe('a place that is not there is refused with near ones', () => {
  const places: readonly [string, string, number, string, RegExp, RegExp, number?][] = [
    ['an interface', 'xdp', 2, 'naer0', /interface naer0: isn't there/, /did you mean .*near0\?/],
    ['an interface far from any', 'tc', 0, 'wlan17', /interface wlan17: isn't there/, /there are .*near0/],
    ['an interface for tcx', 'tcx/ingress', 0, 'near', /interface near: isn't there/, /did you mean near0\?/],
    ['a mode of an interface', 'xdp', 2, 'near0:nativ', /nativ/, /did you mean native\?/, 2],
    ['a cgroup', 'cgroup/connect4', 1, '/sys/fs/cgruop', /cgroup .*cgruop: isn't there/, /\/sys\/fs\/cgroup/],
    ['what is no cgroup', 'cgroup/connect4', 1, '/etc/hostname', /no cgroup of version 2/, /under \//, 2],
    ['a library', 'uprobe', 0, 'libc.so.7:malloc', /binary libc\.so\.7: isn't there/, /libc\.so\.6/],
    ['a binary', 'uprobe', 0, '/bin/bsh:main', /binary \/bin\/bsh: isn't there/, /\/bin\/bash/],
    ['a function', 'uprobe', 0, 'libc.so.6:mallocc', /has no function mallocc/, /did you mean malloc/],
    ['a process', 'uprobe', 0, '4194999:main', /process 4194999: isn't running/, /pgrep/],
    ['a tracepoint', 'tp', 0, 'syscalls/sys_enter_kil', /no tracepoint/, /did you mean .*sys_enter_kill/],
    ['a perf event', 'perf_event', 0, 'cycels', /perf event cycels/, /did you mean cycles\?/, 2],
    ['a network namespace', 'sk_lookup', 1, `${network.path}x`, /isn't there/, /ecli-story-/, 2],
  ];
  for (const [name, section, returns, target, message, hint, code = 1] of places) {
    kernelTest(name, async () => {
      const before = network.state();
      const inside = IN_NAMESPACES.test(section) ? ['--netns', network.path] : [];
      const args = [...inside, '--attach', `badplace=${target}`, programOf(section, returns)];
      expectRefusal(await runCli(['run', '--timeout', '5', ...args]), { code, message, hint });
      expect(bpfObjectsOf(PREFIX)).toEqual([]);
      expect(network.state()).toBe(before);
    });
  }

  kernelTest('a network namespace for all', async () => {
    const result = await runCli(['run', '--netns', `${network.path}x`, programOf('xdp', 2)]);
    expectRefusal(result, { code: 2, message: /isn't there/, hint: /did you mean .*ecli-story-/ });
    expect(bpfObjectsOf(PREFIX)).toEqual([]);
  });
});

describe('a flag for what a package has not', () => {
  const flags: readonly [string, string, string, RegExp, RegExp, number][] = [
    ['a network namespace', '--netns', network.path, /--netns: .*no program/, /those of xdp, tc/, 2],
    ['BTF', '--btf', '/etc/passwd', /\/etc\/passwd: isn't BTF/, /--btf .*take a BTF file/, 1],
  ];
  for (const [name, flag, value, message, hint, code] of flags) {
    kernelTest(`is refused all the same: ${name}`, async () => {
      const args = ['--timeout', '5', flag, value, programOf('tp/syscalls/sys_enter_kill', 0)];
      expectRefusal(await runCli(['run', ...args]), { code, message, hint });
    });
  }
});

describe('an attach that is refused half-way', () => {
  kernelTest('undoes the nine before it, of every kind', async () => {
    const before = network.state();
    const kinds = ['xdp', 'tc', 'tcx/egress', 'tp/syscalls/sys_enter_kill', 'raw_tp/sys_enter', 'perf_event'];
    const nine = [...kinds, 'tp/syscalls/sys_exit_kill', 'uprobe/libc.so.6:malloc', 'tp_btf/sys_exit'].map(
      (section, index) =>
        `SEC("${section}") int badplace${index}(void *ctx) { return ${index === 0 ? 2 : 0}; }`,
    );
    const tenth = 'SEC("uprobe/libc.so.6:no_such_function") int badplace_last(void *ctx) { return 0; }';
    const path = writeObject(folder, 'ten', [...nine, tenth].join('\n'));
    const attach = ['badplace0', 'badplace1', 'badplace2'].flatMap((name) => ['--attach', `${name}=near0`]);
    const result = await runCli(['run', '-v', '--netns', network.path, ...attach, path]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(
      /error: program badplace_last .*libc\.so\.6 has no function no_such_function/,
    );
    expect(result.stderr).toMatch(/badplace1.*near0/);
    await eventually('nothing left', () => bpfObjectsOf(PREFIX).length === 0);
    expect(network.state()).toBe(before);
  });
});

describe('a program that shows nothing', () => {
  kernelTest('runs until it is stopped', async () => {
    const before = network.state();
    const cli = startCli(['run', '--netns', network.path, '--attach', 'badplace=near0', programOf('xdp', 2)]);
    await eventually('attached', () => network.state() !== before);
    for (let moment = 0; moment < 5; moment++) expect(network.state()).not.toBe(before);
    expect(cli.hasEnded()).toBe(false);
    cli.signal('SIGTERM');
    expect(await cli.result).toMatchObject({ code: 143, stdout: '', stderr: '' });
    expect(network.state()).toBe(before);
  });
});

describe('what goes away while a program runs', () => {
  let before = '';
  beforeEach(() => {
    before = network.state();
  });
  afterEach(() => {
    network.add();
    expect(network.state()).toBe(before);
  });

  for (const section of ['xdp', 'tc', 'tcx/ingress', 'socket']) {
    kernelTest(`an interface with a program of ${section} ends it, and leaves nothing behind`, async () => {
      const attach = ['--netns', network.path, '--attach', 'badplace=near0'];
      const cli = startCli(['run', '-v', ...attach, programOf(section, 2)]);
      await eventually('attached', () => cli.said().includes('attached badplace'));
      const held = kernelObjectsOf(cli.pid);
      expect(held).not.toEqual([]);
      network.remove();
      expectRefusal(await cli.result, {
        message: `error: interface near0 is gone: program badplace (${section}) sees nothing any more\n`,
        hint: 'hint: run it again once that is back\n',
      });
      await untilGone(held);
    });
  }

  kernelTest('an interface of one program is told, and the others go on', async () => {
    const both = ['near', 'lo'].map((name) => `SEC("xdp") int badplace_${name}(void *ctx) { return 2; }`);
    const attach = ['--attach', 'badplace_near=near0', '--attach', 'badplace_lo=lo'];
    const path = writeObject(folder, 'both', both.join('\n'));
    const cli = startCli(['run', '-v', '--netns', network.path, ...attach, path]);
    await eventually('attached', () => cli.said().includes('attached badplace_lo'));
    network.remove();
    const line =
      'interface near0 is gone: program badplace_near (xdp) sees nothing any more; run it again once that is back';
    await eventually('told', () => cli.said().includes(line));
    expect(cli.hasEnded()).toBe(false);
    cli.signal('SIGINT');
    const result = await cli.result;
    expect(result.code).toBe(130);
    expect(result.stderr).not.toMatch(/^error/m);
    expect(result.stderr.split(line)).toHaveLength(2);
    expectPlainWords(result);
  });
});
