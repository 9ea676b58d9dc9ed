/** What servers are told; a test holds it and package.json together. */
export const USER_AGENT = 'ecli/0.1.0';
