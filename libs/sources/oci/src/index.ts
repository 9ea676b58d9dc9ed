/**
 * Turns a reference to an image in a registry into an Artifact: verified, trusted by the policy, cached.
 */
export {};
