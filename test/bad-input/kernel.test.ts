import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { kernelObjectsNamed, runCli, temporaryFolder, untilGone } from '../harness/index.ts';
import { expectPlainWords, expectRefusal } from './refusal.ts';
import { writeObject } from './sample-program.ts';

const folder = temporaryFolder();

/** Half of each object is fine, and must not stay when the other half is refused. */
const GOOD_HALF = `
SEC("tracepoint/syscalls/sys_enter_getpgid") int good_half(void *ctx) { return 0; }
`;

describe('a kernel that lacks a feature', () => {
  const features: readonly [string, string, RegExp][] = [
    ['kprobe', 'SEC("kprobe/do_exit") int BPF_KPROBE(lacking)', /CONFIG_KPROBE/],
    ['kretprobe', 'SEC("kretprobe/do_exit") int BPF_KRETPROBE(lacking)', /CONFIG_KPROBE/],
    [
      'fentry',
      'SEC("fentry/do_exit") int BPF_PROG(lacking)',
      /CONFIG_(?:FUNCTION_TRACER|DYNAMIC_FTRACE|DEBUG_INFO_BTF)/,
    ],
    [
      'lsm',
      'SEC("lsm/file_open") int BPF_PROG(lacking)',
      /CONFIG_(?:BPF_LSM|LSM|FUNCTION_TRACER|DYNAMIC_FTRACE)/,
    ],
  ];
  for (const [name, head, option] of features) {
    kernelTest(`${name}: works, or is refused with the option that brings it`, async () => {
      const path = writeObject(folder, name, `${GOOD_HALF}${head} { return 0; }`);
      const result = await runCli(['run', '--timeout', '0.2', path]);
      if (result.code !== 0) expectRefusal(result, { message: option });
      expectPlainWords(result);
      await untilGone([...kernelObjectsNamed('good_half'), ...kernelObjectsNamed('lacking')]);
    });
  }
});

describe('a tracepoint that is not there', () => {
  const sections: readonly [string, RegExp, RegExp?][] = [
    ['tracepoint/syscalls/sys_enter_opnat', /syscalls[/:]sys_enter_opnat/, /sys_enter_openat/],
    ['tracepoint/nowhere/nothing', /nowhere[/:]nothing/],
    ['tp_btf/nothing_at_all', /nothing_at_all/],
    ['raw_tracepoint/nothing_at_all', /nothing_at_all/],
    ['uprobe/no-such-library.so.9:function', /no-such-library\.so\.9/],
    ['uprobe/libc.so.6:no_such_function', /no_such_function/],
  ];
  for (const [section, message, hint] of sections) {
    kernelTest(section, async () => {
      const name = section.replaceAll(/[^a-z_]/g, '-');
      const path = writeObject(
        folder,
        name,
        `${GOOD_HALF}SEC("${section}") int misplaced(void *ctx) { return 0; }`,
      );
      expectRefusal(await runCli(['run', path]), { message, ...(hint && { hint }) });
      await untilGone([...kernelObjectsNamed('good_half'), ...kernelObjectsNamed('misplaced')]);
    });
  }
});

describe('a program that the verifier rejects', () => {
  const SOURCE = `${GOOD_HALF}
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, int); __type(value, int); } some_map SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_getpgid") int unchecked(void *ctx)
{
	int key = 0;
	int *value = bpf_map_lookup_elem(&some_map, &key);
	return *value;
}`;

  kernelTest("is refused with the log's last lines, and all of it with -v", async () => {
    const path = writeObject(folder, 'unchecked', SOURCE);
    const brief = await runCli(['run', path]);
    expectRefusal(brief, { message: /unchecked/, hint: /-v|--verbose/ });
    expect(brief.stderr).toContain("R0 invalid mem access 'map_value_or_null'");
    const whole = await runCli(['run', '-v', path]);
    expectRefusal(whole, { message: /unchecked/ });
    expect(whole.stderr).toMatch(/call bpf_map_lookup_elem#1/);
    expect(whole.stderr.length).toBeGreaterThan(brief.stderr.length);
    await untilGone([...kernelObjectsNamed('good_half'), ...kernelObjectsNamed('some_map')]);
  });
});
