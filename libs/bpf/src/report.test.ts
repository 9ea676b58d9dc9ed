import { describe, expect, test } from '@jest/globals';
import { lastWords, parseLoadReport } from './report.ts';

describe('parseLoadReport', () => {
  test("takes the verifier's log out of the messages, and the program's name", () => {
    const report = parseLoadReport([
      "prog 'bad': BPF program load failed: Permission denied",
      "prog 'bad': -- BEGIN PROG LOAD LOG --",
      '0: R1=ctx() R10=fp0',
      "R1 invalid mem access 'scalar'",
      'processed 2 insns (limit 1000000) max_states_per_insn 0',
      '-- END PROG LOAD LOG --',
      "prog 'bad': failed to load: -13",
      "failed to load object 'sample'",
    ]);
    expect(report.program).toBe('bad');
    expect(report.verifierLog[0]).toBe('0: R1=ctx() R10=fp0');
    expect(report.messages).toEqual([]);
    expect(lastWords(report.verifierLog, 1)).toEqual(["R1 invalid mem access 'scalar'"]);
  });

  test('takes the last log where libbpf tried several times, and one that was cut off', () => {
    const report = parseLoadReport([
      "prog 'a': -- BEGIN PROG LOAD LOG --",
      'first',
      '-- END PROG LOAD LOG --',
      "prog 'b': -- BEGIN PROG LOAD LOG --",
      'second',
    ]);
    expect(report.verifierLog).toEqual(['second']);
  });

  test('keeps what is said outside of a log, and names the map', () => {
    const report = parseLoadReport([
      "map 'm': failed to create: Invalid argument(-22)",
      "failed to load object 'x'",
    ]);
    expect(report.map).toBe('m');
    expect(report.program).toBeUndefined();
    expect(report.messages).toEqual(["map 'm': failed to create: Invalid argument(-22)"]);
  });

  test('finds nothing in nothing', () => {
    expect(parseLoadReport([])).toEqual({
      program: undefined,
      map: undefined,
      verifierLog: [],
      messages: [],
    });
    expect(lastWords([], 3)).toEqual([]);
  });
});

describe('lastWords', () => {
  test('passes over statistics and the states of an infinite loop', () => {
    const log = [
      '13: (6d) if r1 s> r2 goto pc-7',
      'infinite loop detected at insn 7',
      'cur state: R1=1',
      'old state: R1=1',
      'processed 33 insns',
    ];
    expect(lastWords(log, 2)).toEqual(log.slice(0, 2));
  });
});
