import { ArgumentError } from '@ecli/core';
import { describe, expect, test } from '@jest/globals';
import { TypeTable } from '../../test/render/type-table.ts';
import { type Layout, layoutOf } from '../render/layout.ts';
import { sampleMemory } from '../render/renderer.ts';
import { compileFilter } from './sample-filter.ts';

const table = new TypeTable();
const int = table.int('int', 4, true);
const u32 = table.int('unsigned int', 4, false);
const u64 = table.int('unsigned long long', 8, false);
const peer = table.struct('peer', [
  ['port', table.int('unsigned short', 2, false)],
  ['family', table.int('unsigned char', 1, false)],
]);
const kind = table.enum('event_type', 4, false, [
  { name: 'EVENT_EXEC', value: 0n },
  { name: 'EVENT_EXIT', value: 1n },
]);
const event = table.composite('struct', 'event', 120, [
  ['pid', int, 0],
  ['uid', u32, 32],
  ['bytes', u64, 64],
  ['wide', table.int('__int128', 16, true), 128],
  ['type', kind, 256],
  ['ratio', table.float(4), 288],
  ['load', table.float(8), 320],
  ['ok', table.bool(), 384],
  ['state', table.char(), 392],
  ['low', int, 400, 3],
  ['high', u32, 403, 5],
  ['comm', table.string(8), 416],
  ['name', table.string(16), 480],
  ['peer', peer, 608],
  ['args', table.array(table.string(4), 3), 640],
  ['pointer', table.pointer(), 736],
  ['delta', table.int('long long', 8, true), 800],
  ['none', table.string(0), 960],
]);
const layout = layoutOf(table, event);

interface Values {
  readonly pid?: number;
  readonly uid?: number;
  readonly bytes?: bigint;
  readonly wide?: bigint;
  readonly type?: number;
  readonly ratio?: number;
  readonly load?: number;
  readonly ok?: boolean;
  readonly state?: string;
  readonly low?: number;
  readonly high?: number;
  readonly comm?: string;
  readonly name?: string;
  readonly port?: number;
  readonly args?: readonly string[];
  readonly pointer?: bigint;
  readonly delta?: bigint;
}

function sample(values: Values): Uint8Array {
  const bytes = Buffer.alloc(120);
  bytes.writeInt32LE(values.pid ?? 0, 0);
  bytes.writeUInt32LE(values.uid ?? 0, 4);
  bytes.writeBigUInt64LE(values.bytes ?? 0n, 8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, values.wide ?? 0n), 16);
  bytes.writeBigInt64LE(BigInt.asIntN(64, (values.wide ?? 0n) >> 64n), 24);
  bytes.writeUInt32LE(values.type ?? 0, 32);
  bytes.writeFloatLE(values.ratio ?? 0, 36);
  bytes.writeDoubleLE(values.load ?? 0, 40);
  bytes.writeUInt8(Number(values.ok ?? false), 48);
  bytes.write(values.state ?? '\0', 49, 1);
  bytes.writeUInt8(((values.low ?? 0) & 7) | ((values.high ?? 0) << 3), 50);
  bytes.write(values.comm ?? '', 52, 8);
  bytes.write(values.name ?? '', 60, 16);
  bytes.writeUInt16LE(values.port ?? 0, 76);
  values.args?.forEach((text, index) => bytes.write(text, 80 + 4 * index, 4));
  bytes.writeBigUInt64LE(values.pointer ?? 0n, 92);
  bytes.writeBigInt64LE(values.delta ?? 0n, 100);
  return bytes;
}

/** Asks at an odd offset, after memory that would pass if it were read. */
function passes(expressions: string | readonly string[], values: Values, of: Layout = layout): boolean {
  const bytes = sample(values);
  const memory = new Uint8Array(bytes.length + 3).fill(0xff);
  memory.set(bytes, 3);
  return compileFilter(of, [expressions].flat()).matches(sampleMemory(memory), 3);
}

function refusal(expression: string): ArgumentError {
  try {
    compileFilter(layout, [expression]);
  } catch (error) {
    if (error instanceof ArgumentError) return error;
    throw error;
  }
  throw new Error(`${expression} was not refused`);
}

describe('compileFilter', () => {
  test.each<[string, Values, Values]>([
    ['pid==42', { pid: 42 }, { pid: 43 }],
    ['pid == -1', { pid: -1 }, { pid: 1 }],
    ['pid!=0x2a', { pid: 41 }, { pid: 42 }],
    ['42 < pid', { pid: 43 }, { pid: 42 }],
    ['pid>=-2147483648 && pid<=-2', { pid: -2 }, { pid: -1 }],
    ['uid>2147483647', { uid: 2147483648 }, { uid: 1 }],
    ['uid==4294967295', { uid: 4294967295 }, { uid: 0 }],
    ['bytes==18446744073709551615', { bytes: (1n << 64n) - 1n }, { bytes: (1n << 64n) - 2n }],
    ['bytes > 9007199254740992', { bytes: (1n << 53n) + 1n }, { bytes: 1n << 53n }],
    ['bytes<=4294967296', { bytes: 1n << 32n }, { bytes: (1n << 32n) + 1n }],
    ['delta < -4294967296', { delta: -4294967297n }, { delta: -4294967296n }],
    ['delta >= 0', { delta: 0n }, { delta: -1n }],
    ['wide < -1', { wide: -(1n << 100n) }, { wide: 1n << 100n }],
    ['wide==0x10000000000000001', { wide: (1n << 64n) + 1n }, { wide: 1n }],
    ['bytes > 1.5e3', { bytes: 1501n }, { bytes: 1500n }],
    ['pid < 1.5', { pid: 1 }, { pid: 2 }],
    ['pid >= -1.5', { pid: -1 }, { pid: -2 }],
    ['type==EVENT_EXIT', { type: 1 }, { type: 0 }],
    ["type != 'EVENT_EXIT'", { type: 7 }, { type: 1 }],
    ['type > EVENT_EXEC', { type: 1 }, { type: 0 }],
    ['ratio==0.1', { ratio: 0.1 }, { ratio: 0.2 }],
    ['load > 1e300', { load: 2e300 }, { load: NaN }],
    ['load != 1', { load: NaN }, { load: 1 }],
    ['ok', { ok: true }, { ok: false }],
    ['ok==false', { ok: false }, { ok: true }],
    ['state==R', { state: 'R' }, { state: 'S' }],
    ["state=='1'", { state: '1' }, { state: '\x01' }],
    ['state==1', { state: '\x01' }, { state: '1' }],
    ['low==-4', { low: 4 }, { low: 3, high: 31 }],
    ['high>=31', { high: 31, low: 7 }, { high: 30 }],
    ['high & 16', { high: 17 }, { high: 15 }],
    ['uid & 0x80000000', { uid: 0x80000001 }, { uid: 0x7fffffff }],
    ['uid & 3 == 2', { uid: 6 }, { uid: 7 }],
    ['!(uid & 3)', { uid: 4 }, { uid: 5 }],
    ['bytes & 0x100000000', { bytes: 3n << 32n }, { bytes: 1n << 33n }],
    ['type & EVENT_EXIT', { type: 3 }, { type: 2 }],
    ['comm==bash', { comm: 'bash' }, { comm: 'bashd' }],
    ['comm==bash', { comm: 'bash\0xyz' }, { comm: 'bas' }],
    ['comm=="four four"||comm==12345678', { comm: '12345678' }, { comm: '1234567' }],
    ["comm!=''", { comm: 'a' }, { comm: '' }],
    ["'sh'==comm", { comm: 'sh' }, { comm: 'zsh' }],
    ['comm==name', { comm: 'same', name: 'same' }, { comm: 'same', name: 'name' }],
    ["comm=='name'", { comm: 'name' }, { comm: 'same', name: 'same' }],
    ['comm==a\\b', { comm: 'a\\b' }, { comm: 'a' }],
    ['comm=="a\\"b\\\\"', { comm: 'a"b\\' }, { comm: 'a\\"b' }],
    ['name==/usr/bin/ls', { name: '/usr/bin/ls' }, { name: '/usr/bin/l' }],
    ['name==ä€', { name: 'ä€' }, { name: 'ä' }],
    ['name==kworker/0:1(x)', { name: 'kworker/0:1(x)' }, { name: 'kworker/0:1(' }],
    ['comm~^ba', { comm: 'bash' }, { comm: 'abba' }],
    ['comm~sh', { comm: 'zsh' }, { comm: 's' }],
    ['comm~h$', { comm: 'zsh' }, { comm: 'shz' }],
    ['comm~^$', { comm: '\0x' }, { comm: 'x' }],
    ['name~^kworker\\/', { name: 'kworker/1' }, { name: 'kworker' }],
    ['name!~^(ba|z)sh$', { name: 'dash' }, { name: 'zsh' }],
    ['(name~^(ba|z)sh$)', { name: 'zsh' }, { name: 'dash' }],
    ['name ~ [)(&&|]x', { name: 'a)x' }, { name: 'x' }],
    ["name~'a b'", { name: 'a b' }, { name: 'ab' }],
    ['name~a|b||pid==1', { name: 'b' }, { name: 'c' }],
    ['name~ab&&pid==1', { name: 'xab', pid: 1 }, { name: 'xab' }],
    ['name~(?i)BASH', { name: 'Bash' }, { name: 'sh' }],
    ['name~ä.€', { name: 'äx€' }, { name: 'ä€' }],
    ['peer.port==443', { port: 443 }, { port: 444 }],
    ['port==443', { port: 443 }, { port: 444 }],
    ['args[1]==b', { args: ['a', 'b'] }, { args: ['b', 'a'] }],
    ['pointer==0xffffffff81000000', { pointer: 0xffffffff81000000n }, { pointer: 0x81000000n }],
    ['pid==uid', { pid: 7, uid: 7 }, { pid: -1, uid: 4294967295 }],
    ['pid<uid', { pid: -1, uid: 4294967295 }, { pid: 5, uid: 4 }],
    ['bytes>delta', { bytes: 1n << 63n, delta: -1n }, { bytes: 1n, delta: 1n }],
    ['wide==bytes', { wide: 1n << 63n, bytes: 1n << 63n }, { wide: -1n, bytes: (1n << 64n) - 1n }],
    ['low==pid', { low: 7, pid: -1 }, { low: 7, pid: 7 }],
    ['load==pid', { load: -3, pid: -3 }, { load: 3, pid: -3 }],
    ['bytes>load', { bytes: 1n << 63n, load: 9e18 }, { bytes: 1n, load: 1.5 }],
    ['ratio<load', { ratio: 1, load: 1.5 }, { ratio: 2, load: 1.5 }],
    ['pid==1&&uid==2||ok', { pid: 1, uid: 2 }, { pid: 1 }],
    ['pid==1 and (uid==2 or ok)', { pid: 1, ok: true }, { ok: true }],
    ['not pid==1', { pid: 2 }, { pid: 1 }],
    ['!pid==1', { pid: 2 }, { pid: 1 }],
    ['!!pid', { pid: 2 }, { pid: 0 }],
    ['not(pid==1)and not uid', { pid: 2 }, { pid: 2, uid: 1 }],
  ])('%s', (expression, passing, failing) => {
    expect(passes(expression, passing)).toBe(true);
    expect(passes(expression, failing)).toBe(false);
  });

  test('lets everything pass where nothing is asked', () => {
    expect(passes([], {})).toBe(true);
  });

  test('takes text without room for any for empty', () => {
    expect(passes("none==''", {})).toBe(true);
    expect(passes('none==x', {})).toBe(false);
  });

  test('wants all of several expressions', () => {
    expect(passes(['pid==1', 'uid==2||uid==3'], { pid: 1, uid: 3 })).toBe(true);
    expect(passes(['pid==1', 'uid==2||uid==3'], { pid: 2, uid: 3 })).toBe(false);
  });

  test('asks no more of a sample than its size', () => {
    expect(compileFilter(layout, ['pid==1']).sampleSize).toBe(120);
  });

  test('reads what is no UTF-8 as rows show it', () => {
    const bytes = sample({ name: 'ab' });
    bytes[61] = 0xff;
    const found = (text: string) => compileFilter(layout, [text]).matches(sampleMemory(bytes), 0);
    expect(found('name~^a.$')).toBe(true);
    expect(found('name~\ufffd')).toBe(true);
    expect(found('name==a\ufffd')).toBe(false);
  });

  test.each([
    ['pidd==1', 'struct event has no such member', '^', 'did you mean pid'],
    ['peer.prt==1', 'no such member', '^', 'did you mean peer.port'],
    ['pid=42', '= is no comparison', '   ^', 'did you mean ==?'],
    ['comm=~x', '=~ is no comparison', '    ^', 'did you mean ~?'],
    ['pid==bash', 'pid is an integer, which bash is not', '     ^', ''],
    ["pid=='1'", "pid is an integer, which '1' is not", '     ^', ''],
    ['pid==comm', 'pid is an integer, comm is text', '     ^', ''],
    ['type==EVENT_EXT', 'type is an enum, which EVENT_EXT is not', '      ^', 'did you mean EVENT_EX'],
    ['EVENT_EXIT', 'no such member', '^', 'EVENT_EXIT is a value of type: type==EVENT_EXIT'],
    ['uid==-1', 'uid is never -1', '     ^', 'from 0 to 4294967295'],
    ['low>3.5', 'low is never 3.5', '    ^', 'from -4 to 3'],
    ['high & 32', 'high is never 32', '       ^', 'from 0 to 31'],
    ['pid==1.5', 'pid is an integer, 1.5 is none', '     ^', ''],
    ['pid==07', 'pid is an integer, which 07 is not', '     ^', ''],
    ['load==x', 'load is a floating-point number, which x is not', '      ^', ''],
    ['load==wide', 'wide is too wide for a floating-point number', '      ^', ''],
    ['load & 1', '& takes the bits of integers only', '       ^', ''],
    ['comm<b', 'comm is text, which has no order', '^', 'comm~^ba'],
    ['comm', 'comm is text: what should it be?', '    ^', "comm!=''"],
    ['load', 'load is a floating-point number: what should it be?', '    ^', 'load>0'],
    ['pid~1', 'a regular expression is for text; pid is an integer', '^', ''],
    ['args==a', 'args is an array', '    ^', 'args[0]'],
    ['peer', 'peer is a struct', '    ^', 'peer.port, peer.family'],
    ['args[3]==a', 'no such member', '^', ''],
    ['comm~(', 'no regular expression: unterminated group', '     ^', ''],
    ['comm~a b', 'expected && or || here', '       ^', ''],
    ['comm~', 'expected a regular expression after ~', '     ^', ''],
    ['pid==', 'expected a value after ==', '     ^', ''],
    ['', 'expected a member here', '^', ''],
    ['pid==1 &&', 'expected a member here', '         ^', ''],
    ['(pid==1', 'this ( is never closed', '^', ''],
    ['(pid==1 uid==2)', 'expected ), && or || here', '        ^', ''],
    ['pid==1)', 'nothing opened this )', '      ^', ''],
    ["comm=='a", "a ' is never closed", '      ^', ''],
    ['1', 'expected a comparison', ' ^', ''],
    ['pid & x', 'pid is an integer, which x is not', '      ^', ''],
  ])('refuses %s', (expression, reason, caret, advice) => {
    const { message, hint = '', code } = refusal(expression);
    expect(code).toBe('ARGUMENT_INVALID');
    const [line, below, ...rest] = hint.split('\n');
    expect(message).toContain(`filter ${expression}: `);
    expect(message).toContain(reason);
    expect({ line, below }).toEqual({ line: expression, below: caret });
    expect(rest.join('\n')).toContain(advice);
  });

  test('shows the part of a long filter that is wrong, safe for a terminal', () => {
    const { message, hint } = refusal(`${'pid==1||'.repeat(100)}\x1b[2J==1||${'pid==1||'.repeat(100)}pid==1`);
    expect(`${message}\n${hint}`).not.toContain('\x1b');
    expect(hint?.split('\n')[0]?.length).toBeLessThan(100);
    expect(hint?.split('\n')[1]).toBe(`${' '.repeat(41)}^`);
  });

  test.each([
    ['too long', 'pid==1||'.repeat(3000), 'longer than 16384 characters'],
    ['nested too deep', '('.repeat(1000), 'nested more than 100 levels deep'],
    ['denied too often', '!'.repeat(1000), 'nested more than 100 levels deep'],
  ])('refuses one that is %s', (_, expression, reason) => {
    expect(refusal(expression).message).toContain(reason);
  });

  test('takes one that is long and flat', () => {
    const expression = Array.from({ length: 1500 }, (_, index) => `pid==${index}`).join('||');
    expect(passes(expression, { pid: 1499 })).toBe(true);
    expect(passes(expression, { pid: 1500 })).toBe(false);
  });
});
