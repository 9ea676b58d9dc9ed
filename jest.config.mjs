// Tests run on the TypeScript sources: swc strips the types, and the "@ecli/source" export
// condition makes workspace packages resolve to src/, so nothing needs to be built first.
export default {
  testMatch: ['<rootDir>/{apps,libs,examples,scripts,test}/**/*.test.ts'],
  // What is in test/interop needs programs that are built for minutes: npm run test:interop.
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '<rootDir>/test/interop/'],
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironmentOptions: {
    customExportConditions: ['@ecli/source', 'node', 'node-addons'],
  },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        module: { type: 'es6' },
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: false, useDefineForClassFields: true },
        },
      },
    ],
  },
};
