import { describe, expect, test } from '@jest/globals';
import { BtfBuilder } from '../test/btf-builder.ts';
import { Btf } from './btf.ts';
import { checkExportType } from './export-type.ts';

describe('checkExportType', () => {
  const builder = new BtfBuilder();
  const int = builder.int();
  const event = builder.struct('event', 8, [
    { name: 'pid', type: int, bit: 0 },
    { name: 'uid', type: int, bit: 32 },
  ]);
  const damaged = builder.struct('damaged', 4, [{ name: 'pid', type: int, bit: 32 }]);
  const btf = Btf.parse(builder.bytes());
  const claim = { name: 'event', size: 8, type_id: event, members: [{ name: 'pid' }, { name: 'uid' }] };

  test('returns the struct when all agrees', () => {
    expect(checkExportType(btf, claim)).toBe(btf.type(event));
  });

  test.each([
    [{ size: 12 }, "export type event: the package says 12 bytes, the object's BTF says 8"],
    [{ type_id: 99 }, "export type event: type_id 99 is not among the 4 types of the object's BTF"],
    [{ type_id: 0 }, 'export type event: type_id 0 is not among'],
    [{ type_id: 1.5 }, 'export type event: type_id 1.5 is not among'],
    [
      { type_id: int },
      "export type event: type_id 1 is int in the object's BTF, which has struct event as type 2",
    ],
    [{ name: 'other' }, "export type other: type_id 2 is struct event in the object's BTF"],
    [{ name: 'a\u001b[31m' }, 'export type a\\x1b[31m: type_id 2 is struct event'],
    [
      { members: [{ name: 'pid' }] },
      "export type event: member 2 is missing in the package, uid in the object's BTF",
    ],
    [
      { members: [{ name: 'pid' }, { name: 'gid' }] },
      "export type event: member 2 is gid in the package, uid in the object's BTF",
    ],
    [
      { members: [...claim.members, { name: 'more' }] },
      "export type event: member 3 is more in the package, missing in the object's BTF",
    ],
  ])('refuses %j', (change, message) => {
    const check = (): unknown => checkExportType(btf, { ...claim, ...change });
    expect(check).toThrow(message);
    expect(check).toThrow(expect.objectContaining({ code: 'PACKAGE_INVALID' }));
  });

  test('refuses a layout that is unsound in itself', () => {
    const unsound = { name: 'damaged', size: 4, type_id: damaged, members: [{ name: 'pid' }] };
    expect(() => checkExportType(btf, unsound)).toThrow(
      'BTF type 3 (damaged): member pid at bit 32 does not fit into 4 bytes',
    );
  });
});
