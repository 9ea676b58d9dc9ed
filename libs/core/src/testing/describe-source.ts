import { afterAll, beforeAll, describe, test } from '@jest/globals';
import type { TestFunction } from './contract.ts';
import { type SourceFixture, sourceContract } from './source-contract.ts';

/** Declares the suite that every source passes; `createFixture` is called once, and closed at the end. */
export function describeSource(
  name: string,
  createFixture: () => Promise<SourceFixture>,
  declare: TestFunction = test,
): void {
  describe(`${name} keeps the contract of a source`, () => {
    let fixture: SourceFixture;
    beforeAll(async () => {
      fixture = await createFixture();
    });
    // There is none when beforeAll has failed.
    afterAll(() => (fixture as SourceFixture | undefined)?.close?.());
    for (const rule of sourceContract) declare(rule.name, () => rule.check(fixture));
  });
}
