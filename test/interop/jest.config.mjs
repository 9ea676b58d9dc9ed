import { fileURLToPath } from 'node:url';
import everyday from '../../jest.config.mjs';

/** ecli beside the peers that scripts/interop.mjs has built. */
export default {
  ...everyday,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  testMatch: ['<rootDir>/test/interop/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
