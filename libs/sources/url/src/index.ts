/**
 * Turns an http or https URL into an Artifact, with the cache between the two.
 */
export {};
