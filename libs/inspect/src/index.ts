/**
 * What a program package is, and whether a kernel takes it, without running it.
 *
 *     Artifact ──openPackage──▶ OpenedPackage ──inspectPackage──▶ Inspection ──inspectionText──▶ text
 *                                    └──eventTypes──▶ TypeScript
 *
 * Read inspection.ts first, which is the shape of `ecli inspect --json`.
 */
export { inspectPackage, type OpenedPackage, openPackage } from './inspect-package.ts';
export type * from './inspection.ts';
export { inspectionText } from './text.ts';
export { eventTypes } from './types.ts';
