import { fileURLToPath } from 'node:url';

/** The folder that holds the whole of ecli. */
export const repository = fileURLToPath(new URL('../..', import.meta.url));
