import { afterAll, beforeAll, describe, test } from '@jest/globals';
import type { TestFunction } from './contract.ts';
import { type RunnerFixture, runnerContract } from './runner-contract.ts';

/**
 * Declares the suite that every runner passes; `createFixture` is called once, and closed at the end.
 * `declare` stands in for Jest's `test` where the suite can't run everywhere.
 */
export function describeRunner(
  name: string,
  createFixture: () => Promise<RunnerFixture>,
  declare: TestFunction = test,
): void {
  describe(`${name} keeps the contract of a runner`, () => {
    let fixture: RunnerFixture;
    beforeAll(async () => {
      fixture = await createFixture();
    });
    // There is none when beforeAll has failed.
    afterAll(() => (fixture as RunnerFixture | undefined)?.close?.());
    for (const rule of runnerContract) declare(rule.name, () => rule.check(fixture));
  });
}
