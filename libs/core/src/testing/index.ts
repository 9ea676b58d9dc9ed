/**
 * What tests of plug-ins are made of; never imported by production code.
 *
 * `describeSource` and `describeRunner` are the two contracts as test suites: each implementation calls its
 * suite with a fixture, so that all behave alike where it matters. The rules are data (source-contract.ts,
 * runner-contract.ts), so that the suites can be tested in turn against fakes that break one rule each.
 * FakeSource and FakeRunner keep the contracts in memory, for tests of what stands above them.
 */
export { type ContractRule, type TestFunction } from './contract.ts';
export { describeRunner } from './describe-runner.ts';
export { describeSource } from './describe-source.ts';
export { type FakeProgram, FakeRunner } from './fake-runner.ts';
export { FakeSource } from './fake-source.ts';
export { type RunnerFixture, runnerContract } from './runner-contract.ts';
export { type SourceFixture, sourceContract } from './source-contract.ts';
